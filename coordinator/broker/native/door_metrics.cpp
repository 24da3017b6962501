#include "door_parts.hpp"

#include <numeric>

namespace muster::broker::native {
namespace {

using Type = MetricsText::Type;
using Value = Counter DoorStats::*;

std::uint64_t sum(const std::vector<std::unique_ptr<LoopDoor>>& loops, Value value) {
  std::uint64_t all = 0;
  for (const auto& loop : loops) all += (loop->stats.*value).value();
  return all;
}

}  // namespace

void Door::Parts::write_metrics(MetricsText& text) const {
  text.gauge("muster_native_connections", "Connections, greeted or not.", listener.connections());
  const auto total = [&](std::string_view name, std::string_view help, Value value) {
    text.counter(name, help, sum(loops, value));
  };
  total("muster_native_accepted_total", "Connections accepted.", &DoorStats::accepted);
  total("muster_native_moved_total", "Connections that moved to the loop of their group.",
        &DoorStats::moved);
  total("muster_native_received_bytes_total", "Bytes read.", &DoorStats::bytes_in);
  total("muster_native_sent_bytes_total", "Bytes written.", &DoorStats::bytes_out);
  total("muster_native_frames_total", "Frames read.", &DoorStats::frames_in);
  total("muster_native_malformed_total", "Frames that made no message.", &DoorStats::malformed);
  total("muster_native_pauses_total", "Times a peer was not read from because it did not read.",
        &DoorStats::pauses);
  total("muster_native_query_waits_total",
        "Times a peer was not read from because its queries waited for their turn.",
        &DoorStats::query_waits);
  total("muster_native_subscriptions_cut_total", "Followers of events that did not read.",
        &DoorStats::subscriptions_cut);
  const auto followed = [&](std::uint64_t (FollowedResults::*value)() const) {
    return std::accumulate(
        loops.begin(), loops.end(), std::uint64_t{0},
        [&](std::uint64_t all, const auto& loop) { return all + (loop->follows.*value)(); });
  };
  text.gauge("muster_native_follows", "Services, and lists of them, that connections follow.",
             followed(&FollowedResults::followers));
  text.counter("muster_native_follow_answers_total", "Results told to those who follow them.",
               followed(&FollowedResults::told));
  text.counter("muster_native_follow_results_total",
               "Results written, each once for all who follow it.",
               followed(&FollowedResults::written));
  text.family("muster_native_closed_total", Type::counter, "Connections closed, by reason.");
  for (std::size_t reason = 0; reason < close_reason_names.size(); ++reason) {
    std::uint64_t all = 0;
    for (const auto& loop : loops) all += loop->stats.closes[reason].value();
    text.value(all, {{"reason", close_reason_names[reason]}});
  }
}

}  // namespace muster::broker::native
