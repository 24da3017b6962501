/// Who is no member: operators, who create topics and change groups, and strangers, who say what is
/// not theirs to say.
#pragma once

#include "dice.hpp"
#include "network.hpp"
#include "plan.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace muster::sim {

class World;

class Guests {
 public:
  explicit Guests(World& world);

  /// An operator's or a stranger's part of the plan.
  void act(const Action& action);
  /// Has every topic that the world should have, and makes those that lack.
  void look_after_topics();

  /// The broker has answered an operator's request.
  void judge_done(const Request& request);
  /// Answers have arrived: nobody reads them.
  void hear(Line& line);

 private:
  void send(std::int32_t as, Request request);
  void be_rogue(const Action& action);
  [[nodiscard]] TopicId topic_id(std::int64_t index) const;

  World& world_;
  Dice dice_;
  std::uint32_t operators_line_ = ~0U;
  std::uint32_t strangers_line_ = ~0U;
  std::uint64_t correlation_ = 0;
  Time asked_at_ = 0;
};

/// Readers of events, who go on where they stopped, over restarts of the broker too.
class Watchers {
 public:
  explicit Watchers(World& world);
  void begin_run();

 private:
  struct Watcher {
    std::vector<std::uint64_t> next;  // by shard: read up to here
    std::vector<Revision> seen;
  };
  void watch(std::size_t watcher, ShardIndex shard);
  void read(std::size_t watcher, ShardIndex shard);

  World& world_;
  std::vector<Watcher> watchers_;
};

}  // namespace muster::sim
