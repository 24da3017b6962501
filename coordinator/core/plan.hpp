/// The next target of a group: who should own what now, and what that changes.
#pragma once

#include "assign/assignor.hpp"
#include "assign/level.hpp"
#include "state.hpp"
#include "target.hpp"

#include <muster/core/limits.hpp>
#include <muster/messages.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace muster::core {

/// The target of a large group whose members are all alike, kept between rebalances, so that a
/// member more or less costs its moves and not a look at every partition. Volatile: a group without
/// it is computed in full.
struct LevelCache {
  assign::Level level;
  std::vector<std::shared_ptr<const TopicRecord>> topics;
  std::vector<std::uint32_t> first_slot;             ///< Per topic, and one past the end.
  std::map<std::string, assign::MemberIndex> index;  ///< Of the members that the target is for.
  std::vector<std::string> names;                    ///< By index; those that left too.
};

struct NextTarget {
  std::vector<NewTarget> targets;  ///< Of the members whose target is another one now.
  std::vector<Move> moves;         ///< At most `limits.max_history_moves`.
  std::uint32_t moved = 0;
  std::uint32_t members = 0;
  bool held_back = false;  ///< Some member takes nothing new.
};

/// Computes the group's next target with `assignor`. `cache` is used where it fits, and made,
/// renewed or dropped.
[[nodiscard]] NextTarget next_target(const State& state, const Group& group,
                                     const assign::Assignor& assignor, const Departed& departed,
                                     std::unique_ptr<LevelCache>& cache, const Limits& limits);

}  // namespace muster::core
