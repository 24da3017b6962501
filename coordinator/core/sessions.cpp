#include "sessions.hpp"

#include <muster/mutant.hpp>

#include "assert.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace muster::core {
namespace {

constexpr std::uint64_t slot_bits = 28;
constexpr std::uint64_t generation_bits = 20;
constexpr std::uint64_t slot_mask = (1ULL << slot_bits) - 1;
constexpr std::uint64_t generation_mask = (1ULL << generation_bits) - 1;

}  // namespace

// Wheel -----------------------------------------------------------------------------------------

void Wheel::add(WheelEntry entry, SessionTime at) {
  const std::int64_t wanted = (at + bucket_ms - 1) / bucket_ms;
  const std::int64_t farthest = position_ + static_cast<std::int64_t>(buckets) - 1;
  const std::int64_t bucket = std::clamp(wanted, position_, farthest);
  const std::size_t i = index(bucket);
  lists_[i].push_back(entry);
  filled_[i / 64] |= 1ULL << (i % 64);
}

bool Wheel::take_due(SessionTime now, std::size_t most, std::vector<WheelEntry>& out) {
  out.clear();
  const std::int64_t last = now / bucket_ms;
  // After a long absence every bucket is due once; going around again would find nothing.
  const std::int64_t turn = static_cast<std::int64_t>(buckets);
  for (std::int64_t steps = 0; position_ <= last && steps < turn; ++steps) {
    const std::size_t i = index(position_);
    auto& list = lists_[i];
    if ((filled_[i / 64] >> (i % 64) & 1) == 0) {
      ++position_;
      continue;
    }
    const std::size_t taken = std::min(most - out.size(), list.size());
    out.insert(out.end(), list.end() - static_cast<std::ptrdiff_t>(taken), list.end());
    list.resize(list.size() - taken);
    if (!list.empty()) return true;
    filled_[i / 64] &= ~(1ULL << (i % 64));
    if (list.capacity() > 1'024) std::vector<WheelEntry>{}.swap(list);
    ++position_;
    if (out.size() == most) return true;
  }
  position_ = std::max(position_, last + 1);
  return false;
}

std::optional<SessionTime> Wheel::next() const {
  const std::size_t start = index(position_);
  for (std::size_t word = 0; word <= filled_.size(); ++word) {
    const std::size_t w = (start / 64 + word) % filled_.size();
    std::uint64_t bits = filled_[w];
    if (word == 0) bits &= ~0ULL << (start % 64);
    if (word == filled_.size()) bits &= (1ULL << (start % 64)) - 1;
    if (bits == 0) continue;
    const std::size_t found = w * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    const std::size_t distance = (found + buckets - start) % buckets;
    return (position_ + static_cast<std::int64_t>(distance)) * bucket_ms;
  }
  return std::nullopt;
}

void Wheel::pack(Packer& out) const {
  out.put(position_);
  out.put(filled_);
  for (std::size_t i = 0; i < buckets; ++i)
    if ((filled_[i / 64] >> (i % 64) & 1) != 0) out.put(std::span<const WheelEntry>(lists_[i]));
}

void Wheel::unpack(Unpacker& in) {
  position_ = in.get<std::int64_t>();
  filled_ = in.get<std::array<std::uint64_t, buckets / 64>>();
  for (std::size_t i = 0; i < buckets; ++i)
    if ((filled_[i / 64] >> (i % 64) & 1) != 0) lists_[i] = in.list<WheelEntry>();
}

void Wheel::rewind(SessionTime fell_ms, SessionTime now) {
  const std::int64_t fell = fell_ms / bucket_ms + 1;
  std::array<std::vector<WheelEntry>, buckets> old;
  old.swap(lists_);
  filled_ = {};
  const std::int64_t from = position_;
  position_ = std::min(position_, now / bucket_ms);
  for (std::int64_t ahead = 0; ahead < static_cast<std::int64_t>(buckets); ++ahead)
    for (const WheelEntry& entry : old[index(from + ahead)])
      add(entry, (from + ahead - fell) * bucket_ms);
}

// Sessions ----------------------------------------------------------------------------------------

Millis Sessions::credit_gap(Mono last_ran, Mono now) {
  if (now - last_ran <= limits_.uncredited_gap || MUSTER_MUTANT(credits_no_gap)) return Millis{0};
  // Gaps of several loops may overlap, and the longest comes to an end, and is told, last.
  constexpr std::size_t remembered = 16;
  Millis fresh = now - last_ran;
  Span whole{last_ran, now};
  std::erase_if(credited_, [&](const Span& span) {
    if (span.end < last_ran || span.begin > now) return false;
    fresh -= MUSTER_MUTANT(credits_gap_from_the_newest)
                 ? span.end - last_ran
                 : std::min(span.end, now) - std::max(span.begin, last_ran);
    whole = {std::min(whole.begin, span.begin), std::max(whole.end, span.end)};
    return true;
  });
  if (credited_.size() == remembered) credited_.erase(credited_.begin());
  credited_.push_back(whole);
  credit_ += fresh.count();
  // Not if it was this shard's own loop that was away: then time stood still for it.
  if (at(now) < used_ && !MUSTER_MUTANT(wheel_stays_ahead)) {
    fall_back(used_ - at(now), at(now));
    used_ = at(now);
  }
  if (MUSTER_MUTANT(gap_hides_the_next)) used_ -= fresh.count();
  return fresh;
}

/// Nobody was heard in the future.
void Sessions::fall_back(SessionTime by, SessionTime now) {
  wheel_.rewind(by, now);
  for (std::uint32_t slot = 0; slot < capacity_; ++slot) {
    Session& s = table_[slot];
    if (s.used) s.last_heard = std::min(s.last_heard, now);
  }
}

void Unmap::operator()(Session* table) const {
  ::munmap(table, bytes);
}

/// The table is mapped, not allocated: pages come as they are used, so that room to grow costs
/// nothing, and large ones cut the cost of finding a session among millions. A fresh page is zero,
/// as a session is that was never open.
void Sessions::grow(std::uint32_t slots) {
  if (slots <= capacity_) return;
  const std::uint32_t capacity = std::max({slots, capacity_ * 2, 1'024U});
  const std::size_t bytes = std::size_t{capacity} * sizeof(Session);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc{};
  ::madvise(memory, bytes, MADV_HUGEPAGE);
  auto* table = static_cast<Session*>(memory);
  if (capacity_ > 0) std::copy_n(table_.get(), capacity_, table);
  table_ = std::unique_ptr<Session[], Unmap>(table, Unmap{bytes});
  capacity_ = capacity;
}

Session& Sessions::open(std::uint32_t slot, Millis timeout, Millis max_poll, SessionTime heard_at) {
  grow(slot + 1);
  Session& s = table_[slot];
  const std::uint32_t generation = s.generation;
  const std::uint32_t stamp = s.wheel_stamp;
  if (!s.used) ++count_;
  s = Session{};
  s.used = true;
  s.generation = generation;
  s.wheel_stamp = stamp + 1;
  s.last_heard = heard_at;
  s.last_progress = heard_at;
  s.timeout_ms = s.offered_ms = static_cast<std::uint32_t>(timeout.count());
  s.max_poll_ms = static_cast<std::uint32_t>(max_poll.count());
  return s;
}

void Sessions::close(std::uint32_t slot) {
  Session& s = table_[slot];
  MUSTER_ASSERT(s.used, "only an open session is closed");
  withdrawals_.erase(slot);
  forget_answer(slot);
  s.used = false;
  s.watched = false;
  s.connection = 0;
  ++s.generation;
  ++s.wheel_stamp;
  --count_;
}

Revision Sessions::withdrawal(std::uint32_t slot) const {
  const auto it = withdrawals_.find(slot);
  return it == withdrawals_.end() ? 0 : it->second;
}

void Sessions::answered_after(std::uint32_t slot, Revision revision) {
  forget_answer(slot);
  answers_.emplace(slot, revision);
  leaving_.emplace(revision, slot);
}

bool Sessions::awaits_answer(std::uint32_t slot, Revision durable) const {
  if (answers_.empty()) return false;
  const auto it = answers_.find(slot);
  return it != answers_.end() && it->second > durable;
}

void Sessions::begin_silences(Revision durable, SessionTime now) {
  while (answers_leave(durable)) {
    const std::uint32_t slot = leaving_.begin()->second;
    forget_answer(slot);
    Session& s = table_[slot];
    s.last_heard = std::max(s.last_heard, now);
    s.last_progress = std::max(s.last_progress, now);
    used_ = std::max(used_, now);
  }
}

void Sessions::forget_answer(std::uint32_t slot) {
  const auto it = answers_.find(slot);
  if (it == answers_.end()) return;
  leaving_.erase({it->second, slot});
  answers_.erase(it);
}

SessionHandle Sessions::bind(std::uint32_t slot, SessionRef connection) {
  Session& s = table_[slot];
  ++s.generation;
  s.connection = connection.connection;
  return handle(slot);
}

SessionHandle Sessions::handle(std::uint32_t slot) const {
  const std::uint64_t generation = table_[slot].generation;
  return {std::uint64_t{shard_} << (slot_bits + generation_bits) | generation << slot_bits | slot};
}

std::optional<std::uint32_t> Sessions::find(SessionHandle handle, SessionRef from) const {
  const auto slot = static_cast<std::uint32_t>(handle.value & slot_mask);
  const auto generation = static_cast<std::uint32_t>(handle.value >> slot_bits & generation_mask);
  if (slot >= capacity_ || shard_of(handle) != shard_) return std::nullopt;
  const Session& s = table_[slot];
  if (!s.used || s.generation != generation || s.connection != from.connection) return std::nullopt;
  return slot;
}

void Sessions::prefetch(SessionHandle handle) const noexcept {
  const auto slot = static_cast<std::uint32_t>(handle.value & slot_mask);
  if (slot < capacity_) __builtin_prefetch(&table_[slot], 1);
}

void Sessions::watch(std::uint32_t slot, SessionTime when) {
  Session& s = table_[slot];
  ++s.wheel_stamp;
  s.watched = true;
  wheel_.add({slot, s.wheel_stamp}, when);
}

void Sessions::pack(Packer& out, std::uint32_t slots) const {
  out.put(credit_), out.put(used_), out.put(std::span<const Span>(credited_)), out.put(count_);
  out.put(std::uint64_t{withdrawals_.size()});
  for (const auto& [slot, revision] : withdrawals_) out.put(slot), out.put(revision);
  out.put(std::uint64_t{answers_.size()});
  for (const auto& [slot, revision] : answers_) out.put(slot), out.put(revision);
  out.put(std::span<const Session>(table_.get(), std::min(slots, capacity_)));
  wheel_.pack(out);
}

bool Sessions::unpack(Unpacker& in) {
  credit_ = in.get<std::int64_t>();
  used_ = in.get<SessionTime>();
  credited_ = in.list<Span>();
  count_ = in.get<std::uint64_t>();
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    const auto slot = in.get<std::uint32_t>();
    withdrawals_[slot] = in.get<Revision>();
  }
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    const auto slot = in.get<std::uint32_t>();
    const auto revision = in.get<Revision>();
    answers_[slot] = revision;
    leaving_.emplace(revision, slot);
  }
  const auto table = in.list<Session>();
  grow(static_cast<std::uint32_t>(table.size()));
  std::copy(table.begin(), table.end(), table_.get());
  wheel_.unpack(in);
  return in.ok();
}

}  // namespace muster::core
