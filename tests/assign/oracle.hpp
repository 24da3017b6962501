/// The best assignment there is, found by slow and simple means: what `uniform` is checked against.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <ostream>
#include <vector>

namespace muster::core::assign {

/// What is wanted, in this order: placed slots, then level loads, then kept slots.
struct Score {
  std::uint64_t placed = 0;
  std::uint64_t unevenness =
      0;  ///< Sum of l (l + 1) / w over the members, times 2520 (weights to 10).
  std::uint64_t kept = 0;
  friend bool operator==(const Score&, const Score&) = default;
};

void PrintTo(const Score& score, std::ostream* out);

[[nodiscard]] Score score(const Problem& problem, const std::vector<MemberIndex>& owner);
/// The best score by trying all assignments: at most 8 slots.
[[nodiscard]] Score best_by_trying(const Problem& problem);
/// The best score by one shortest path a slot (Bellman-Ford on costs that put unevenness first).
[[nodiscard]] Score best_by_paths(const Problem& problem);

}  // namespace muster::core::assign
