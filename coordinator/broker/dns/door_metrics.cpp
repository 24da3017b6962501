#include "door_parts.hpp"

namespace muster::broker::dns {
namespace {

using Kind = MetricsText::Type;
using Loops = std::vector<std::unique_ptr<LoopDoor>>;

template <class Value>
std::uint64_t sum(const Loops& loops, const Value& value) {
  std::uint64_t all = 0;
  for (const auto& loop : loops) all += value(*loop).value();
  return all;
}

auto of(Counter DoorStats::* counter) {
  return [counter](const LoopDoor& loop) -> const Counter& { return loop.stats.*counter; };
}
auto of(Counter ResponderStats::* counter) {
  return
      [counter](const LoopDoor& loop) -> const Counter& { return loop.responder.stats().*counter; };
}

}  // namespace

void Door::Parts::write_metrics(MetricsText& text) const {
  text.family("muster_dns_queries_total", Kind::counter, "Questions read, by type.");
  for (std::size_t i = 0; i < ResponderStats::types.size(); ++i) {
    const auto asked = [i](const LoopDoor& loop) -> const Counter& {
      return loop.responder.stats().asked[i];
    };
    text.value(sum(loops, asked), {{"type", ResponderStats::types[i]}});
  }
  text.family("muster_dns_answers_total", Kind::counter, "Answers given, by code.");
  for (std::size_t i = 0; i < ResponderStats::rcodes.size(); ++i) {
    const auto answered = [i](const LoopDoor& loop) -> const Counter& {
      return loop.responder.stats().answered[i];
    };
    text.value(sum(loops, answered), {{"rcode", to_string(ResponderStats::rcodes[i])}});
  }
  text.family("muster_dns_messages_total", Kind::counter, "Messages read, by transport.");
  text.value(sum(loops, of(&DoorStats::udp_queries)), {{"transport", "udp"}});
  text.value(sum(loops, of(&DoorStats::tcp_queries)), {{"transport", "tcp"}});
  text.counter("muster_dns_truncated_total", "Answers over UDP that were cut: their flag says so.",
               sum(loops, of(&ResponderStats::truncated)));
  text.counter("muster_dns_from_cache_total", "Answers that were written before.",
               sum(loops, of(&ResponderStats::from_cache)));
  text.family("muster_dns_dropped_total", Kind::counter, "Messages without an answer, by reason.");
  text.value(sum(loops, of(&ResponderStats::ignored)), {{"reason", "no_query"}});
  text.value(sum(loops, of(&DoorStats::over_rate)), {{"reason", "rate"}});
  text.value(sum(loops, of(&DoorStats::unsent)), {{"reason", "not_sent"}});
  text.gauge("muster_dns_connections", "Connections over TCP.", listener->connections());
  text.family("muster_dns_closed_total", Kind::counter, "Connections closed, by reason.");
  text.value(sum(loops, of(&DoorStats::ended)), {{"reason", "ended"}});
  text.value(sum(loops, of(&DoorStats::timed_out)), {{"reason", "timeout"}});
  text.value(refused.value(), {{"reason", "refused"}});
  std::vector<const Histogram*> took;
  for (const auto& loop : loops) took.push_back(&loop->stats.took);
  text.family("muster_dns_batch_seconds", Kind::histogram,
              "From reading a batch of questions to having written its answers.");
  text.histogram(took);
}

}  // namespace muster::broker::dns
