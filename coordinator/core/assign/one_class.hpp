/// Algorithm A: the level assignment with the least moves where all members subscribe alike.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// The new owner of every slot, in O(P + N). Members that take part subscribe to `topics`, all of
/// them; the others get nothing. Shares are those of quota.hpp, the moves their exact minimum.
[[nodiscard]] std::vector<MemberIndex> level_one_class(const Problem& problem,
                                                       std::span<const std::uint32_t> begins,
                                                       std::span<const std::uint32_t> topics);

}  // namespace muster::core::assign
