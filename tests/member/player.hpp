/// Drives one Session by hand: the test is the broker, the network and the clock.
#pragma once

#include "session.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace muster::member {

inline TopicId topic_id(std::uint8_t n) {
  TopicId id;
  id.bytes[0] = n;
  return id;
}
inline TopicPartition part(PartitionIndex partition, std::uint8_t topic = 1) {
  return {topic_id(topic), partition};
}
/// One partition for each pair, all of topic 1, in order.
inline std::vector<OwnedPartitions> owned(
    const std::vector<std::pair<PartitionIndex, Token>>& all) {
  if (all.empty()) return {};
  OwnedPartitions topic{topic_id(1), {}, {}};
  for (const auto& [partition, token] : all) {
    topic.partitions.push_back(partition);
    topic.tokens.push_back(token);
  }
  return {topic};
}

inline SessionOptions options_of(Millis session_timeout, Millis max_poll = Millis{300'000},
                                 std::uint64_t seed = 7) {
  SessionOptions options;
  options.join.group = GroupId{"g"};
  options.join.topics = {TopicName{"t"}};
  options.join.session_timeout = session_timeout;
  options.join.max_poll_interval = max_poll;
  options.seed = {seed, seed + 1};
  return options;
}

class Player {
 public:
  explicit Player(SessionOptions options = options_of(Millis{3'000}))
      : session(std::move(options), now) {}

  Mono now{1'000'000};
  Session session;
  std::deque<Outgoing> frames;  // sent, not looked at
  std::deque<SessionEvent> events;

  void settle() {
    Session::Output out = session.take();
    for (auto& frame : out.frames) frames.push_back(std::move(frame));
    for (auto& event : out.events) events.push_back(std::move(event));
  }
  void connect() { session.connected(now), settle(); }
  void disconnect() { session.disconnected(now), settle(), frames.clear(); }
  void push(const PushBody& body) { session.push(body, now), settle(); }
  void answer(std::uint64_t correlation, const ReplyBody& body) {
    session.answer(correlation, body, now), settle();
  }
  /// Lets time pass, with a tick at every deadline on the way.
  void pass(Millis time) {
    const Mono end = now + time;
    while (session.next_deadline() <= end && !session.stalled(now)) {
      now = std::max(now, session.next_deadline());
      session.tick(now), settle();
      if (session.stalled(now)) break;
    }
    now = end;
    session.tick(now), settle();
  }

  /// The next frame of this kind; frames of other kinds before it are dropped.
  template <class T>
  std::optional<std::pair<std::uint64_t, T>> sent() {
    while (!frames.empty()) {
      Outgoing frame = std::move(frames.front());
      frames.pop_front();
      if (auto* request = std::get_if<T>(&frame.request))
        return std::pair{frame.correlation, *request};
    }
    return std::nullopt;
  }
  template <class T>
  std::optional<T> told() {
    while (!events.empty()) {
      SessionEvent event = std::move(events.front());
      events.pop_front();
      if (auto* e = std::get_if<T>(&event)) return *e;
    }
    return std::nullopt;
  }

  /// Connects, and answers the Join.
  void join(Millis session_timeout = Millis{3'000}) {
    connect();
    answer_join(session_timeout);
  }
  void answer_join(Millis session_timeout = Millis{3'000}) {
    const auto join = sent<Join>();
    ASSERT_TRUE(join);
    handle = SessionHandle{++handles};
    answer(join->first, JoinOk{handle, join->second.group, join->second.member, 1, session_timeout,
                               heartbeat_interval(session_timeout)});
  }
  void answer_resume(Millis session_timeout = Millis{3'000}) {
    const auto resume = sent<Resume>();
    ASSERT_TRUE(resume);
    handle = SessionHandle{++handles};
    answer(resume->first, ResumeOk{handle, resume->second.group, resume->second.member,
                                   session_timeout, heartbeat_interval(session_timeout)});
  }
  /// Answers the next beat that was sent; gives it.
  std::optional<Heartbeat> answer_beat(Millis session_timeout = Millis{3'000},
                                       std::uint32_t told_step = 0) {
    const auto beat = sent<Heartbeat>();
    if (!beat) return std::nullopt;
    answer(beat->first, HeartbeatOk{beat->second.session, beat->second.sequence, told_step,
                                    static_cast<std::uint32_t>(session_timeout.count())});
    return beat->second;
  }
  Step step(std::uint32_t number, const std::vector<std::pair<PartitionIndex, Token>>& assigned,
            const std::vector<std::pair<PartitionIndex, Token>>& revoking = {}) {
    Step s;
    s.group = session.group();
    s.member = session.member();
    s.number = number;
    s.member_epoch = static_cast<Epoch>(number);
    s.assigned = owned(assigned);
    s.revoking = owned(revoking);
    s.revoke_ms_left = revoking.empty() ? 0 : 10'000;
    return s;
  }
  bool holds(PartitionIndex partition, Token token) const {
    return session.holds(part(partition), token, now);
  }

  SessionHandle handle;
  std::uint64_t handles = 0;
};

}  // namespace muster::member
