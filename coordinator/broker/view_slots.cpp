#include "view_slots.hpp"

#include <algorithm>

namespace muster::broker {

void ViewSlots::publish(ShardIndex shard, std::shared_ptr<const core::View> view) {
  Slot& slot = slots_[shard];
  std::vector<Watch> woken;
  {
    const std::lock_guard lock(slot.mutex);
    const auto waits = [&](const Watch& w) { return w.than >= view->revision; };
    const auto cut = std::stable_partition(slot.watches.begin(), slot.watches.end(), waits);
    woken.assign(std::make_move_iterator(cut), std::make_move_iterator(slot.watches.end()));
    slot.watches.erase(cut, slot.watches.end());
    slot.view.swap(view);
    ++slot.published;
  }  // the old picture may be the last of its kind: it is freed outside the lock
  for (Watch& watch : woken) run_on_(watch.loop, std::move(watch.call));
  if (told_) told_();
}

std::shared_ptr<const core::View> ViewSlots::of(ShardIndex shard) const {
  const std::lock_guard lock(slots_[shard].mutex);
  return slots_[shard].view;
}

std::vector<std::shared_ptr<const core::View>> ViewSlots::all() const {
  std::vector<std::shared_ptr<const core::View>> views;
  views.reserve(slots_.size());
  for (ShardIndex shard = 0; shard < slots_.size(); ++shard) views.push_back(of(shard));
  return views;
}

std::uint64_t ViewSlots::watch(std::uint32_t loop, ShardIndex shard, Revision than,
                               std::function<void()> f) {
  Slot& slot = slots_[shard];
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(slot.mutex);
    id = ++slot.last_id;
    if (!slot.view || slot.view->revision <= than) {
      slot.watches.push_back({id, loop, than, std::move(f)});
      return id;
    }
  }
  run_on_(loop, std::move(f));
  return id;
}

void ViewSlots::unwatch(ShardIndex shard, std::uint64_t watch) {
  Slot& slot = slots_[shard];
  const std::lock_guard lock(slot.mutex);
  std::erase_if(slot.watches, [&](const Watch& w) { return w.id == watch; });
}

std::size_t ViewSlots::watchers() const {
  std::size_t sum = 0;
  for (const Slot& slot : slots_) {
    const std::lock_guard lock(slot.mutex);
    sum += slot.watches.size();
  }
  return sum;
}

std::uint64_t ViewSlots::published() const {
  std::uint64_t sum = 0;
  for (const Slot& slot : slots_) {
    const std::lock_guard lock(slot.mutex);
    sum += slot.published;
  }
  return sum;
}

}  // namespace muster::broker
