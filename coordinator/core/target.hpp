/// From a group to the assignor's dense numbers, and from its plan back to target records.
#pragma once

#include "assign/assignor.hpp"
#include "state.hpp"

#include <muster/messages.hpp>

#include <memory>
#include <string>
#include <vector>

namespace muster::core {

/// A group as an assignor sees it, with the names behind the numbers.
struct Layout {
  assign::Problem problem;
  std::vector<std::shared_ptr<const TopicRecord>> topics;  ///< Sorted by id.
  std::vector<std::uint32_t> first_slot;                   ///< Per topic, and one past the end.
  std::vector<const MemberView*> members;                  ///< Sorted by id.
  std::vector<bool> stale;  ///< Members whose target names what they can no longer have.
  bool held_back = false;   ///< Some member takes nothing new.
};

/// The group's members, the topics they subscribe to that exist, and the target as it is.
[[nodiscard]] Layout layout_of(const State& state, const Group& group);

/// A member whose target is another one now.
struct NewTarget {
  std::string member;
  std::vector<TopicPartitions> partitions;
};
[[nodiscard]] std::vector<NewTarget> new_targets(const Layout& layout, const assign::Plan& plan);

/// Who should have owned partitions until it went: its target was erased with it.
using Departed = std::vector<std::shared_ptr<const TargetRecord>>;

/// Names behind an assignor's numbers.
struct Legend {
  const std::vector<std::shared_ptr<const TopicRecord>>& topics;
  const std::vector<std::uint32_t>& first_slot;
  const std::vector<std::string>& members;  ///< By index.
  const Departed& departed;
};
/// What moved from whom to whom, at most `most` entries and 1,000 partitions. `changes` by slot.
[[nodiscard]] std::vector<Move> moves_of(const Legend& legend,
                                         const std::vector<assign::Change>& changes,
                                         std::size_t most);

/// Whether a member of this status may be granted what it does not have yet.
[[nodiscard]] bool takes_new(const Member& member);

/// The assignor that computes for the group: its setting, else what most members prefer (ties by
/// name), else the default.
[[nodiscard]] const assign::Assignor& assignor_of(const Group& group, const GroupRecord& record);

}  // namespace muster::core
