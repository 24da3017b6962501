#include "choose.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace muster::broker::dns {
namespace {

/// SplitMix64: each call gives 64 fresh bits.
std::uint64_t next(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

template <class Property>
bool all_have(const std::vector<Endpoint>& endpoints, Property property) {
  return std::all_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
    return endpoint.*property == endpoints.front().*property;
  });
}

void shuffle_equals(std::vector<Endpoint>& endpoints, std::uint64_t state) {
  for (std::size_t left = endpoints.size(); left > 1; --left) {
    // The high half of a 64-bit product: as fair as 32 bits can be, without a division.
    const std::size_t pick = (next(state) >> 32) * left >> 32;
    std::swap(endpoints[pick], endpoints[left - 1]);
  }
}

/// Each draws the time of its first arrival, at the rate of its weight; who comes first, stands
/// first.
void shuffle_weighted(std::vector<Endpoint>& endpoints, std::uint64_t state) {
  std::vector<std::pair<double, Endpoint>> drawn;
  drawn.reserve(endpoints.size());
  for (const Endpoint& endpoint : endpoints) {
    const double uniform = (static_cast<double>(next(state) >> 11) + 0.5) * 0x1p-53;
    const double time = endpoint.weight > 0 ? -std::log(uniform) / endpoint.weight
                                            : std::numeric_limits<double>::max() * uniform;
    drawn.emplace_back(time, endpoint);
  }
  std::sort(drawn.begin(), drawn.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::transform(drawn.begin(), drawn.end(), endpoints.begin(),
                 [](const auto& one) { return one.second; });
}

}  // namespace

void keep_best(std::vector<Endpoint>& endpoints) {
  std::uint8_t worst = 0;
  for (const Endpoint& endpoint : endpoints) worst = std::max(worst, endpoint.rank);
  for (std::uint8_t rank = 0; rank < worst; ++rank) {
    const auto beyond = [rank](const Endpoint& endpoint) { return endpoint.rank > rank; };
    const auto others = std::count_if(endpoints.begin(), endpoints.end(), beyond);
    if (static_cast<std::size_t>(others) * 2 > endpoints.size()) continue;
    std::erase_if(endpoints, beyond);
    return;
  }
}

bool are_alike(const std::vector<Endpoint>& endpoints) {
  return all_have(endpoints, &Endpoint::weight) && all_have(endpoints, &Endpoint::rank);
}

void shuffle(std::vector<Endpoint>& endpoints, std::uint64_t entropy) {
  if (all_have(endpoints, &Endpoint::weight)) {
    shuffle_equals(endpoints, entropy);
  } else {
    shuffle_weighted(endpoints, entropy);
  }
  if (all_have(endpoints, &Endpoint::rank)) return;
  std::stable_sort(endpoints.begin(), endpoints.end(),
                   [](const Endpoint& a, const Endpoint& b) { return a.rank < b.rank; });
}

}  // namespace muster::broker::dns
