#include "members.hpp"

#include <muster/mutant.hpp>

#include "ladder.hpp"
#include "rebalance.hpp"
#include "silence.hpp"

#include <algorithm>

namespace muster::core {
namespace {

void expire(Turn& turn, std::uint32_t slot) {
  const Session& session = turn.sessions()[slot];
  const bool answers = session.ponged;
  std::string detail;
  detail.reserve(72);  // one allocation: many may expire at once
  detail += answers ? "answers pings, but has not beaten for its session timeout of "
                    : "silent for its session timeout of ";
  detail += std::to_string(session.timeout_ms) + " ms";
  ++turn.stats().expulsions;
  remove_member(turn, slot,
                answers ? Removal{Reason::answers_without_beats, std::move(detail), Status::zombie}
                        : Removal{Reason::session_expired, std::move(detail), Status::dead});
}

}  // namespace

void remove_member(Turn& turn, std::uint32_t slot, Removal removal) {
  const SlotOwner owner = turn.state().owner(slot);
  const std::string group_id = owner.group_id().value;
  const MemberView member = *turn.state().member(owner.group(), owner.member()->id());
  const std::string_view id = member.record->id();
  forget_revocation(turn, member);
  const std::uint64_t connection = turn.sessions()[slot].connection;
  forget_silence(turn, slot);
  turn.sessions().close(slot);
  Rebalance& rebalance = turn.rebalances().groups[group_id];
  if (const auto it = rebalance.unsettled.find(id); it != rebalance.unsettled.end())
    rebalance.unsettled.erase(it);
  if (member.target && rebalance.departed.size() < turn.limits().max_history_moves)
    rebalance.departed.push_back(member.target);

  const auto erase = [&](RecordKind kind) {
    turn.erase(member_key(kind, group_id, std::string{id}));
  };
  if (member.current) erase(RecordKind::current);
  if (member.target) erase(RecordKind::target);
  erase(RecordKind::member);

  const bool left = removal.reason == Reason::member_left;
  if (!left && connection != 0)
    turn.push(connection, turn.revision(),
              Expelled{GroupId{group_id}, MemberId{id}, removal.reason, removal.detail});
  const auto event = std::make_shared<Event>();
  event->kind = left ? EventKind::member_left : EventKind::member_expelled;
  event->group = group_id;
  event->member = id;
  event->epoch = turn.group(group_id).epoch;
  event->reason = removal.reason;
  event->detail = std::move(removal.detail);
  event->from = member.record->status();
  event->to = removal.last.value_or(member.record->status());
  if (!MUSTER_MUTANT(removal_untold)) turn.publish(event);

  if (MUSTER_MUTANT(last_member_takes_offsets) && turn.state().group(group_id)->members.empty()) {
    std::vector<TopicPartition> gone;
    turn.state().group(group_id)->offsets.for_each(
        [&](const TopicPartition& p, const auto&) { gone.push_back(p); });
    for (const TopicPartition& p : gone)
      turn.erase({RecordKind::offset, group_id, {}, p.topic, p.partition, 0});
  }
  if (member.current) lead_waiting(turn, group_id, *member.current, event->member);
  change_picture(turn, group_id, removal.reason, event->member);
  settle_if_done(turn, group_id);
}

void set_status(Turn& turn, std::uint32_t slot, Status to, Reason reason) {
  const SlotOwner owner = turn.state().owner(slot);
  const Status from = owner.member()->status();
  if (from == to) return;
  MemberRecord next = owner.member()->record(owner.group_id());
  next.status = to;
  const std::string group = next.group.value;
  const std::string id = next.id.value;
  set_status_of(turn.sessions()[slot], to);
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
  const Revision after = heard_session(turn, slot);
  const Session& session = turn.sessions()[slot];
  const SlotOwner& owner = turn.state().owner(slot);
  const std::string group = owner.group_id().value;
  const std::string id{owner.member()->id()};
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

void check_member(Turn& turn, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  const SessionTime now = turn.time();
  const Edges edges = edges_of(session);
  if (now >= edges.expired) {
    expire(turn, slot);
    return;
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
}

}  // namespace muster::core
