#include "rebalance.hpp"

#include <muster/mutant.hpp>

#include "holdings.hpp"
#include "members.hpp"
#include "names.hpp"
#include "plan.hpp"
#include "target.hpp"

#include <algorithm>

namespace muster::core {
namespace {

RecordKey history_key(const std::string& group, Epoch epoch) {
  return {RecordKind::history, group, {}, {}, 0, static_cast<std::uint64_t>(epoch)};
}

void write_history(Turn& turn, const std::string& group, EpochHistory entry) {
  const Epoch epoch = entry.epoch;
  turn.emit(history_key(group, epoch), HistoryRecord{GroupId{group}, std::move(entry)});
  // Epochs of the history rise by one, but a restored backup leaps: so by count, not by number.
  const auto& history = turn.state().group(group)->history;
  while (history.size() > turn.limits().max_history) {
    Epoch oldest = 0;
    history.for_each_from(Epoch{0}, [&](Epoch e, const auto&) {
      oldest = e;
      return false;
    });
    turn.erase(history_key(group, oldest));
  }
}

EpochHistory history_of(const Turn& turn, const std::string& group, Epoch epoch) {
  const auto* entry = turn.state().group(group)->history.find(epoch);
  if (entry != nullptr) return (*entry)->epoch;
  EpochHistory fresh;
  fresh.epoch = epoch;
  return fresh;
}

/// For an event, which shares it with the record.
std::shared_ptr<const EpochHistory> kept_history(const Turn& turn, const std::string& group,
                                                 Epoch epoch) {
  const auto* record = turn.state().group(group)->history.find(epoch);
  if (record == nullptr) return nullptr;
  return {*record, &(*record)->epoch};
}

void set_due(Turn& turn, const std::string& group, Gather& gather, Mono due) {
  turn.rebalances().due.erase({gather.due, group});
  gather.due = due;
  turn.rebalances().due.insert({due, group});
}

/// One more change for an epoch that is being gathered: wait a little longer for the next.
void gather_more(Turn& turn, const std::string& group, Gather& gather) {
  const Limits& limits = turn.limits();
  ++gather.changes;
  gather.window = std::min(gather.window * 2, limits.gather_most);
  const Mono latest = std::max(gather.first + limits.gather_most, gather.due);
  const Mono due = std::max(gather.due, std::min(turn.now().mono + gather.window, latest));
  if (due != gather.due) set_due(turn, group, gather, due);
}

/// The group has nobody left: its new epoch is settled as it stands.
void settle_empty(Turn& turn, const std::string& group, GroupRecord& draft, EpochHistory entry) {
  if (!MUSTER_MUTANT(empty_group_keeps_old_target)) draft.assignment_epoch = draft.epoch;
  entry.revoked = entry.settled = Millis{0};
  write_history(turn, group, std::move(entry));
  Rebalance& rebalance = turn.rebalances().groups[group];
  if (rebalance.gather) turn.rebalances().due.erase({rebalance.gather->due, group});
  rebalance = {};
}

/// If the last member has reached its target, says so.
void settle(Turn& turn, const std::string& group) {
  Rebalance& rebalance = turn.rebalances().groups[group];
  if (rebalance.open_epoch == 0 || rebalance.gather || !rebalance.unsettled.empty()) return;
  EpochHistory entry = history_of(turn, group, rebalance.open_epoch);
  entry.settled = turn.now().mono - rebalance.target_at;
  entry.revoked = rebalance.revoked.value_or(Millis{0});
  Event event;
  event.kind = EventKind::rebalance_completed;
  event.group = group;
  event.epoch = rebalance.open_epoch;
  event.reason = entry.reason;
  event.took = entry.gathered + entry.settled;
  event.detail = std::to_string(entry.moved) + " partitions moved among " +
                 std::to_string(entry.members) + " members";
  rebalance.open_epoch = 0;
  write_history(turn, group, std::move(entry));
  event.rebalance = kept_history(turn, group, event.epoch);
  turn.publish(std::move(event));
}

/// How one step differs from the one before.
struct StepChange {
  std::vector<Granted> granted;
  std::vector<Granted> revoked;
  std::vector<Granted> released;
};

/// One event; more only where it would list too many partitions.
void publish_step(Turn& turn, const CurrentRecord& current, const StepChange& change) {
  const std::size_t most = turn.limits().max_event_partitions;
  const Epoch target = turn.group(current.group.value).assignment_epoch;
  const auto why = kept_history(turn, current.group.value, target);
  const auto fresh = [&] {
    Event event;
    event.kind = EventKind::assignment_changed;
    event.group = current.group.value;
    event.member = current.member.value;
    event.epoch = current.member_epoch;
    event.step = current.step;
    event.reason = why ? why->reason : Reason::none;
    return event;
  };
  Event event = fresh();
  if (count(change.granted) + count(change.revoked) + count(change.released) <= most) {
    event.assigned = owned(change.granted);
    event.revoked = owned(change.revoked);
    event.released = owned(change.released);
    return turn.publish(std::move(event));
  }
  const auto tell = [&](const std::vector<Granted>& list,
                        std::vector<OwnedPartitions> Event::* to) {
    for (auto& piece : pieces(list, most)) {
      Event part = fresh();
      part.*to = std::move(piece);
      turn.publish(std::move(part));
    }
  };
  tell(change.released, &Event::released);
  tell(change.revoked, &Event::revoked);
  tell(change.granted, &Event::assigned);
}

constexpr SessionTime look_again_ms = 10;

/// One interval more than the member counts: it starts from the send time of a beat (section 5).
SessionTime revocation_end(const MemberProfile& member, SessionTime from) {
  return from + (member.rebalance_timeout + heartbeat_interval(member.session_timeout)).count();
}

void set_revocation(Turn& turn, std::uint32_t slot, Revocation revocation) {
  Rebalances& all = turn.rebalances();
  const auto [it, fresh] = all.revocation_of.try_emplace(slot, revocation);
  if (!fresh) {
    all.revocations.erase({it->second.at, slot});
    it->second = revocation;
  }
  all.revocations.insert({revocation.at, slot});
}

/// Starts or ends the time that the member has to release what is asked back.
void time_revocation(Turn& turn, const MemberView& member, bool revoking) {
  Rebalances& all = turn.rebalances();
  const auto running = all.revocation_of.find(member.slot);
  if (revoking == (running != all.revocation_of.end())) return;
  Rebalance& rebalance = all.groups[turn.state().owner(member.slot).group_id().value];
  if (revoking) {
    set_revocation(turn, member.slot,
                   MUSTER_MUTANT(time_to_release_from_decision)
                       ? Revocation{revocation_end(member.record->profile(), turn.time()), 0}
                       : Revocation{turn.time() + look_again_ms, turn.revision()});
    ++rebalance.revoking;
    return;
  }
  all.revocations.erase({running->second.at, member.slot});
  all.revocation_of.erase(running);
  if (--rebalance.revoking == 0) rebalance.revoked = turn.now().mono - rebalance.target_at;
}

bool is_settled(const MemberView& member) {
  static const std::vector<TopicPartitions> nothing;
  const auto& target = member.target ? member.target->partitions : nothing;
  if (!member.current) return target.empty();
  if (!member.current->revoking.empty()) return false;
  return count(member.current->assigned) == count(target) &&
         missing(target, member.current->assigned).empty();
}

/// What of `wanted` nobody holds, granted with new tokens; at most `room` partitions.
std::vector<Granted> grant(Turn& turn, const Group& group,
                           const std::vector<TopicPartitions>& wanted, Epoch epoch,
                           std::size_t room) {
  std::vector<Granted> out;
  for (const TopicPartitions& topic : wanted) {
    if (turn.state().topic(topic.topic) == nullptr)
      continue;  // deleted; a new target is on its way
    const auto& holdings = group.holdings_of(topic.topic);
    Granted granted{topic.topic, {}, {}, {}};
    for (const PartitionIndex p : topic.partitions) {
      const auto index = static_cast<std::size_t>(p);
      if (index < holdings.size() && holdings[index].holder != no_slot &&
          !MUSTER_MUTANT(grants_what_is_held))
        continue;
      if (room == 0) break;
      --room;
      granted.partitions.push_back(p);
      granted.tokens.push_back(turn.next_token());
      granted.epochs.push_back(epoch);
    }
    if (!granted.partitions.empty()) out.push_back(std::move(granted));
  }
  return out;
}

/// Nothing is asked back any more: the member has reached the target's epoch.
void reach_epoch(CurrentRecord& current, Epoch epoch) {
  if (!current.revoking.empty() || current.member_epoch >= epoch) return;
  current.previous_epoch = current.member_epoch;
  current.member_epoch = epoch;
}

void emit_current(Turn& turn, std::uint32_t slot, CurrentRecord&& next) {
  ++next.step;
  const RecordKey key = member_key(RecordKind::current, next.group.value, next.member.value);
  turn.emit(key, std::move(next));
  turn.sessions()[slot].step_after = turn.revision();
}

CurrentRecord current_of(const std::string& group, const MemberView& member) {
  if (member.current) return *member.current;
  CurrentRecord fresh;
  fresh.group = GroupId{group};
  fresh.member = MemberId{member.record->id()};
  return fresh;
}

}  // namespace

void change_picture(Turn& turn, const std::string& group, Reason reason, const std::string& trigger,
                    Millis delay) {
  GroupRecord& draft = turn.group(group);
  Rebalance& rebalance = turn.rebalances().groups[group];
  const bool empty = turn.state().group(group)->members.empty();
  if (rebalance.gather && !empty) {
    gather_more(turn, group, *rebalance.gather);
    return;
  }
  if (draft.epoch < max_epoch) ++draft.epoch;
  EpochHistory entry;
  entry.epoch = draft.epoch;
  entry.reason = reason;
  entry.trigger = trigger;
  entry.changes = 1;
  entry.started_at = turn.now().wall;
  if (empty) return settle_empty(turn, group, draft, std::move(entry));
  write_history(turn, group, std::move(entry));

  const Limits& limits = turn.limits();
  rebalance.gather = Gather{turn.now().mono, limits.gather_first, {}, reason, trigger, 1};
  set_due(turn, group, *rebalance.gather, turn.now().mono + std::max(limits.gather_first, delay));
  Event event;
  event.kind = EventKind::rebalance_started;
  event.group = group;
  event.member = reason == Reason::member_joined ? trigger : std::string{};
  event.epoch = draft.epoch;
  event.reason = reason;
  event.detail = std::string{to_string(reason)} + ": " + trigger;
  event.rebalance = kept_history(turn, group, event.epoch);
  turn.publish(std::move(event));
}

void compute_target(Turn& turn, const std::string& id) {
  const Group& group = *turn.state().group(id);
  GroupRecord& draft = turn.group(id);
  Rebalance& rebalance = turn.rebalances().groups[id];
  const Gather gather = *rebalance.gather;
  rebalance.gather.reset();

  const assign::Assignor& assignor = assignor_of(group, draft);
  NextTarget next = next_target(turn.state(), group, assignor, rebalance.departed, rebalance.cache,
                                turn.limits());
  rebalance.departed.clear();
  draft.assignment_epoch = draft.epoch;
  draft.assignor = assignor.name();
  rebalance.held_back = next.held_back;
  rebalance.open_epoch = draft.epoch;
  rebalance.target_at = turn.now().mono;
  rebalance.revoked.reset();
  ++turn.stats().targets_computed;
  turn.stats().partitions_moved += next.moved;

  EpochHistory entry = history_of(turn, id, draft.epoch);
  entry.changes = gather.changes;
  entry.assignor = assignor.name();
  entry.gathered = turn.now().mono - gather.first;
  entry.members = next.members;
  entry.moved = next.moved;
  entry.moves = std::move(next.moves);
  write_history(turn, id, std::move(entry));

  for (NewTarget& target : next.targets) {
    const RecordKey key = member_key(RecordKind::target, id, target.member);
    if (target.partitions.empty()) {
      turn.erase(key);
    } else {
      turn.emit(key,
                TargetRecord{GroupId{id}, MemberId{target.member}, std::move(target.partitions)});
    }
    rebalance.unsettled.insert(target.member);
  }
  const std::vector<std::string> members{rebalance.unsettled.begin(), rebalance.unsettled.end()};
  for (const std::string& member : members) reconcile(turn, id, member);
  settle(turn, id);
}

void reconcile(Turn& turn, const std::string& group_id, const std::string& id) {
  static const std::vector<TopicPartitions> nothing;
  const Group& group = *turn.state().group(group_id);
  const MemberView& member = *turn.state().member(group, id);
  const auto& target = member.target ? member.target->partitions : nothing;
  const GroupRecord& record = turn.group(group_id);

  CurrentRecord next = current_of(group_id, member);
  Split now = split(next.assigned, target);
  std::vector<Granted> granted;
  next.assigned = std::move(now.keep);
  next.revoking = merged(next.revoking, now.drop);
  if (next.revoking.empty() && takes_new(*member.record)) {
    const std::size_t most = turn.limits().max_held_partitions;
    const std::size_t held = count(next.assigned);
    granted = grant(turn, group, missing(target, next.assigned), record.assignment_epoch,
                    most - std::min(most, held));
    next.assigned = merged(next.assigned, granted);
  }
  const bool changed = !granted.empty() || !now.drop.empty();
  if (changed) {
    reach_epoch(next, record.assignment_epoch);
    emit_current(turn, member.slot, std::move(next));
    const MemberView& after = *turn.state().member(group, id);
    time_revocation(turn, after, !after.current->revoking.empty());
    tell_step(turn, after);
    publish_step(turn, *after.current, {std::move(granted), std::move(now.drop), {}});
  }
  Rebalance& rebalance = turn.rebalances().groups[group_id];
  if (is_settled(*turn.state().member(group, id))) {
    rebalance.unsettled.erase(id);
  } else {
    rebalance.unsettled.insert(id);
  }
}

void release(Turn& turn, const std::string& group_id, const std::string& id, Taken what) {
  const Group& group = *turn.state().group(group_id);
  const MemberView* member = turn.state().member(group, id);
  if (!member->current) return;
  const std::shared_ptr<const CurrentRecord> before = member->current;
  CurrentRecord next = *before;
  CurrentRecord freed = *before;
  next.revoking.clear();
  if (what == Taken::everything) {
    next.assigned.clear();
  } else {
    freed.assigned.clear();
  }
  if (next == *before) return;
  reach_epoch(next, turn.group(group_id).assignment_epoch);
  emit_current(turn, member->slot, std::move(next));
  member = turn.state().member(group, id);
  publish_step(
      turn, *member->current,
      {{},
       {},
       what == Taken::everything ? merged(freed.assigned, freed.revoking) : freed.revoking});
  time_revocation(turn, *member, false);
  const std::uint32_t told = member->current->step;
  reconcile(turn, group_id, id);
  member = turn.state().member(group, id);
  if (member->current->step == told) tell_step(turn, *member);
  if (!MUSTER_MUTANT(freed_work_waits)) lead_waiting(turn, group_id, freed, id);
  settle(turn, group_id);
}

void lead_waiting(Turn& turn, const std::string& group_id, const CurrentRecord& current,
                  const std::string& except) {
  const Group& group = *turn.state().group(group_id);
  std::set<std::uint32_t> slots;
  for (const auto* list : {&current.assigned, &current.revoking})
    for (const Granted& topic : *list) {
      const auto& holdings = group.holdings_of(topic.topic);
      for (const PartitionIndex p : topic.partitions) {
        const auto index = static_cast<std::size_t>(p);
        if (index >= holdings.size()) break;
        if (holdings[index].target != no_slot && holdings[index].holder == no_slot)
          slots.insert(holdings[index].target);
      }
    }
  std::set<std::string> members;  // in order of their ids: slots have no meaning outside
  for (const std::uint32_t slot : slots) members.emplace(turn.state().owner(slot).member()->id());
  members.erase(except);
  for (const std::string& member : members) reconcile(turn, group_id, member);
}

void resume_rebalance(Turn& turn, const std::string& id) {
  const Group& group = *turn.state().group(id);
  Rebalance& rebalance = turn.rebalances().groups[id];
  const GroupRecord record = turn.group(id);
  std::vector<std::string> unsettled;
  group.members.for_each([&](std::string_view member_id, const MemberView& member) {
    if (!takes_new(*member.record)) rebalance.held_back = true;
    if (member.current && !member.current->revoking.empty()) time_revocation(turn, member, true);
    if (!is_settled(member)) unsettled.emplace_back(member_id);
  });
  rebalance.unsettled = {unsettled.begin(), unsettled.end()};
  const EpochHistory entry = history_of(turn, id, record.epoch);
  rebalance.target_at = turn.now().mono;
  if (rebalance.gather) {
    // Raised just now, after a restore.
  } else if (record.epoch > record.assignment_epoch && !group.members.empty()) {
    rebalance.gather = Gather{turn.now().mono, turn.limits().gather_first, {}, entry.reason,
                              entry.trigger,   std::max(entry.changes, 1U)};
    set_due(turn, id, *rebalance.gather, turn.now().mono + turn.limits().gather_first);
  } else if (entry.settled < Millis{0} && entry.changes > 0) {
    rebalance.open_epoch = record.epoch;
  }
  for (const std::string& member : unsettled) reconcile(turn, id, member);
  settle(turn, id);
}

void compute_due_targets(Turn& turn) {
  auto& due = turn.rebalances().due;
  while (!due.empty() && due.begin()->first <= turn.now().mono) {
    const std::string group = due.begin()->second;
    due.erase(due.begin());
    compute_target(turn, group);
  }
}

void expel_slow_revokers(Turn& turn) {
  auto& revocations = turn.rebalances().revocations;
  while (!revocations.empty() && revocations.begin()->first <= turn.time()) {
    const std::uint32_t slot = revocations.begin()->second;
    const MemberProfile& profile = turn.state().owner(slot).member()->profile();
    const Revision after = turn.rebalances().revocation_of.at(slot).after;
    if (after != 0) {
      const bool told = after <= turn.now().durable;
      set_revocation(turn, slot,
                     told ? Revocation{revocation_end(profile, turn.time()), 0}
                          : Revocation{turn.time() + look_again_ms, after});
      continue;
    }
    const Millis most = profile.rebalance_timeout;
    const std::string detail =
        "did not release revoked partitions within its rebalance timeout of " +
        std::to_string(most.count()) + " ms";
    remove_member(turn, slot, {Reason::rebalance_timeout, detail, Status::zombie});
  }
}

void wait_with_revocation(Turn& turn, const MemberView& member) {
  const Revision after = turn.sessions()[member.slot].step_after;
  const bool runs = turn.rebalances().revocation_of.contains(member.slot);
  if (!runs || after <= turn.now().durable || MUSTER_MUTANT(release_time_overtaken)) return;
  set_revocation(turn, member.slot, {turn.time() + look_again_ms, after});
}

void forget_revocation(Turn& turn, const MemberView& member) {
  time_revocation(turn, member, false);
}

void settle_if_done(Turn& turn, const std::string& group) {
  settle(turn, group);
}

void tell_step(Turn& turn, const MemberView& member) {
  Session& session = turn.sessions()[member.slot];
  if (session.connection == 0) return;
  Step step;
  step.group = turn.state().owner(member.slot).group_id();
  step.member = MemberId{member.record->id()};
  if (member.current) {
    step.number = member.current->step;
    step.member_epoch = member.current->member_epoch;
    step.assigned = owned(member.current->assigned);
    step.revoking = owned(member.current->revoking);
  }
  step.heard_sequence = session.sequence;
  const auto revocation = turn.rebalances().revocation_of.find(member.slot);
  if (revocation != turn.rebalances().revocation_of.end()) {
    const MemberProfile& profile = member.record->profile();
    const std::int64_t interval = heartbeat_interval(profile.session_timeout).count();
    const SessionTime deadline = revocation->second.after == 0
                                     ? revocation->second.at
                                     : revocation_end(profile, turn.time());
    const std::int64_t left = deadline - interval - session.last_heard;
    step.revoke_ms_left = static_cast<std::uint32_t>(std::max<std::int64_t>(left, 1));
  }
  session.told_step = step.number;
  // No later than what it tells: beats are answered meanwhile, and a member that is told late to
  // stop must not go on because a disk is slow to take what others do.
  const Revision after = MUSTER_MUTANT(step_waits_for_all) ? turn.revision() : session.step_after;
  turn.push(session.connection, after, std::move(step));
}

}  // namespace muster::core
