#include "assign/spread.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::core::assign {

Releaser::Releaser(std::span<const std::uint32_t> begins, std::uint64_t in_play)
    : begins_(begins), in_play_(in_play), released_(begins.size(), 0) {}

void Releaser::find_holdings(std::span<const std::uint32_t> slots, std::uint32_t share) {
  holdings_.clear();
  for (std::size_t i = 0; i < slots.size();) {
    const auto topic_end = std::ranges::upper_bound(begins_, slots[i]);
    const auto topic = static_cast<std::uint32_t>(topic_end - begins_.begin()) - 1;
    const auto run_end =
        std::lower_bound(slots.begin() + static_cast<std::ptrdiff_t>(i), slots.end(), *topic_end);
    const auto end = static_cast<std::size_t>(run_end - slots.begin());
    const auto count = static_cast<std::uint32_t>(end - i);
    const std::uint64_t size = begins_[topic + 1] - begins_[topic];
    const std::uint64_t part = (size * share + in_play_ - 1) / in_play_;
    const auto excess = count > part ? static_cast<std::uint32_t>(count - part) : 0;
    holdings_.push_back(
        {.topic = topic, .begin = static_cast<std::uint32_t>(i), .count = count, .excess = excess});
    i = end;
  }
}

bool Releaser::gives_later(const Holding& a, const Holding& b) const {
  if (a.excess != b.excess) return a.excess < b.excess;
  const std::uint64_t size_a = begins_[a.topic + 1] - begins_[a.topic];
  const std::uint64_t size_b = begins_[b.topic + 1] - begins_[b.topic];
  const std::uint64_t given_a = released_[a.topic] * size_b;
  const std::uint64_t given_b = released_[b.topic] * size_a;
  if (given_a != given_b) return given_a > given_b;
  return a.topic > b.topic;
}

void Releaser::release(std::span<const std::uint32_t> slots, std::uint32_t surplus,
                       std::uint32_t share, std::span<MemberIndex> owner) {
  find_holdings(slots, share);
  const auto later = [this](const Holding& a, const Holding& b) { return gives_later(a, b); };
  std::ranges::make_heap(holdings_, later);
  for (; surplus > 0; --surplus) {
    std::ranges::pop_heap(holdings_, later);
    Holding& from = holdings_.back();
    owner[slots[from.begin + --from.count]] = nobody;
    ++released_[from.topic];
    if (from.excess > 0) --from.excess;
    if (from.count == 0)
      holdings_.pop_back();
    else
      std::ranges::push_heap(holdings_, later);
  }
}

Dealer::Dealer(std::span<const std::uint32_t> room)
    : room_(room.begin(), room.end()), next_(room.size(), nobody), held_(room.size(), 0) {
  MemberIndex first = nobody;
  MemberIndex last = nobody;
  for (MemberIndex m = 0; m < room.size(); ++m) {
    if (room[m] == 0) continue;
    if (last == nobody)
      first = m;
    else
      next_[last] = m;
    last = m;
    ++size_;
  }
  if (last == nobody) return;
  next_[last] = first;
  current_ = first;
  before_ = last;
  left_in_lap_ = size_;
}

void Dealer::begin_topic() {
  for (const MemberIndex m : touched_) held_[m] = 0;
  touched_.clear();
  lap_ = 0;
  left_in_lap_ = size_;
}

MemberIndex Dealer::deal() {
  // A lap passes each member at most once, and passes over only those that hold more than the lap's
  // number: so all laps of a topic together cost no more than its slots.
  while (size_ > 0) {
    if (left_in_lap_ == 0) {
      ++lap_;
      left_in_lap_ = size_;
    }
    --left_in_lap_;
    const MemberIndex member = current_;
    if (held_[member] > lap_) {
      advance();
      continue;
    }
    count(member);
    if (--room_[member] == 0)
      drop_current();
    else
      advance();
    return member;
  }
  return nobody;
}

void Dealer::advance() {
  before_ = current_;
  current_ = next_[current_];
}

void Dealer::drop_current() {
  next_[before_] = next_[current_];
  current_ = next_[current_];
  --size_;
}

std::vector<MemberIndex> proportional_order(std::span<const std::uint32_t> room) {
  std::uint64_t places = 0;
  for (const std::uint32_t r : room) places += r;
  const auto position = [&](std::uint64_t k, std::uint64_t r) {
    return static_cast<std::size_t>((2 * k + 1) * places / (2 * r));
  };

  // Sorted by counting: where each position's members begin, then the members in order of index.
  std::vector<std::uint32_t> start(static_cast<std::size_t>(places) + 1, 0);
  for (const std::uint32_t r : room)
    for (std::uint32_t k = 0; k < r; ++k) ++start[position(k, r) + 1];
  for (std::size_t i = 1; i < start.size(); ++i) start[i] += start[i - 1];
  std::vector<MemberIndex> order(static_cast<std::size_t>(places), nobody);
  for (MemberIndex m = 0; m < room.size(); ++m)
    for (std::uint32_t k = 0; k < room[m]; ++k) order[start[position(k, room[m])]++] = m;
  return order;
}

}  // namespace muster::core::assign
