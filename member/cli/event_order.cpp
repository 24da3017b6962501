#include "event_order.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace muster::cli {

/// Each event sorts under the newest time that its shard had shown by then, so a shard's keys never
/// go back.
std::vector<Event> in_time_order(std::vector<Event> events) {
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tie(a.shard, a.number) < std::tie(b.shard, b.number);
  });
  struct Entry {
    std::int64_t key;
    std::size_t index;
  };
  std::vector<Entry> order;
  order.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool same_shard = i > 0 && events[i - 1].shard == events[i].shard;
    order.push_back(
        {same_shard ? std::max(order.back().key, events[i].at.ms) : events[i].at.ms, i});
  }
  std::sort(order.begin(), order.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.key, a.index) < std::tie(b.key, b.index);
  });
  std::vector<Event> out;
  out.reserve(events.size());
  for (const Entry& entry : order) out.push_back(std::move(events[entry.index]));
  return out;
}

}  // namespace muster::cli
