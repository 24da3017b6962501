/// Judges groups by what the broker says of their members and what these do: nobody is expelled too
/// early, too late or for no reason, no two work on one partition, and what is well comes to rest.
#pragma once

#include "life.hpp"

#include <muster/events.hpp>

#include <string>

namespace muster::sim {

class World;

class MemberJudge {
 public:
  explicit MemberJudge(World& world) : world_(world) {}

  /// An event of a group has become durable.
  void hear_event(ShardIndex shard, const Event& event);
  /// Two members that may work on one partition (A1).
  void check_overlaps();
  /// What keeps the groups from being at rest, in words; empty: nothing.
  [[nodiscard]] std::string unrest();

 private:
  void judge_expulsion(const Life& life, const Event& event, const Instant& decided);
  void judge_silence(const Life& life, const Instant& decided);
  [[nodiscard]] std::string unrest_of(const std::string& group);

  World& world_;
};

}  // namespace muster::sim
