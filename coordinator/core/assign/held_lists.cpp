#include "assign/held_lists.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::core::assign {

HeldLists::HeldLists(const Picture& picture, const std::vector<std::uint8_t>& wanted) {
  const std::size_t members = wanted.size();
  std::vector<std::uint32_t> begins(members + 1, 0);
  for (std::size_t m = 0; m < members; ++m)
    begins[m + 1] = begins[m] + (wanted[m] != 0 ? picture.held[m] : 0);
  slots_.resize(begins[members]);
  std::vector<std::uint32_t> fill(begins.begin(), begins.end() - 1);
  if (!slots_.empty()) {
    for (std::uint32_t s = 0; s < picture.owner.size(); ++s) {
      const MemberIndex m = picture.owner[s];
      if (m != nobody && wanted[m] != 0) slots_[fill[m]++] = s;
    }
  }

  runs_begin_.reserve(members + 1);
  for (std::size_t m = 0; m < members; ++m) {
    runs_begin_.push_back(static_cast<std::uint32_t>(runs_.size()));
    for (std::uint32_t i = begins[m]; i < begins[m + 1];) {
      const auto above = std::ranges::upper_bound(picture.begins, slots_[i]);
      const auto topic = static_cast<std::uint32_t>(above - picture.begins.begin()) - 1;
      std::uint32_t end = i + 1;
      while (end < begins[m + 1] && slots_[end] < *above) ++end;
      runs_.push_back({.topic = topic, .begin = i, .count = end - i});
      i = end;
    }
  }
  runs_begin_.push_back(static_cast<std::uint32_t>(runs_.size()));
}

}  // namespace muster::core::assign
