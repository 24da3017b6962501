#include "handle.hpp"
#include "ladder.hpp"
#include "load_registry.hpp"
#include "rebalance.hpp"
#include "silence.hpp"

#include <muster/mutant.hpp>

#include <algorithm>

namespace muster::core {
namespace {

/// A restore leaps the floor by this much over every epoch in the backup; the deletion of a group
/// never raises it so far over another group's.
constexpr Epoch restored_leap = 1 << 24;

/// A group so far below the floor was restored from a backup: it goes on above every epoch it may
/// have had since the backup was made.
void raise_restored(Turn& turn, const std::string& id, const Group& group) {
  const Epoch floor = turn.state().meta().epoch_floor;
  if (floor - group.record->epoch < restored_leap) return;
  turn.group(id).epoch = floor;
  change_picture(turn, id, Reason::restored, "backup");
}

void open_member(Turn& turn, const MemberView& member, Millis last_run_age, Unheard& unheard) {
  const MemberProfile& profile = member.record->profile();
  const Millis budget = budget_of(turn, member.slot, profile.session_timeout, last_run_age);
  const SessionTime heard_at = turn.time() - (profile.session_timeout - budget).count();
  Session& session = turn.sessions().open(member.slot, profile.session_timeout,
                                          profile.max_poll_interval, heard_at);
  session.last_progress = turn.time();
  set_status_of(session, member.record->status());
  turn.sessions().watch(member.slot, next_edge(session));
  expect_to_hear(turn, member.slot, budget, unheard);
}

}  // namespace

void handle(Turn& turn, const Loaded& loaded, Parts& parts) {
  ShardMeta meta = turn.state().meta();
  const Term newest = std::max(meta.term, loaded.term_floor);
  if (newest >= max_term) {
    parts.exhausted = true;  // every request is refused; see shard.cpp
    return;
  }
  const Millis last_run_age = meta.run_age;
  meta.term = newest + 1;
  meta.run_age = Millis{0};
  turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);

  Event event;
  event.kind = EventKind::broker_started;
  event.reason = Reason::broker_restarted;
  event.detail = std::to_string(turn.state().groups().size()) + " groups, " +
                 std::to_string(turn.state().members()) + " members, " +
                 std::to_string(turn.state().registry().instances()) + " instances";
  turn.publish(std::move(event));

  turn.sessions().start(turn.now().mono);
  parts.unheard.loaded_at = turn.now().mono;
  for (const auto& [id, group] : turn.state().groups())
    group.members.for_each([&](std::string_view, const MemberView& member) {
      open_member(turn, member, last_run_age, parts.unheard);
    });
  load_registry(turn, last_run_age, parts);
  if (!parts.unheard.entries.empty())
    parts.unheard.note_at = turn.now().mono + turn.limits().note_interval;
  for (const auto& [id, group] : turn.state().groups()) {
    raise_restored(turn, id, group);
    resume_rebalance(turn, id);
  }
}

}  // namespace muster::core
