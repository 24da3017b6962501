#include "subscription.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace muster::broker::native {

std::optional<Refusal> Subscriptions::add(std::uint64_t correlation, ReadEvents query) {
  if (list_.size() >= max_per_connection) {
    return Refusal{
        Errc::limit_reached,
        "a connection follows at most " + std::to_string(max_per_connection) + " lists of events"};
  }
  if (find(correlation) != nullptr) {
    return Refusal{Errc::invalid_request, "correlation " + std::to_string(correlation) +
                                              " already follows events on this connection"};
  }
  ReplyBody first = core::answer(host_.views(), query);
  if (auto* const refusal = std::get_if<Refusal>(&first)) return std::move(*refusal);
  auto one = std::make_unique<One>();
  one->correlation = correlation;
  one->query = std::move(query);
  one->watches.assign(host_.shards(), 0);
  list_.push_back(std::move(one));
  pump(*list_.back(), true);
  return std::nullopt;
}

void Subscriptions::resume() {
  for (const auto& one : list_) {
    if (std::exchange(one->held_up, false)) pump(*one, false);
  }
}

std::size_t Subscriptions::cut(SteadyTime since) {
  return std::erase_if(list_, [&](const auto& one) {
    if (!one->held_up || one->held_since > since) return false;
    unwatch(*one);
    sink_.send_events(one->correlation,
                      Refusal{Errc::push_stalled, "the events were not read in time; ask again"});
    return true;
  });
}

void Subscriptions::clear() {
  for (const auto& one : list_) unwatch(*one);
  list_.clear();
}

void Subscriptions::pump(One& one, bool first) {
  while (true) {
    const Views views = host_.views();
    ReplyBody body = core::answer(views, one.query);
    auto* const list = std::get_if<EventList>(&body);
    if (list == nullptr) return;  // the query was good when it began; it still is
    one.query.after = list->next;
    const std::size_t count = list->events.size();
    const bool takes_more = count > 0 || first ? sink_.send_events(one.correlation, body) : true;
    first = false;
    if (!takes_more) {
      one.held_up = true;
      one.held_since = std::chrono::steady_clock::now();
      return;
    }
    if (count < one.query.limit) return watch(one, views);
  }
}

void Subscriptions::watch(One& one, const Views& views) {
  for (ShardIndex shard = 0; shard < views.size(); ++shard) {
    if (one.watches[shard] != 0) continue;
    if (one.query.group && core::shard_of(one.query.group->value, host_.shards()) != shard)
      continue;
    auto call =
        sink_.guarded([this, correlation = one.correlation, shard] { fired(correlation, shard); });
    one.watches[shard] = host_.changed(loop_, shard, views[shard]->revision, std::move(call));
  }
}

void Subscriptions::fired(std::uint64_t correlation, ShardIndex shard) {
  One* const one = find(correlation);
  if (one == nullptr) return;
  one->watches[shard] = 0;
  if (!one->held_up) pump(*one, false);
}

void Subscriptions::unwatch(One& one) {
  for (ShardIndex shard = 0; shard < one.watches.size(); ++shard) {
    if (one.watches[shard] != 0) host_.unwatch(shard, std::exchange(one.watches[shard], 0));
  }
}

Subscriptions::One* Subscriptions::find(std::uint64_t correlation) {
  const auto it = std::find_if(list_.begin(), list_.end(),
                               [&](const auto& one) { return one->correlation == correlation; });
  return it == list_.end() ? nullptr : it->get();
}

}  // namespace muster::broker::native
