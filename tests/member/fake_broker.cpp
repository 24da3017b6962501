#include "fake_broker.hpp"

#include "player.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace muster::member {

FakeBroker::FakeBroker() {
  know_topic(TopicName{"t"}, topic_id(1));
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0)
    throw std::runtime_error("no port on loopback");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeBroker::~FakeBroker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    for (const auto& peer : peers_) ::shutdown(peer->socket, SHUT_RDWR);
  }
  acceptor_.join();
  for (const auto& peer : peers_) {
    peer->thread.join();
    ::close(peer->socket);
  }
  ::close(listener_);
}

std::string FakeBroker::address() const {
  return "127.0.0.1:" + std::to_string(port_);
}

void FakeBroker::accept_all() {
  while (true) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (socket < 0 || closing_) {
      if (socket >= 0) ::close(socket);
      return;
    }
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto& peer = peers_.emplace_back(std::make_unique<Peer>());
    peer->socket = socket;
    peer->thread = std::thread([this, p = peer.get()] { serve(*p); });
  }
}

void FakeBroker::serve(Peer& peer) {
  wire::FrameReader reader;
  while (true) {
    const auto room = reader.prepare();
    const auto count = ::recv(peer.socket, room.data(), room.size(), 0);
    if (count <= 0) return;
    reader.commit(static_cast<std::size_t>(count));
    while (const auto frame = reader.next().value()) handle(peer, *frame);
  }
}

void FakeBroker::handle(Peer& peer, const wire::Frame& frame) {
  if (const auto hello = wire::decode_hello(frame)) {
    bool silent = false;
    {
      const std::lock_guard lock(mutex_);
      hellos_.push_back(*hello);
      silent = silent_;
      came_.notify_all();
    }
    wire::Bytes bytes;
    wire::encode_hello_ok({}, bytes);
    if (!silent) write(peer, bytes);
    return;
  }
  const auto call = wire::decode_call(frame).value();
  if (const auto* request = std::get_if<Request>(&call)) {
    handle(peer, frame.correlation, *request);
  } else {
    handle(peer, frame.correlation, std::get<Query>(call));
  }
}

void FakeBroker::handle(Peer& peer, std::uint64_t correlation, const Request& request) {
  // Noted and answered under one lock: who sees the answer finds the request noted.
  std::unique_lock lock(mutex_);
  requests_.push_back(request);
  came_.notify_all();
  if (silent_) return;
  const auto bind = [&](const MemberId& member) {
    return handles_[member] = SessionHandle{next_handle_++};
  };
  const auto then_step = [&](const MemberId& member) {
    const auto step = steps_.find(member);
    if (step == steps_.end()) return lock.unlock();
    wire::Bytes bytes;
    EXPECT_TRUE(wire::encode_push(step->second, bytes));
    lock.unlock();
    write(peer, bytes);
  };
  if (const auto* join = std::get_if<Join>(&request)) {
    if (join_refusal_) return reply(peer, correlation, *join_refusal_);
    members_.push_back(join->member);
    joins_[join->member] = *join;
    reply(peer, correlation,
          JoinOk{bind(join->member), join->group, join->member, 1, join->session_timeout,
                 heartbeat_interval(join->session_timeout)});
    then_step(join->member);
  } else if (const auto* resume = std::get_if<Resume>(&request)) {
    if (!handles_.contains(resume->member))
      return reply(peer, correlation, Refusal{Errc::unknown_member, "it never joined here"});
    if (resume->fenced_itself && steps_.contains(resume->member)) {
      Step& step = steps_[resume->member];
      ++step.number;
      for (auto& topic : step.assigned)
        for (Token& token : topic.tokens) token += 1000;
    }
    const Millis timeout = joins_[resume->member].session_timeout;
    reply(peer, correlation,
          ResumeOk{bind(resume->member), resume->group, resume->member, timeout,
                   heartbeat_interval(timeout)});
    then_step(resume->member);
  } else if (const auto* beat = std::get_if<Heartbeat>(&request)) {
    if (beats_)
      reply(peer, correlation,
            HeartbeatOk{beat->session, beat->sequence, 0, beat->session_timeout_ms});
  } else if (std::holds_alternative<Commit>(request)) {
    if (commits_) reply(peer, correlation, Done{});
  } else if (!std::holds_alternative<Pong>(request)) {
    reply(peer, correlation, Done{});
  }
}

