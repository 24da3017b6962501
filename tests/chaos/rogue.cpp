#include "rogue.hpp"

#include "worker.hpp"

#include <chrono>
#include <utility>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_rounds{300};
constexpr std::chrono::milliseconds patience{700};  // a broker that is stopped is asked anew
constexpr Millis long_session{1'800'000};           // so it never has to beat
constexpr Offset far_ahead = 1'000'000'000;         // nobody gets there by work

Request join_without_work() {
  Join join;
  join.group = GroupId{group_name};
  join.topics = {TopicName{topic_name}};
  join.session_timeout = long_session;
  join.weight = 0;
  return join;
}

}  // namespace

Rogue::Rogue(std::string address) : address_(std::move(address)), thread_([this] { run(); }) {}

Rogue::~Rogue() {
  end();
}

void Rogue::finish(History& history) {
  end();
  history.rogue_accepted = std::move(accepted_);
  history.rogue_refused = refused_;
}

void Rogue::end() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// True: time for the next round.
bool Rogue::wait() {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, between_rounds, [this] { return stop_; });
}

void Rogue::run() {
  while (wait()) try {
      cli::Client client({*cli::parse_servers(address_), patience});
      enter(client);
      do {
        look_around(client);
        for (const auto& [partition, token] : present_)
          commit(client, {partition, token, far_ahead, -1, {}});
        for (const auto& [partition, token] : past_)
          commit(client, {partition, token, far_ahead, -1, {}});
      } while (wait());
      return;
    } catch (const cli::Failure&) {
      // The broker is away, as it is meant to be: the next round finds it again.
    }
}

/// Comes back as the member it was. A member that joined just before its broker was killed may not
/// know its id: then it is two members, neither of which owns anything.
void Rogue::enter(cli::Client& client) {
  if (member_.empty()) {
    const auto joined = client.ask<JoinOk>(join_without_work());
    member_ = joined.member;
    session_ = joined.session;
    return;
  }
  const Request resume = Resume{GroupId{group_name}, member_, 0, false};
  try {
    session_ = client.ask<ResumeOk>(resume).session;
  } catch (const cli::Refused&) {
    member_ = {};
    throw;
  }
}

void Rogue::look_around(cli::Client& client) {
  const Query query = DescribeGroup{GroupId{group_name}};
  for (const MemberDescription& other : client.ask<GroupDescription>(query).members)
    for (const OwnedPartitions& topic : other.assigned)
      for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        const TopicPartition partition{topic.topic, topic.partitions[i]};
        Token& present = present_[partition];
        if (const Token before = std::exchange(present, topic.tokens[i]);
            before != 0 && before != present)
          past_[partition] = before;
      }
}

void Rogue::commit(cli::Client& client, const OffsetCommit& offset) {
  const Stamp begun = boot_stamp();
  const Request request = Commit{session_, ++sequence_, {offset}};
  try {
    (void)client.ask<Done>(request);
    accepted_.push_back(
        {offset.partition.partition, offset.token, offset.offset, 0, begun, boot_stamp()});
  } catch (const cli::Refused& refused) {
    if (refused.errc() != Errc::stale_token) throw;
    ++refused_;
  }
}

}  // namespace muster::chaos
