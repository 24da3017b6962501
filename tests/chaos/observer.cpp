#include "observer.hpp"

#include <chrono>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_looks{100};
constexpr std::chrono::milliseconds patience{700};  // a broker that is stopped is asked anew
constexpr std::chrono::milliseconds long_patience{30'000};
constexpr std::uint32_t events_at_once = 1'000;

cli::Client connect(const std::string& address, std::chrono::milliseconds timeout) {
  return cli::Client({*cli::parse_servers(address), timeout});
}

void add(std::vector<std::pair<PartitionIndex, Token>>& held,
         const std::vector<OwnedPartitions>& topics) {
  for (const OwnedPartitions& topic : topics)
    for (std::size_t i = 0; i < topic.partitions.size(); ++i)
      held.emplace_back(topic.partitions[i], topic.tokens[i]);
}

void describe(const GroupDescription& group, Look& look) {
  look.epoch = group.epoch;
  look.assignment_epoch = group.assignment_epoch;
  look.term = group.term;
  for (const MemberDescription& member : group.members) {
    look.members[member.member.value] = member.member_epoch;
    add(look.held, member.assigned);
    add(look.held, member.revoking);
  }
}

/// What to add to wall-clock time for this machine's boot time. Good to a few microseconds, as long
/// as nobody sets the clock during the run.
Stamp wall_to_boot() {
  using namespace std::chrono;
  const auto wall = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  return boot_stamp() - wall;
}

std::vector<Read> read_all(cli::Client& client, std::int32_t partitions, Pid reader) {
  std::vector<Read> reads(static_cast<std::size_t>(partitions));
  const Stamp begun = boot_stamp();
  const Query query = FetchOffsets{GroupId{group_name}, {}};
  const auto answer = client.ask<OffsetList>(query);
  const Stamp ended = boot_stamp();
  for (std::int32_t p = 0; p < partitions; ++p)
    reads[static_cast<std::size_t>(p)] = {p, -1, reader, begun, ended};
  for (const CommittedOffset& offset : answer.offsets)
    reads.at(static_cast<std::size_t>(offset.partition.partition)).offset = offset.offset;
  return reads;
}

}  // namespace

void create_topic(const std::string& address, std::int32_t partitions, const std::string& name) {
  const Request request = CreateTopic{TopicName{name}, partitions};
  (void)connect(address, long_patience).ask<TopicChanged>(request);
}

std::vector<Read> read_committed(const std::string& address, std::int32_t partitions) {
  auto client = connect(address, long_patience);
  return read_all(client, partitions, 0);
}

std::vector<Expulsion> read_expulsions(const std::string& address) {
  auto client = connect(address, long_patience);
  const Stamp shift = wall_to_boot();
  std::vector<Expulsion> expulsions;
  ReadEvents ask{{}, GroupId{group_name}, events_at_once, false};
  while (true) {
    const Query query = ask;
    const auto answer = client.ask<EventList>(query);
    for (const Event& event : answer.events)
      if (event.kind == EventKind::member_expelled)
        expulsions.push_back({event.member, event.reason, event.at.ms * 1'000 + shift});
    if (answer.events.empty() || answer.next == ask.after) return expulsions;
    ask.after = answer.next;
  }
}

Observer::Observer(std::string address, std::int32_t partitions)
    : address_(std::move(address)), partitions_(partitions), thread_([this] { run(); }) {}

Observer::~Observer() {
  end();
}

std::vector<Look> Observer::finish(std::vector<Read>& reads) {
  end();
  reads.insert(reads.end(), reads_.begin(), reads_.end());
  return std::move(looks_);
}

void Observer::end() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// True: time for the next look.
bool Observer::wait() {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, between_looks, [this] { return stop_; });
}

void Observer::run() {
  while (wait()) try {
      auto client = connect(address_, patience);
      do {
        look(client);
        read(client);
      } while (wait());
      return;
    } catch (const cli::Failure&) {
      // It is away, as it is meant to be: the next round finds it again.
    }
}

void Observer::read(cli::Client& client) {
  constexpr Pid myself = -1;
  try {
    const auto reads = read_all(client, partitions_, myself);
    reads_.insert(reads_.end(), reads.begin(), reads.end());
  } catch (const cli::Refused& refused) {
    if (refused.errc() != Errc::unknown_group) throw;
  }
}

void Observer::look(cli::Client& client) {
  Look look;
  look.at = boot_stamp();
  try {
    const Query describe_group = DescribeGroup{GroupId{group_name}};
    describe(client.ask<GroupDescription>(describe_group), look);
    const Query group_history = GroupHistory{GroupId{group_name}, 0};
    for (const EpochHistory& entry : client.ask<HistoryList>(group_history).epochs)
      look.history.push_back(entry.epoch);
  } catch (const cli::Refused& refused) {
    if (refused.errc() != Errc::unknown_group) throw;
  }
  looks_.push_back(std::move(look));
}

}  // namespace muster::chaos
