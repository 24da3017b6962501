/// Sessions of the library and the broker's own core in one thread, on a clock of the test's, with
/// a network, a disk and machines that misbehave at random.
#pragma once

#include "session.hpp"

#include <muster/core/shard.hpp>

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace muster::member {

/// One worker: a Session, an application that takes its time, and a clock that drifts.
class Node {
 public:
  Node(std::uint64_t seed, std::int64_t ppm, Mono now);

  [[nodiscard]] Mono clock(Mono now) const;
  /// What Ownership::valid() would say, paused or not: it compares, and asks nobody.
  [[nodiscard]] bool valid(const TopicPartition& partition, Mono now) const;
  [[nodiscard]] std::vector<TopicPartition> owned(Mono now) const;
  /// Takes what the session owes: events change the grants, frames are given.
  std::vector<Outgoing> collect(Mono now, std::mt19937_64& random);
  /// The application's part: polls, and lets go of what its callbacks have finished.
  void live(Mono now);

  Session session;
  std::uint64_t connection = 0;  // 0: none
  Mono reconnect_at{};
  Mono paused_until{};
  Mono stuck_until{};
  std::deque<std::pair<Mono, Outgoing>> up;
  std::deque<std::pair<Mono, std::variant<std::pair<std::uint64_t, ReplyBody>, PushBody>>> down;
  Mono up_blocked{}, down_blocked{};  // nothing arrives before

 private:
  struct Grant {
    Token token = 0;
    bool revoked = false;
  };
  std::int64_t ppm_;
  Mono next_poll_{};
  std::map<TopicPartition, Grant> grants_;
  std::multimap<Mono, Revoked> letting_go_;  // by when their callback returns
};

class World {
 public:
  World(std::uint64_t seed, std::size_t nodes, std::int32_t partitions);

  /// Lets `time` pass, a millisecond at a time, with or without faults. Stops at the first moment
  /// at which two members may work on one partition, and says so in `violation`.
  void run(Millis time, bool faults);

  [[nodiscard]] const std::string& violation() const { return violation_; }
  /// Every partition is held by somebody.
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::uint64_t grants_told() const { return steps_told_; }

 private:
  void fault();
  void network(Node& node);
  void member_turn(Node& node);
  void broker_turn();
  void pay();
  void release_durable();
  void crash();
  void start_broker();
  void check();
  void cut(Node& node);
  void send(Node& node, std::vector<Outgoing> frames);
  core::Moment moment();
  void step(core::Command command, std::uint64_t id = 0, std::uint64_t connection = 0);
  Mono later(Millis most);
  bool chance(double per_second);

  std::mt19937_64 random_;
  Mono now_{1'000'000};
  std::vector<std::unique_ptr<Node>> nodes_;
  std::int32_t partitions_;
  TopicId topic_;

  std::unique_ptr<core::Shard> shard_;  // none: it is down
  Mono broker_ran_{};
  Mono broker_paused_until_{};
  Mono broker_starts_{};
  core::Effects effects_;
  std::map<core::RecordKey, core::Record> disk_;
  std::deque<std::pair<Mono, std::vector<core::Record>>> syncing_;  // by when they are durable
  Revision durable_ = 0;
  Revision highest_ = 0;
  Term term_ = 0;
  struct Owed {
    Revision after = 0;
    std::uint64_t connection = 0;
    std::variant<std::pair<std::uint64_t, ReplyBody>, PushBody> what;
  };
  std::deque<Owed> owed_;
  std::map<std::uint64_t, std::pair<std::uint64_t, std::uint64_t>>
      asked_;  // id: connection, correlation
  std::uint64_t next_id_ = 1;
  std::uint64_t next_connection_ = 1;
  std::uint64_t steps_told_ = 0;
  std::string violation_;
};

}  // namespace muster::member
