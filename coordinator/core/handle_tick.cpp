#include "handle.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "rebalance.hpp"
#include "silence.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::core {
namespace {

/// They lie anywhere in a table of millions: each is on its way while others are looked at.
constexpr std::size_t prefetched = 32;

void pass_missed(Turn& turn, const std::vector<WheelEntry>& due) {
  for (std::size_t i = 0; i < due.size(); ++i) {
    if (i + prefetched < due.size()) turn.sessions().prefetch(due[i + prefetched].slot);
    const std::uint32_t slot = due[i].slot;
    if (!turn.sessions().current(due[i]) || !has_missed(turn.sessions()[slot], turn.time()))
      continue;
    if (turn.state().owner(slot).instance() != nullptr) check_missed(turn, slot);
  }
}

void look_at(Turn& turn, std::uint32_t slot) {
  Sessions& sessions = turn.sessions();
  if (!is_on_time(sessions[slot], turn.time()) || sessions.any_awaits_answer())
    return check_session(turn, slot);
  sessions.watch(slot, next_edge(sessions[slot]));
}

}  // namespace

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
  turn.sessions().wheel().take_due(turn.time(), turn.limits().expiries_per_tick, parts.due);
  pass_missed(turn, parts.due);
  for (const WheelEntry& entry : parts.due) {
    if (turn.sessions().current(entry)) look_at(turn, entry.slot);
  }
  expel_slow_revokers(turn);
  compute_due_targets(turn);
  tick_registry(turn);
  note_silence(turn, parts.unheard);
}

}  // namespace muster::core
