#include "handle.hpp"
#include "members.hpp"
#include "rebalance.hpp"

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

/// Every session gets its time from now: all of S, or, if it was not heard at all in the run
/// before, what it had left then, but at least two intervals.
void open_session(Turn& turn, const GroupId& group, const MemberView& member, Millis last_run_age,
                  Unheard& unheard) {
  const MemberProfile& profile = member.record->profile();
  const MemberId id{member.record->id()};
  Millis budget = profile.session_timeout;
  if (MUSTER_MUTANT(restart_halves_sessions)) budget /= 2;
  const SilenceRecord* silence = turn.state().silence(group.value, id.value);
  const bool was_silent = silence != nullptr;
  if (was_silent)
    budget = std::clamp(silence->budget - last_run_age,
                        2 * heartbeat_interval(profile.session_timeout), profile.session_timeout);
  const SessionTime heard_at = turn.time() - (profile.session_timeout - budget).count();
  Session& session = turn.sessions().open(member.slot, profile.session_timeout,
                                          profile.max_poll_interval, heard_at);
  session.last_progress = turn.time();
  session.status = static_cast<std::uint32_t>(member.record->status()) & 15U;
  turn.sessions().watch(member.slot, next_edge(session));
  unheard.entries.push_back({member.slot, group.value, id.value, budget});
  if (!was_silent) return;
  session.noted = true;
  const RecordKey key = member_key(RecordKind::silence, group.value, id.value);
  if (budget != silence->budget) turn.emit(key, SilenceRecord{group, id, budget});
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
                 std::to_string(turn.state().members()) + " members";
  turn.publish(std::move(event));

  turn.sessions().start(turn.now().mono);
  parts.unheard.loaded_at = turn.now().mono;
  for (const auto& [id, group] : turn.state().groups())
    group.members.for_each([&](std::string_view, const MemberView& member) {
      open_session(turn, group.record->id, member, last_run_age, parts.unheard);
    });
  if (!parts.unheard.entries.empty())
    parts.unheard.note_at = turn.now().mono + turn.limits().note_interval;
  for (const auto& [id, group] : turn.state().groups()) {
    raise_restored(turn, id, group);
    resume_rebalance(turn, id);
  }
}

}  // namespace muster::core
