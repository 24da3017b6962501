#include "assign/quota.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace muster::core::assign {
namespace {

__extension__ using Wide = unsigned __int128;

using Shares = std::vector<std::uint32_t>;

bool all_equal_and_growing(std::span<const Claim> claims) {
  return std::ranges::all_of(claims, [&](const Claim& claim) {
    return claim.grows && claim.weight == claims.front().weight && claim.weight != 0;
  });
}

/// The common case without any division by weights: q each, and the rest one by one, first to those
/// that hold more than q.
Shares equal_shares(std::uint64_t slots, std::span<const Claim> claims) {
  const auto each = static_cast<std::uint32_t>(slots / claims.size());
  auto extra = static_cast<std::size_t>(slots % claims.size());
  Shares out(claims.size(), each);
  for (std::size_t i = 0; i < claims.size() && extra > 0; ++i) {
    if (claims[i].held > each) {
      ++out[i];
      --extra;
    }
  }
  for (std::size_t i = 0; i < claims.size() && extra > 0; ++i) {
    if (out[i] == each) {
      ++out[i];
      --extra;
    }
  }
  return out;
}

/// What is still to be shared, and the weight of those who share it.
struct Rest {
  std::uint64_t slots = 0;
  std::uint64_t weight = 0;
};

/// Members that may not grow and hold less than their part of the rest keep exactly what they hold
/// (water filling, the tightest bound first). Marks them in `settled`.
Rest settle_those_that_cannot_grow(Rest rest, std::span<const Claim> claims, Shares& out,
                                   std::vector<bool>& settled) {
  std::vector<std::size_t> bounded;
  for (std::size_t i = 0; i < claims.size(); ++i)
    if (!claims[i].grows && claims[i].weight > 0) bounded.push_back(i);
  std::ranges::sort(bounded, [&](std::size_t a, std::size_t b) {
    const std::uint64_t x = std::uint64_t{claims[a].held} * claims[b].weight;
    const std::uint64_t y = std::uint64_t{claims[b].held} * claims[a].weight;
    return x != y ? x < y : a < b;
  });
  for (const std::size_t i : bounded) {
    const Claim& claim = claims[i];
    if (Wide{claim.held} * rest.weight > Wide{rest.slots} * claim.weight) break;
    out[i] = claim.held;
    settled[i] = true;
    rest.slots -= claim.held;
    rest.weight -= claim.weight;
  }
  return rest;
}

/// D'Hondt gives nobody less than the whole part of the exact proportion, so start there and hand
/// out the last few (fewer than members) one at a time.
Shares weighted_shares(std::uint64_t slots, std::span<const Claim> claims) {
  Shares out(claims.size(), 0);
  std::vector<bool> settled(claims.size(), false);
  Rest rest{.slots = slots, .weight = 0};
  for (const Claim& claim : claims) rest.weight += claim.weight;
  rest = settle_those_that_cannot_grow(rest, claims, out, settled);

  std::uint64_t left = rest.slots;
  std::vector<std::size_t> heap;
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (settled[i] || claims[i].weight == 0) continue;
    out[i] = static_cast<std::uint32_t>(rest.slots * claims[i].weight / rest.weight);
    left -= out[i];
    if (claims[i].grows || out[i] < claims[i].held) heap.push_back(i);
  }
  const auto later = [&](std::size_t a, std::size_t b) {
    const std::uint64_t x = (std::uint64_t{out[a]} + 1) * claims[b].weight;
    const std::uint64_t y = (std::uint64_t{out[b]} + 1) * claims[a].weight;
    if (x != y) return x > y;
    const bool a_holds = claims[a].held > out[a];
    const bool b_holds = claims[b].held > out[b];
    return a_holds != b_holds ? b_holds : a > b;
  };
  std::ranges::make_heap(heap, later);
  while (left > 0 && !heap.empty()) {
    std::ranges::pop_heap(heap, later);
    const std::size_t i = heap.back();
    ++out[i];
    --left;
    if (claims[i].grows || out[i] < claims[i].held)
      std::ranges::push_heap(heap, later);
    else
      heap.pop_back();
  }
  return out;
}

}  // namespace

std::vector<std::uint32_t> shares(std::uint64_t slots, std::span<const Claim> claims) {
  if (claims.empty()) return {};
  if (all_equal_and_growing(claims)) return equal_shares(slots, claims);
  return weighted_shares(slots, claims);
}

}  // namespace muster::core::assign
