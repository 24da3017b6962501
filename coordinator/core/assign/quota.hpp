/// How many slots each member should own where any member may own any slot.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// What a member brings along when slots are shared out.
struct Claim {
  std::uint32_t held = 0;    ///< Slots that it owns now and may keep.
  std::uint32_t weight = 1;  ///< 0 gets nothing.
  bool grows = true;         ///< False: never more than `held`.
};

/// Shares `slots` out by the divisor method of D'Hondt and Jefferson: the next slot always goes to
/// the member with the smallest (share + 1) / weight. With equal weights that is floor or ceil of
/// the mean.
///
/// Ties go to those that hold the slot already, then to the lower index: of all level shares these
/// keep the most slots where they are. A divisor method is monotone: more slots, or a member less,
/// takes nothing from anybody; a further member only takes. The sum is `slots`, or less if nobody
/// may grow.
[[nodiscard]] std::vector<std::uint32_t> shares(std::uint64_t slots, std::span<const Claim> claims);

}  // namespace muster::core::assign
