#include "crew.hpp"

#include "talk.hpp"

#include <codec.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

namespace muster::load {
namespace {

constexpr Crew::Index nobody = ~Crew::Index{0};

/// A correlation is the member's index + 1; this bit marks that of its Leave.
constexpr std::uint64_t leave_bit = std::uint64_t{1} << 40;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

/// One socket: what has come and is no whole frame yet, what waits to be written.
class Crew::Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void stop_blocking() const { ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK); }
  wire::Bytes& output() { return output_; }
  bool writes_wait = false;  ///< epoll watches for room to write.

  /// Whether all was written.
  bool flush() {
    while (written_ < output_.size()) {
      const ssize_t n =
          ::send(fd_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EAGAIN) return false;
      if (n < 0) fail("writing to the broker");
      written_ += static_cast<std::size_t>(n);
    }
    output_.clear();
    written_ = 0;
    return true;
  }

  /// Reads once, and calls f for each whole frame.
  template <class F>
  void read(F f) {
    const auto room = reader_.prepare(64 << 10);
    const ssize_t n = ::recv(fd_, room.data(), room.size(), 0);
    if (n == 0) throw std::runtime_error("the broker closed a connection");
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) fail("reading from the broker");
    reader_.commit(static_cast<std::size_t>(n));
    while (true) {
      const auto frame = reader_.next();
      if (!frame)
        throw std::runtime_error("the broker's frames cannot be read: " + frame.error().message());
      if (!*frame) return;
      f(**frame);
    }
  }

 private:
  int fd_;
  wire::FrameReader reader_;
  wire::Bytes output_;
  std::size_t written_ = 0;
};

Crew::Crew(CrewOptions options) : options_(std::move(options)) {
  beat_every_ = options_.beat_every.value_or(heartbeat_interval(options_.session_timeout));
  owner_.assign(options_.groups,
                std::vector<Index>(static_cast<std::size_t>(options_.partitions), nobody));
  orphan_of_ = owner_;
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail("making an epoll");
  for (std::uint32_t c = 0; c < options_.connections; ++c) {
    connections_.push_back(std::make_unique<Connection>(connect_to(options_.host, options_.port)));
    greet(connections_[c]->fd(), group_name(c % options_.groups));
    connections_[c]->stop_blocking();
    epoll_event event{.events = EPOLLIN, .data = {.u32 = c}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[c]->fd(), &event) != 0)
      fail("watching a connection");
  }
}

Crew::~Crew() {
  ::close(epoll_);
}

std::string Crew::group_name(std::uint32_t group) const {
  return options_.name + "-" + std::to_string(group);
}

/// Member ids are numbers, so that an answer finds its member without a search.
Crew::Index Crew::index_of(const MemberId& id) const {
  const auto index =
      static_cast<Index>(std::stoul(id.value.substr(id.value.find_last_of('-') + 1)));
  return index < members_.size()
             ? index
             : throw std::runtime_error("the broker names an unknown member " + id.value);
}

void Crew::join() {
  members_.resize(options_.members);
  wanted_ = std::uint64_t{std::min(options_.groups, options_.members)} *
            static_cast<std::uint64_t>(options_.partitions);
  for (Index i = 0; i < options_.members; ++i) {
    MemberState& member = members_[i];
    member.connection = i % options_.connections;
    member.group = i % options_.groups;
    Join request;
    request.group = GroupId(group_name(member.group));
    request.member = MemberId("member-" + std::to_string(i));
    request.client.software_name = "muster-load";
    request.topics = {TopicName(options_.topic)};
    request.session_timeout = options_.session_timeout;
    member.last_beat = Clock::now();
    send(i, request);
  }
}

void Crew::silence(const std::vector<Index>& members) {
  for (const Index i : members) {
    MemberState& member = members_[i];
    member.silent = true;
    member.lost = member.assigned.size();
    for (const PartitionIndex p : member.assigned) {
      owner_[member.group][static_cast<std::size_t>(p)] = nobody;
      orphan_of_[member.group][static_cast<std::size_t>(p)] = i;
      --owned_;
    }
    if (member.lost == 0) member.taken_over_at = member.last_beat;
  }
}

void Crew::leave() {
  for (Index i = 0; i < members_.size(); ++i) {
    if (!std::exchange(members_[i].joined, false) || members_[i].silent) continue;
    send(i, Leave{members_[i].session}, leave_bit);
    ++leaving_;
  }
}

void Crew::turn(Clock::time_point deadline) {
  send_due_beats();
  for (std::uint32_t c = 0; c < connections_.size(); ++c) {
    Connection& connection = *connections_[c];
    const bool waits = !connection.flush();
    if (waits == connection.writes_wait) continue;
    connection.writes_wait = waits;
    epoll_event event{.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN, .data = {.u32 = c}};
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event) != 0)
      fail("watching a connection");
  }
  const auto next = beats_.empty() ? deadline : std::min(deadline, beats_.top().at);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()).count();
  epoll_event events[64];
  const int n =
      ::epoll_wait(epoll_, events, 64, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000)));
  for (int i = 0; i < n; ++i) {
    Connection& connection = *connections_[events[i].data.u32];
    if ((events[i].events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) continue;
    connection.read([&](const wire::Frame& frame) { handle(connection, frame); });
  }
}

