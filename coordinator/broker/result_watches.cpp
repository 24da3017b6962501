#include "result_watches.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::broker {

std::uint64_t ResultWatches::index_of(const std::string& service) const {
  const Views views = views_();
  if (service.empty()) return core::names_index(views);
  const auto shard = core::shard_of(service, static_cast<std::uint32_t>(views.size()));
  return core::service_index(*views[shard], service);
}

std::uint64_t ResultWatches::watch(std::uint32_t loop, const std::string& service,
                                   std::uint64_t than, std::function<void()> f) {
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    lists_[service].push_back({id, loop, than, std::move(f)});
    names_.emplace(id, service);
  }
  // Asked after it is listed: what is published from now on finds it.
  List woken;
  if (const std::uint64_t index = index_of(service); index > than) {
    const std::lock_guard lock(mutex_);
    take(service, index, woken);
  }
  wake(std::move(woken));
  return id;
}

void ResultWatches::unwatch(std::uint64_t watch) {
  const std::lock_guard lock(mutex_);
  const auto name = names_.find(watch);
  if (name == names_.end()) return;
  const auto list = lists_.find(name->second);
  std::erase_if(list->second, [&](const Watch& w) { return w.id == watch; });
  if (list->second.empty()) lists_.erase(list);
  names_.erase(name);
}

void ResultWatches::published(const core::View* old, const core::View& view) {
  List woken;
  const bool names_changed = old == nullptr || old->names_index != view.names_index;
  if (names_changed) {
    const std::uint64_t index = index_of("");
    const std::lock_guard lock(mutex_);
    take("", index, woken);
  }
  if (old == nullptr || old->newest_index != view.newest_index) {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, std::uint64_t>> risen;
    for (const auto& [service, list] : lists_) {
      // Services of other shards are not in this picture, and their index is not known from it.
      const auto* present = view.services.find(service);
      if (present != nullptr) risen.emplace_back(service, (*present)->record->index);
    }
    for (const auto& [service, index] : risen) take(service, index, woken);
  }
  wake(std::move(woken));
}

void ResultWatches::take(const std::string& service, std::uint64_t index, List& out) {
  const auto found = lists_.find(service);
  if (found == lists_.end()) return;
  List& list = found->second;
  const auto cut = std::stable_partition(list.begin(), list.end(),
                                         [&](const Watch& w) { return w.than >= index; });
  for (auto it = cut; it != list.end(); ++it) names_.erase(it->id);
  out.insert(out.end(), std::make_move_iterator(cut), std::make_move_iterator(list.end()));
  list.erase(cut, list.end());
  if (list.empty()) lists_.erase(found);
}

void ResultWatches::wake(List&& woken) {
  woken_ += woken.size();
  for (Watch& watch : woken) run_on_(watch.loop, std::move(watch.call));
}

std::size_t ResultWatches::watchers() const {
  const std::lock_guard lock(mutex_);
  return names_.size();
}

}  // namespace muster::broker
