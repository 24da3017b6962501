/// Algorithm C: the level assignment where members subscribe to different topics.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// The new owner of every slot: first as many slots placed as can be, then the loads as level as
/// the subscriptions allow (balance.hpp), then as few moves as that takes (least_moves.hpp), then
/// each topic spread over its subscribers by what has to be placed anyway.
///
/// Level always, unless the search for it hits its work limit; then the result is valid all the
/// same, and the next call goes on from there. The moves are the exact minimum where the group has
/// at most `exact_limit` pairs of member and topic, and in larger ones where a bound is met, as it
/// mostly is.
[[nodiscard]] std::vector<MemberIndex> level_mixed(const Problem& problem,
                                                   std::span<const std::uint32_t> begins);

}  // namespace muster::core::assign
