/// Algorithm C: the level assignment where members subscribe to different topics.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// The new owner of every slot.
[[nodiscard]] std::vector<MemberIndex> level_mixed(const Problem& problem,
                                                   std::span<const std::uint32_t> begins);

}  // namespace muster::core::assign
