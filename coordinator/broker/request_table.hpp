/// Which request an answer of the core belongs to: slots with a free list.
#pragma once

#include <muster/core/effects.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace muster::broker {

/// Of one shard, on its thread. An id is its slot and the slot's generation, so that an answer to a
/// request that was dropped finds nothing.
class RequestTable {
 public:
  struct Origin {
    std::uint64_t connection = 0;
    std::uint64_t correlation = 0;
    bool beat = false;  ///< It is a heartbeat: its answer does not wait in line.
  };

  [[nodiscard]] core::RequestId open(const Origin& origin) {
    const std::uint32_t index = take_slot();
    Slot& slot = slots_[index];
    slot.origin = origin;
    slot.parked = false;
    slot.open = true;
    ++open_;
    return {std::uint64_t{slot.generation} << 32 | index};
  }

  /// Who waits for this answer; the slot is free again. Nothing: nobody does any more.
  [[nodiscard]] std::optional<Origin> close(core::RequestId id) {
    Slot* const slot = find(id);
    if (slot == nullptr) return std::nullopt;
    const auto index = static_cast<std::uint32_t>(id.value);
    if (slot->parked) parked_.erase({slot->origin.connection, index});
    release(index);
    return slot->origin;
  }

  /// Called for each request at the end of the turn that took it: if it is still open, it is parked
  /// and must be found when its connection closes.
  void park_if_open(core::RequestId id) {
    Slot* const slot = find(id);
    if (slot == nullptr || slot->parked) return;
    slot->parked = true;
    parked_.emplace(slot->origin.connection, static_cast<std::uint32_t>(id.value));
  }

  /// Forgets what a closed connection still waits for.
  void drop(std::uint64_t connection) {
    auto it = parked_.lower_bound({connection, 0});
    while (it != parked_.end() && it->first == connection) {
      release(it->second);
      it = parked_.erase(it);
    }
  }

  [[nodiscard]] std::size_t open_count() const { return open_; }
  [[nodiscard]] std::size_t parked_count() const { return parked_.size(); }

 private:
  static constexpr std::uint32_t none = 0xffffffff;

  struct Slot {
    Origin origin;
    std::uint32_t generation = 1;
    std::uint32_t next_free = none;
    bool open = false;
    bool parked = false;
  };

  std::uint32_t take_slot() {
    if (free_ == none) {
      slots_.emplace_back();
      return static_cast<std::uint32_t>(slots_.size() - 1);
    }
    const std::uint32_t index = free_;
    free_ = slots_[index].next_free;
    return index;
  }

  Slot* find(core::RequestId id) {
    const auto index = static_cast<std::uint32_t>(id.value);
    if (index >= slots_.size()) return nullptr;
    Slot& slot = slots_[index];
    return slot.open && slot.generation == id.value >> 32 ? &slot : nullptr;
  }

  void release(std::uint32_t index) {
    Slot& slot = slots_[index];
    slot.open = false;
    slot.generation = slot.generation % 0x7fff'ffff + 1;  // the top bit of an id stays free
    slot.next_free = free_;
    free_ = index;
    --open_;
  }

  std::vector<Slot> slots_;
  std::uint32_t free_ = none;
  std::size_t open_ = 0;
  std::set<std::pair<std::uint64_t, std::uint32_t>> parked_;
};

}  // namespace muster::broker
