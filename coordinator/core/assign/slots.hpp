/// The numbering of slots, and what every assignor does before and after its own work.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// Topic t's slots are [begins[t], begins[t + 1]); one entry more than there are topics.
[[nodiscard]] std::vector<std::uint32_t> slot_begins(std::span<const std::int32_t> partitions);

/// Whether the member may own anything at all.
[[nodiscard]] inline bool takes_part(const Member& member) {
  return member.weight > 0 && !member.topics.empty();
}

/// The plan that leads from the problem's owners to `owner`. An owner in the problem that is no
/// member of it counts as nobody.
[[nodiscard]] Plan plan_for(const Problem& problem, std::vector<MemberIndex> owner);

}  // namespace muster::core::assign
