#include "members.hpp"

#include <muster/mutant.hpp>

#include "rebalance.hpp"

#include <algorithm>

namespace muster::core {
namespace {

struct Edges {
  SessionTime late;     // more than I + g: overloaded
  SessionTime missed;   // more than 2I + g: critical
  SessionTime expired;  // S: the end
};

Edges edges_of(const Session& session) {
  const Millis timeout{session.timeout_ms};
  const std::int64_t interval = heartbeat_interval(timeout).count();
  const std::int64_t grace = heartbeat_grace(timeout).count();
  std::int64_t silence = timeout.count();
  if (MUSTER_MUTANT(expires_early)) silence -= 5;
  if (MUSTER_MUTANT(expires_late)) silence += silence / 50 + 200;
  return {session.last_heard + interval + grace, session.last_heard + 2 * interval + grace,
          session.last_heard + silence};
}

void ping(Turn& turn, std::uint32_t slot) {
  const Session& session = turn.sessions()[slot];
  const auto nonce = static_cast<std::uint32_t>(turn.random_id().first);
  turn.push(session.connection, 0, Ping{turn.sessions().handle(slot), nonce});
}

void expire(Turn& turn, std::uint32_t slot) {
  const Session& session = turn.sessions()[slot];
  const bool answers = session.ponged;
  std::string detail;
  detail.reserve(96);  // one allocation: many may expire at once
  detail += answers ? "answers pings, but has not beaten for its session timeout of "
                    : "silent for its session timeout of ";
  detail += std::to_string(session.timeout_ms) + " ms";
  ++turn.stats().expulsions;
  remove_member(turn, slot,
                answers ? Removal{Reason::answers_without_beats, std::move(detail), Status::zombie}
                        : Removal{Reason::session_expired, std::move(detail), Status::dead});
}

/// Once a note has called it silent, every answer waits until that is withdrawn durably: else a
/// crash now would count it silent although it was told otherwise. Gives what to wait for.
Revision withdraw_note(Turn& turn, std::uint32_t slot, const std::string& group,
                       const std::string& id) {
  Session& session = turn.sessions()[slot];
  const bool recorded = turn.state().silence(group, id) != nullptr;
  if (!session.noted && !recorded) return 0;
  if (recorded) {
    session.noted = !MUSTER_MUTANT(answers_before_withdrawal);  // no beat is routine until then
    turn.erase(member_key(RecordKind::silence, group, id));
    turn.sessions().set_withdrawal(slot, turn.revision());
  }
  const Revision after = turn.sessions().withdrawal(slot);
  if (after > turn.now().durable) return after;
  session.noted = false;
  turn.sessions().forget_withdrawal(slot);
  return 0;
}

}  // namespace

void remove_member(Turn& turn, std::uint32_t slot, Removal removal) {
  const SlotOwner owner = turn.state().owner(slot);
  const std::string group_id = owner.group_id().value;
  const std::string id{owner.member->id()};
  const MemberView member = *turn.state().member(*owner.group, id);
  forget_revocation(turn, member);
  const std::uint64_t connection = turn.sessions()[slot].connection;
  turn.sessions().close(slot);
  Rebalance& rebalance = turn.rebalances().groups[group_id];
  rebalance.unsettled.erase(id);
  if (member.target && rebalance.departed.size() < turn.limits().max_history_moves)
    rebalance.departed.push_back(member.target);

  if (turn.state().silence(group_id, id) != nullptr)
    turn.erase(member_key(RecordKind::silence, group_id, id));
  if (member.current) turn.erase(member_key(RecordKind::current, group_id, id));
  if (member.target) turn.erase(member_key(RecordKind::target, group_id, id));
  turn.erase(member_key(RecordKind::member, group_id, id));

  const bool left = removal.reason == Reason::member_left;
  if (!left && connection != 0)
    turn.push(connection, turn.revision(),
              Expelled{GroupId{group_id}, MemberId{id}, removal.reason, removal.detail});
  Event event;
  event.kind = left ? EventKind::member_left : EventKind::member_expelled;
  event.group = group_id;
  event.member = id;
  event.epoch = turn.group(group_id).epoch;
  event.reason = removal.reason;
  event.detail = std::move(removal.detail);
  event.from = member.record->status();
  event.to = removal.last.value_or(member.record->status());
  if (!MUSTER_MUTANT(removal_untold)) turn.publish(std::move(event));

  if (MUSTER_MUTANT(last_member_takes_offsets) && turn.state().group(group_id)->members.empty()) {
    std::vector<TopicPartition> gone;
    turn.state().group(group_id)->offsets.for_each(
        [&](const TopicPartition& p, const auto&) { gone.push_back(p); });
    for (const TopicPartition& p : gone)
      turn.erase({RecordKind::offset, group_id, {}, p.topic, p.partition, 0});
  }
  if (member.current) lead_waiting(turn, group_id, *member.current, id);
  change_picture(turn, group_id, removal.reason, id);
  settle_if_done(turn, group_id);
}

void set_status(Turn& turn, std::uint32_t slot, Status to, Reason reason) {
  const SlotOwner owner = turn.state().owner(slot);
  const Status from = owner.member->status();
  if (from == to) return;
  MemberRecord next = owner.member->record(owner.group_id());
  next.status = to;
  const std::string group = next.group.value;
  const std::string id = next.id.value;
  turn.sessions()[slot].status = static_cast<std::uint32_t>(to) & 15U;
  turn.emit(member_key(RecordKind::member, group, id), std::move(next));
  Event event;
  event.kind = EventKind::member_status_changed;
  event.group = group;
  event.member = id;
  event.epoch = turn.group(group).epoch;
  event.reason = reason;
  event.from = from;
  event.to = to;
  turn.publish(std::move(event));
}

Revision heard(Turn& turn, std::uint32_t slot, Status now) {
  Session& session = turn.sessions()[slot];
  session.last_heard = turn.time();
  session.ponged = false;
  session.heard = true;
  const SlotOwner& owner = turn.state().owner(slot);
  const std::string group = owner.group_id().value;
  const std::string id{owner.member->id()};
  const Revision after = withdraw_note(turn, slot, group, id);
  const auto status = static_cast<Status>(session.status);
  if (status == now || status == Status::maintenance) return after;
  set_status(turn, slot, now,
             now == Status::healthy ? Reason::heartbeat_resumed : Reason::overload_reported);
  if (status == Status::critical || status == Status::starting) take_again(turn, group, id);
  return after;
}

void take_again(Turn& turn, const std::string& group, const std::string& id) {
  const Rebalance& rebalance = turn.rebalances().groups[group];
  if (rebalance.held_back) change_picture(turn, group, Reason::status_changed, id);
  if (!rebalance.unsettled.contains(id)) return;
  reconcile(turn, group, id);
  settle_if_done(turn, group);
}

bool check_ladder(Turn& turn, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  const SessionTime now = turn.time();
  const Edges edges = edges_of(session);
  if (now >= edges.expired) {
    expire(turn, slot);
    return true;
  }
  const auto status = static_cast<Status>(session.status);
  // A status recorded before a restart stays until an edge that is worse.
  if (now > edges.missed && status < Status::critical) {
    set_status(turn, slot, Status::critical, Reason::heartbeats_missed);
    ping(turn, slot);
  } else if (now > edges.late && status < Status::overloaded) {
    set_status(turn, slot, Status::overloaded, Reason::heartbeat_late);
    ping(turn, slot);
  }
  turn.sessions().watch(slot, next_edge(turn.sessions()[slot]));
  return false;
}

SessionTime next_edge(const Session& session) {
  const Edges edges = edges_of(session);
  const auto status = static_cast<Status>(session.status);
  if (status < Status::overloaded) return edges.late + 1;
  if (status < Status::critical) return edges.missed + 1;
  return edges.expired;
}

void note_silence(Turn& turn, Unheard& unheard) {
  const Mono now = turn.now().mono;
  if (!unheard.note_at || now < *unheard.note_at) return;
  auto& entries = unheard.entries;
  const std::size_t end = std::min(entries.size(), unheard.next + turn.limits().notes_per_tick);
  for (; unheard.next < end; ++unheard.next) {
    const Unheard::Entry& entry = entries[unheard.next];
    Session& session = turn.sessions()[entry.slot];
    const SlotOwner& owner = turn.state().owner(entry.slot);
    const bool same = session.used && !session.heard && owner.member != nullptr &&
                      owner.group_id().value == entry.group && owner.member->id() == entry.member;
    if (!same || session.noted) continue;
    session.noted = true;
    turn.emit(member_key(RecordKind::silence, entry.group, entry.member),
              SilenceRecord{GroupId{entry.group}, MemberId{entry.member}, entry.budget});
  }
  if (unheard.next < entries.size()) return;  // the rest in the next Tick
  std::erase_if(entries, [&](const Unheard::Entry& entry) {
    const Session& session = turn.sessions()[entry.slot];
    return !session.used || session.heard;
  });
  unheard.next = 0;
  if (entries.empty()) {
    unheard.note_at.reset();
    return;
  }
  ShardMeta meta = turn.state().meta();
  meta.run_age = now - unheard.loaded_at;
  turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
  unheard.note_at = now + turn.limits().note_interval;
}

}  // namespace muster::core
