#include "assign/level.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

/// How many of a giver's slots are looked at to find one that the receiver's spread wants.
constexpr std::size_t probes = 32;

std::size_t capacity_for(std::size_t load) {
  return load + load / 8 + 4;
}

}  // namespace

void Level::load(std::span<const std::int32_t> partitions, MemberIndex members,
                 std::span<const MemberIndex> owner) {
  std::size_t slots = 0;
  for (const std::int32_t count : partitions) slots += static_cast<std::size_t>(count);
  owner_.assign(slots, nobody);
  std::copy_n(owner.begin(), std::min(slots, owner.size()), owner_.begin());
  std::ranges::replace_if(owner_, [&](MemberIndex m) { return m >= members; }, nobody);

  std::vector<std::uint32_t> loads(members, 0);
  for (const MemberIndex m : owner_)
    if (m != nobody) ++loads[m];
  slots_.clear();
  slots_.reserve(capacity_for(members));
  slots_.resize(members);
  for (MemberIndex m = 0; m < members; ++m) slots_[m].reserve(capacity_for(loads[m]));
  free_.clear();
  for (std::uint32_t s = 0; s < owner_.size(); ++s) {
    if (owner_[s] == nobody)
      free_.push_back({.slot = s, .from = nobody});
    else
      slots_[owner_[s]].push_back(s);
  }

  links_.reserve(capacity_for(members));
  links_.assign(members, {});
  buckets_.clear();
  present_ = members;
  lowest_ = highest_ = loads.empty() ? 0 : loads.front();
  for (MemberIndex m = 0; m < members; ++m) enter_bucket(m);
}

MemberIndex Level::join(std::vector<Change>& changes) {
  const auto member = static_cast<MemberIndex>(slots_.size());
  ++present_;
  slots_.emplace_back().reserve(capacity_for(owner_.size() / present_));
  links_.emplace_back();
  if (present_ == 1) lowest_ = highest_ = 0;
  enter_bucket(member);
  place_free(changes);
  flatten(changes);
  return member;
}

void Level::leave(MemberIndex member, std::vector<Change>& changes) {
  leave_bucket(member);
  --present_;
  find_range();
  std::vector<std::uint32_t> slots = std::exchange(slots_[member], {});
  // In slot order, so that dealing them round the bucket spreads each topic.
  std::ranges::sort(slots);
  for (const std::uint32_t slot : slots) free_.push_back({.slot = slot, .from = member});
  if (present_ == 0) {
    for (Free& free : free_) {
      if (free.from == nobody) continue;
      changes.push_back({.slot = free.slot, .from = free.from, .to = nobody});
      owner_[free.slot] = nobody;
      free.from = nobody;
    }
    std::ranges::sort(free_, {}, &Free::slot);
    return;
  }
  place_free(changes);
  flatten(changes);
}

std::span<const std::uint32_t> Level::slots_of(MemberIndex member) const {
  return member < slots_.size() ? std::span<const std::uint32_t>(slots_[member])
                                : std::span<const std::uint32_t>{};
}

/// A bucket is a ring, entered at its end and left at its front: members of one load take turns.
void Level::enter_bucket(MemberIndex member) {
  const auto load = static_cast<std::uint32_t>(slots_[member].size());
  if (load >= buckets_.size()) buckets_.resize(load + 1, nobody);
  MemberIndex& first = buckets_[load];
  if (first == nobody) {
    first = member;
    links_[member] = {.before = member, .after = member};
  } else {
    const MemberIndex last = links_[first].before;
    links_[member] = {.before = last, .after = first};
    links_[last].after = member;
    links_[first].before = member;
  }
  lowest_ = std::min(lowest_, load);
  highest_ = std::max(highest_, load);
}

/// The caller restores the range (find_range) once it has put the member where it belongs.
void Level::leave_bucket(MemberIndex member) {
  const Link link = links_[member];
  MemberIndex& first = buckets_[slots_[member].size()];
  if (link.after == member) {
    first = nobody;
    return;
  }
  links_[link.before].after = link.after;
  links_[link.after].before = link.before;
  if (first == member) first = link.after;
}

void Level::find_range() {
  if (present_ == 0) return;
  while (buckets_[lowest_] == nobody) ++lowest_;
  while (buckets_[highest_] == nobody) --highest_;
}

void Level::give(MemberIndex member, Free free, std::vector<Change>& changes) {
  leave_bucket(member);
  slots_[member].push_back(free.slot);
  enter_bucket(member);
  find_range();
  owner_[free.slot] = member;
  changes.push_back({.slot = free.slot, .from = free.from, .to = member});
}

/// Where in the numbering of slots the member's next one should lie, so that its share is an even
/// sample of all topics; members start at different places.
std::uint32_t Level::wanted_by(MemberIndex member) const {
  const std::uint64_t share = std::max<std::uint64_t>(1, owner_.size() / present_);
  const std::uint64_t phase = (member * 2654435769U) >> 8;  // the golden ratio, 24 bits of it
  const std::uint64_t place = ((std::uint64_t{slots_[member].size()} << 24) + phase) / share;
  return static_cast<std::uint32_t>(((place & 0xffffffU) * owner_.size()) >> 24);
}

/// Takes from the member a slot close to `wanted`. Its list is roughly in order (built so, and then
/// changed by swaps), so the look begins at the place where that slot would be.
std::uint32_t Level::take_near(MemberIndex member, std::uint32_t wanted) {
  std::vector<std::uint32_t>& slots = slots_[member];
  const std::size_t size = slots.size();
  const std::size_t window = std::min(size, probes);
  const std::size_t middle = static_cast<std::size_t>(std::uint64_t{wanted} * size / owner_.size());
  const std::size_t begin = std::min(middle - std::min(middle, window / 2), size - window);
  std::size_t best = begin;
  std::uint32_t distance = ~0U;
  for (std::size_t i = begin; i < begin + window; ++i) {
    const std::uint32_t d = slots[i] > wanted ? slots[i] - wanted : wanted - slots[i];
    if (d >= distance) continue;
    distance = d;
    best = i;
  }
  leave_bucket(member);
  const std::uint32_t slot = std::exchange(slots[best], slots.back());
  slots.pop_back();
  enter_bucket(member);
  find_range();
  return slot;
}

void Level::place_free(std::vector<Change>& changes) {
  for (const Free free : free_) give(buckets_[lowest_], free, changes);
  free_.clear();
}

/// From the fullest to the emptiest until they differ by one at most. Nobody gives twice what it
/// was given: who has received is never two above the lowest again, so each slot moves at most
/// once.
void Level::flatten(std::vector<Change>& changes) {
  while (highest_ - lowest_ >= 2) {
    const MemberIndex from = buckets_[highest_];
    const MemberIndex to = buckets_[lowest_];
    const std::uint32_t slot = take_near(from, wanted_by(to));
    give(to, {.slot = slot, .from = from}, changes);
  }
}

}  // namespace muster::core::assign
