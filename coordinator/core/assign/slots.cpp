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

namespace {

/// Slots looked at together: their comparison is one the compiler makes many at a time.
constexpr std::size_t block = 256;

std::size_t differences(const MemberIndex* a, const MemberIndex* b, std::size_t count) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out += static_cast<std::uint32_t>(a[i] != b[i]);
  return out;
}

}  // namespace

Plan plan_for(const Problem& problem, std::vector<MemberIndex> owner) {
  const auto members = static_cast<MemberIndex>(problem.members.size());
  const std::size_t known = std::min(problem.owner.size(), owner.size());
  const MemberIndex* const before = problem.owner.data();
  const MemberIndex* const now = owner.data();

  // Counted first, so that the list is made once and in its final size.
  Plan plan;
  plan.changes.reserve(differences(before, now, known) + owner.size() - known);
  const auto add = [&](std::size_t slot, MemberIndex from) {
    if (from != now[slot])
      plan.changes.push_back(
          {.slot = static_cast<std::uint32_t>(slot), .from = from, .to = now[slot]});
  };
  for (std::size_t begin = 0; begin < known; begin += block) {
    const std::size_t count = std::min(block, known - begin);
    if (differences(before + begin, now + begin, count) == 0) continue;
    for (std::size_t s = begin; s < begin + count; ++s)
      add(s, before[s] < members ? before[s] : nobody);
  }
  for (std::size_t s = known; s < owner.size(); ++s) add(s, nobody);
  plan.owner = std::move(owner);
  return plan;
}

}  // namespace muster::core::assign
