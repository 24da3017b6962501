#include "assign/slots.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {

std::vector<std::uint32_t> slot_begins(std::span<const std::int32_t> partitions) {
  std::vector<std::uint32_t> begins(partitions.size() + 1, 0);
  for (std::size_t t = 0; t < partitions.size(); ++t)
    begins[t + 1] = begins[t] + static_cast<std::uint32_t>(partitions[t]);
  return begins;
}

Plan plan_for(const Problem& problem, std::vector<MemberIndex> owner) {
  const auto members = static_cast<MemberIndex>(problem.members.size());
  const std::size_t known = std::min(problem.owner.size(), owner.size());
  const auto before = [&](std::size_t slot) {
    const MemberIndex from = problem.owner[slot];
    return from < members ? from : nobody;
  };

  // Counted first, so that the list is made once and in its final size.
  std::size_t count = 0;
  for (std::size_t s = 0; s < known; ++s) count += static_cast<std::size_t>(before(s) != owner[s]);
  for (std::size_t s = known; s < owner.size(); ++s)
    count += static_cast<std::size_t>(owner[s] != nobody);

  Plan plan;
  plan.changes.reserve(count);
  for (std::size_t s = 0; s < owner.size() && plan.changes.size() < count; ++s) {
    const MemberIndex from = s < known ? before(s) : nobody;
    if (from != owner[s])
      plan.changes.push_back({.slot = static_cast<std::uint32_t>(s), .from = from, .to = owner[s]});
  }
  plan.owner = std::move(owner);
  return plan;
}

}  // namespace muster::core::assign
