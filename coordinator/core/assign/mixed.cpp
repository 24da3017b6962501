#include "assign/mixed.hpp"

#include "assign/slots.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::core::assign {

std::vector<MemberIndex> level_mixed(const Problem& problem,
                                     std::span<const std::uint32_t> begins) {
  std::vector<MemberIndex> owner(begins.back(), nobody);
  std::vector<std::uint64_t> load(problem.members.size(), 0);
  std::vector<std::vector<MemberIndex>> takers(problem.partitions.size());
  for (MemberIndex m = 0; m < problem.members.size(); ++m)
    if (takes_part(problem.members[m]))
      for (const std::uint32_t t : problem.members[m].topics) takers[t].push_back(m);
  for (std::size_t t = 0; t < takers.size(); ++t) {
    for (std::uint32_t s = begins[t]; s < begins[t + 1] && s < problem.owner.size(); ++s) {
      if (!std::ranges::binary_search(takers[t], problem.owner[s])) continue;
      owner[s] = problem.owner[s];
      ++load[owner[s]];
    }
  }
  for (std::size_t t = 0; t < takers.size(); ++t) {
    std::erase_if(takers[t], [&](MemberIndex m) { return !problem.members[m].takes_new; });
    const auto later = [&](MemberIndex a, MemberIndex b) {
      const std::uint64_t x = (load[a] + 1) * problem.members[b].weight;
      const std::uint64_t y = (load[b] + 1) * problem.members[a].weight;
      return x != y ? x > y : a > b;
    };
    std::ranges::make_heap(takers[t], later);
    for (std::uint32_t s = begins[t]; s < begins[t + 1] && !takers[t].empty(); ++s) {
      if (owner[s] != nobody) continue;
      std::ranges::pop_heap(takers[t], later);
      owner[s] = takers[t].back();
      ++load[owner[s]];
      std::ranges::push_heap(takers[t], later);
    }
  }
  return owner;
}

}  // namespace muster::core::assign