void FakeBroker::handle(Peer& peer, std::uint64_t correlation, const Query& query) {
  const std::lock_guard lock(mutex_);
  if (silent_) return;
  if (const auto* list = std::get_if<ListTopics>(&query)) {
    TopicList topics;
    for (const auto& [name, id] : topics_)
      if (name.starts_with(list->prefix)) topics.topics.push_back({TopicName{name}, id, 8});
    reply(peer, correlation, topics);
  } else if (const auto* fetch = std::get_if<FetchOffsets>(&query)) {
    OffsetList offsets;
    for (const TopicPartition& partition : fetch->partitions) {
      const auto found = committed_.find(partition.partition);
      CommittedOffset offset;
      offset.partition = partition;
      offset.offset = found == committed_.end() ? -1 : found->second;
      offsets.offsets.push_back(offset);
    }
    reply(peer, correlation, offsets);
  } else {
    reply(peer, correlation, Refusal{Errc::invalid_request, "this broker is only a fake"});
  }
}

void FakeBroker::reply(Peer& peer, std::uint64_t correlation, const ReplyBody& body) {
  wire::Bytes bytes;
  wire::encode_reply(body, correlation, bytes);
  write(peer, bytes);
}

void FakeBroker::write(Peer& peer, const wire::Bytes& bytes) {
  const std::lock_guard lock(peer.writing);
  for (std::size_t at = 0; at < bytes.size();) {
    const auto sent = ::send(peer.socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return;
    at += static_cast<std::size_t>(sent);
  }
}

void FakeBroker::to_all(const wire::Bytes& bytes) {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) write(*peer, bytes);
}

void FakeBroker::answer_nothing(bool silent) {
  const std::lock_guard lock(mutex_);
  silent_ = silent;
}
void FakeBroker::answer_beats(bool answered) {
  const std::lock_guard lock(mutex_);
  beats_ = answered;
}
void FakeBroker::answer_commits(bool answered) {
  const std::lock_guard lock(mutex_);
  commits_ = answered;
}
void FakeBroker::refuse_joins(std::optional<Refusal> refusal) {
  const std::lock_guard lock(mutex_);
  join_refusal_ = std::move(refusal);
}
void FakeBroker::forget_members() {
  const std::lock_guard lock(mutex_);
  handles_.clear();
  steps_.clear();
}
void FakeBroker::know_topic(const TopicName& name, const TopicId& id) {
  const std::lock_guard lock(mutex_);
  topics_[name.value] = id;
}
void FakeBroker::set_committed(PartitionIndex partition, Offset offset) {
  const std::lock_guard lock(mutex_);
  committed_[partition] = offset;
}
void FakeBroker::hang_up() {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) ::shutdown(peer->socket, SHUT_RDWR);
}
void FakeBroker::send_garbage() {
  to_all(wire::Bytes(64, std::byte{0xff}));
}

void FakeBroker::push(const PushBody& body) {
  wire::Bytes bytes;
  EXPECT_TRUE(wire::encode_push(body, bytes));
  to_all(bytes);
}

void FakeBroker::grant(const MemberId& member, const Grants& assigned, const Grants& revoking,
                       std::uint32_t revoke_ms_left) {
  Step step;
  {
    const std::lock_guard lock(mutex_);
    Step& kept = steps_[member];
    kept.group = joins_[member].group;
    kept.member = member;
    ++kept.number;
    ++kept.member_epoch;
    kept.assigned = owned(assigned);
    kept.revoking = owned(revoking);
    kept.revoke_ms_left = revoking.empty() ? 0 : revoke_ms_left;
    step = kept;
  }
  push(step);
}

std::vector<wire::Hello> FakeBroker::hellos() {
  const std::lock_guard lock(mutex_);
  return hellos_;
}
std::vector<MemberId> FakeBroker::members() {
  const std::lock_guard lock(mutex_);
  return members_;
}
SessionHandle FakeBroker::handle_of(const MemberId& member) {
  const std::lock_guard lock(mutex_);
  return handles_[member];
}

bool FakeBroker::wait(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    std::unique_lock lock(mutex_);
    if (came_.wait_until(lock, std::min(end, std::chrono::steady_clock::now() + Millis{20})) ==
            std::cv_status::timeout &&
        std::chrono::steady_clock::now() >= end)
      return false;
  }
  return true;
}

}  // namespace muster::member
