#include "door_parts.hpp"

#include <numeric>

namespace muster::broker::http {
namespace {

using Type = MetricsText::Type;
using Loops = std::vector<std::unique_ptr<LoopDoor>>;

constexpr std::array<std::string_view, 6> class_names{"0xx", "1xx", "2xx", "3xx", "4xx", "5xx"};

template <class Value>
std::uint64_t sum(const Loops& loops, Value value) {
  return std::accumulate(loops.begin(), loops.end(), std::uint64_t{0},
                         [&](std::uint64_t all, const auto& loop) { return all + value(*loop); });
}

void write_requests(MetricsText& text, const Loops& loops) {
  text.family("muster_http_requests_total", Type::counter,
              "Requests answered, by route and by the hundreds of their status.");
  const auto table = routes();
  for (std::size_t row = 0; row <= table.size(); ++row) {
    const std::string route = row < table.size() ? std::string{to_string(table[row].method)} + " " +
                                                       std::string{table[row].path}
                                                 : "none";
    for (std::size_t hundreds = 1; hundreds < class_names.size(); ++hundreds) {
      const auto count = sum(loops, [&](const LoopDoor& loop) {
        return loop.stats.routes[row].by_class[hundreds].value();
      });
      if (count > 0) text.value(count, {{"route", route}, {"status", class_names[hundreds]}});
    }
  }
}

template <class Names, class Value>
void write_by_reason(MetricsText& text, const Loops& loops, std::string_view name,
                     std::string_view help, const Names& names, Value value) {
  text.family(name, Type::counter, help);
  for (std::size_t i = 0; i < names.size(); ++i)
    text.value(sum(loops, [&](const LoopDoor& loop) { return (loop.stats.*value)[i].value(); }),
               {{"reason", names[i]}});
}

}  // namespace

void Door::Parts::write_metrics(MetricsText& text) const {
  const auto stat = [&](Counter DoorStats::* value) {
    return sum(loops, [&](const LoopDoor& loop) { return (loop.stats.*value).value(); });
  };
  text.gauge("muster_http_connections", "Connections.", listener.connections());
  text.gauge("muster_http_max_connections", "The bound of connections.", options.max_connections);
  text.counter("muster_http_accepted_total", "Connections accepted.", stat(&DoorStats::accepted));
  text.counter("muster_http_received_bytes_total", "Bytes read.", stat(&DoorStats::bytes_in));
  text.counter("muster_http_sent_bytes_total", "Bytes written.", stat(&DoorStats::bytes_out));
  text.counter("muster_http_pauses_total",
               "Times a peer's requests had to wait because it did not read.",
               stat(&DoorStats::pauses));
  text.counter("muster_http_late_answers_total",
               "Answers that came after their request was given up.", stat(&DoorStats::late));
  text.gauge("muster_http_streams", "Server-sent events that are followed.",
             stat(&DoorStats::streams));
  text.gauge("muster_http_waiting", "Blocking queries and streams that wait for a change.",
             sum(loops, [](const LoopDoor& loop) { return loop.hub.waiting(); }));
  text.counter("muster_http_woken_total", "Times one of them was woken by a change.",
               sum(loops, [](const LoopDoor& loop) { return loop.hub.wakes(); }));
  text.gauge("muster_http_behind_wakes",
             "Connections that were told and ask again while others are yet to be told: they wait.",
             sum(loops, [](const LoopDoor& loop) { return loop.hub.behind(); }));
  text.counter("muster_http_wake_rounds_total", "Times that a few of them were woken in one go.",
               sum(loops, [](const LoopDoor& loop) { return loop.hub.wake_rounds(); }));
  text.counter("muster_http_cache_hits_total", "Lookups answered with bytes that were there.",
               sum(loops, [](const LoopDoor& loop) { return loop.cache.hits(); }));
  text.counter("muster_http_cache_misses_total", "Answers that had to be written anew.",
               sum(loops, [](const LoopDoor& loop) { return loop.cache.misses(); }));
  text.gauge("muster_http_cache_bytes", "Answers that are kept, in bytes.",
             sum(loops, [](const LoopDoor& loop) { return loop.cache.bytes(); }));
  write_requests(text, loops);
  text.family("muster_http_request_seconds", Type::histogram,
              "Time from a whole request to its answer, waits for a change left out.");
  std::vector<const Histogram*> latencies;
  for (const auto& loop : loops) latencies.push_back(&loop->stats.latency);
  text.histogram(latencies);
  write_by_reason(text, loops, "muster_http_denied_total",
                  "Requests that the guard refused, by what it looked at.", denial_names,
                  &DoorStats::denials);
  write_by_reason(text, loops, "muster_http_closed_total", "Connections closed, by reason.",
                  close_reason_names, &DoorStats::closes);
}

}  // namespace muster::broker::http
