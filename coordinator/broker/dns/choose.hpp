/// Which endpoints are told, and in which order.
#pragma once

#include "directory.hpp"

#include <cstdint>
#include <vector>

namespace muster::broker::dns {

/// Leaves those of the best ranks that are at least half of all. So who is late, or flaps, is told
/// only if there is nothing better, or if so many are late at once that it is hardly they who fail.
void keep_best(std::vector<Endpoint>& endpoints);

/// Whether they have one weight and one rank.
[[nodiscard]] bool are_alike(const std::vector<Endpoint>& endpoints);

/// A random order, by ranks, in which an endpoint comes first as often as its weight says; those of
/// weight 0 come last. The same entropy gives the same order.
void shuffle(std::vector<Endpoint>& endpoints, std::uint64_t entropy);

}  // namespace muster::broker::dns
