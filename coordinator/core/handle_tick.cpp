#include "handle.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "rebalance.hpp"
#include "silence.hpp"

namespace muster::core {

void handle(Turn& turn, const Woke& woke) {
  const Millis gap = turn.sessions().credit_gap(woke.last_ran, turn.now().mono);
  turn.sessions().begin_silences(turn.now().durable, turn.time());
  if (gap == Millis{0}) return;
  ++turn.stats().gaps_credited;
  turn.stats().gap_ms_credited += static_cast<std::uint64_t>(gap.count());
  if (gap < turn.limits().told_gap || turn.sessions().count() == 0) return;
  Event event;
  event.kind = EventKind::broker_stalled;
  event.reason = Reason::broker_stalled;
  event.took = gap;
  event.detail = "the broker did not run for " + std::to_string(gap.count()) +
                 " ms; every session was given that time";
  turn.publish(std::move(event));
}

void handle(Turn& turn, const Stopping&) {
  Event event;
  event.kind = EventKind::broker_stopped;
  event.reason = Reason::broker_stopped;
  event.detail = std::to_string(turn.state().groups().size()) + " groups, " +
                 std::to_string(turn.state().members()) + " members, " +
                 std::to_string(turn.state().registry().instances()) + " instances";
  turn.publish(std::move(event));
}

void handle(Turn& turn, const Tick&, Parts& parts) {
  Wheel& wheel = turn.sessions().wheel();
  wheel.take_due(turn.time(), turn.limits().expiries_per_tick, parts.due);
  for (const WheelEntry& entry : parts.due) {
    const bool instance = turn.state().owner(entry.slot).instance() != nullptr;
    if (instance && turn.sessions().current(entry)) check_missed(turn, entry.slot);
  }
  for (const WheelEntry& entry : parts.due) {
    if (turn.sessions().current(entry)) check_session(turn, entry.slot);
  }
  expel_slow_revokers(turn);
  compute_due_targets(turn);
  tick_registry(turn);
  note_silence(turn, parts.unheard);
}

}  // namespace muster::core