void Crew::send_due_beats() {
  const auto now = Clock::now();
  while (!beats_.empty() && beats_.top().at <= now) {
    const Due due = beats_.top();
    beats_.pop();
    if (members_[due.member].silent || !members_[due.member].joined) continue;
    send_beat(due.member, now);
    // From the plan, not from now: a late turn does not lower the rate.
    beats_.push({due.at + beat_every_, due.member});
  }
}

void Crew::send_beat(Index index, Clock::time_point now) {
  MemberState& member = members_[index];
  member.last_beat = now;
  const Heartbeat beat{
      .session = member.session,
      .sequence = ++member.sequence,
      .member_epoch = member.epoch,
      .progress = member.sequence,
      .session_timeout_ms = static_cast<std::uint32_t>(options_.session_timeout.count()),
      .flags = 0};
  wire::encode_heartbeat(beat, index + 1, connections_[member.connection]->output());
}

void Crew::send(Index index, const Request& request, std::uint64_t mark) {
  auto& output = connections_[members_[index].connection]->output();
  if (!wire::encode_request(request, (index + 1) | mark, output))
    throw std::runtime_error("a request is too long to send");
}

void Crew::handle(Connection&, const wire::Frame& frame) {
  HeartbeatOk ok;
  if (wire::decode_heartbeat_ok(frame, ok)) return handle(ok, frame.correlation);
  const auto answer = wire::decode_answer(frame);
  if (!answer)
    throw std::runtime_error("the broker's answer cannot be read: " + answer.error().message());
  if (const auto* reply = std::get_if<ReplyBody>(&*answer))
    handle(*reply, frame.correlation);
  else
    handle(std::get<PushBody>(*answer));
}

void Crew::handle(const HeartbeatOk& ok, std::uint64_t correlation) {
  const MemberState& member = members_.at(correlation - 1);
  if (ok.sequence == member.sequence) latencies_.add(Clock::now() - member.last_beat);
}

void Crew::handle(const ReplyBody& reply, std::uint64_t correlation) {
  if (const auto* ok = std::get_if<JoinOk>(&reply)) {
    const auto index = static_cast<Index>(correlation - 1);
    members_.at(index).session = ok->session;
    members_[index].joined = true;
    ++joined_;
    // The first beats are spread over an interval, as they are where members do not start at once.
    const auto share = beat_every_ * (index % 1'024) / 1'024;
    beats_.push({Clock::now() + share, index});
  } else if ((correlation & leave_bit) != 0) {
    --leaving_;
  } else if (const auto* refusal = std::get_if<Refusal>(&reply)) {
    if (correlation != 0 && members_.at(correlation - 1).silent) return;
    throw std::runtime_error("refused (" + std::string(to_string(refusal->code)) +
                             "): " + refusal->message);
  }
}

void Crew::handle(const PushBody& push) {
  if (const auto* step = std::get_if<Step>(&push))
    take(*step);
  else if (const auto* out = std::get_if<Expelled>(&push))
    expelled(*out);
  // A Ping comes only where a beat is late; the beat itself answers it.
}

void Crew::take(const Step& step) {
  const Index index = index_of(step.member);
  MemberState& member = members_[index];
  if (member.silent || !member.joined || step.number <= member.step) return;
  ++steps_;
  last_step_at_ = Clock::now();
  member.step = step.number;
  member.epoch = step.member_epoch;
  own(index, step);
  if (!step.revoking.empty()) send(index, Release{member.session, step.number});
}

void Crew::own(Index index, const Step& step) {
  MemberState& member = members_[index];
  auto& owner = owner_[member.group];
  for (const PartitionIndex p : member.assigned) owner[static_cast<std::size_t>(p)] = nobody;
  owned_ -= member.assigned.size();
  member.assigned.clear();
  for (const OwnedPartitions& part : step.assigned)
    member.assigned.insert(member.assigned.end(), part.partitions.begin(), part.partitions.end());
  for (const PartitionIndex p : member.assigned) {
    if (owner.at(static_cast<std::size_t>(p)) != nobody) ++double_owners_;
    owner[static_cast<std::size_t>(p)] = index;
    const Index orphaned =
        std::exchange(orphan_of_[member.group][static_cast<std::size_t>(p)], nobody);
    if (orphaned != nobody && --members_[orphaned].lost == 0)
      members_[orphaned].taken_over_at = Clock::now();
  }
  owned_ += member.assigned.size();
}

void Crew::expelled(const Expelled& push) {
  MemberState& member = members_[index_of(push.member)];
  member.expelled_at = Clock::now();
  if (!member.silent && member.joined) ++wrongly_expelled_;
}

Latencies Crew::take_latencies() {
  return std::exchange(latencies_, Latencies{});
}

}  // namespace muster::load
