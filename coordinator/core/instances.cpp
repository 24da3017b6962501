#include "instances.hpp"

#include <muster/mutant.hpp>

#include "damping.hpp"
#include "departed.hpp"
#include "ladder.hpp"
#include "nodes.hpp"
#include "probes.hpp"
#include "protection.hpp"
#include "silence.hpp"

#include <utility>

namespace muster::core {
namespace {

std::string named_instance(const InstanceId& id, const ServiceName& service) {
  return named("instance", id.value) + " of " + named("service", service.value);
}

InstanceRecord with_ladder(const InstanceRecord& before, Status to, Reason reason,
                           std::string evidence) {
  InstanceRecord after = before;
  after.ladder = to;
  after.ladder_reason = reason;
  after.evidence = std::move(evidence);
  return after;
}

void set_ladder(Turn& turn, std::uint32_t slot, InstanceRecord after) {
  const InstanceRecord before = *turn.state().owner(slot).instance();
  set_status_of(turn.sessions()[slot], after.ladder);
  const Reason reason = after.ladder_reason;
  const std::string detail = after.evidence;
  change_instance(turn, before, std::move(after), reason, detail);
}

void fall_critical(Turn& turn, std::uint32_t slot) {
  const InstanceRecord before = *turn.state().owner(slot).instance();
  InstanceRecord after = with_ladder(before, Status::critical, Reason::heartbeats_missed,
                                     silence_in_words(turn, turn.sessions()[slot]));
  after.degraded = fail_once(turn, before);
  set_ladder(turn, slot, std::move(after));
  consider_protection(turn, before);
  ping(turn, slot);
}

/// It is silent for S, and answers its checks: it stays, to be seen, until they end, too.
void unmask(Turn& turn, std::uint32_t slot, const InstanceRecord& before) {
  const std::string evidence =
      silence_in_words(turn, turn.sessions()[slot]) + ", though it answers its checks";
  set_ladder(turn, slot,
             with_ladder(before, Status::zombie, Reason::answers_without_beats, evidence));
  turn.sessions().watch(slot, turn.time() + turn.sessions()[slot].timeout_ms);
}

void expire(Turn& turn, std::uint32_t slot) {
  const InstanceRecord before = *turn.state().owner(slot).instance();
  if (answers_probes(turn, before)) return unmask(turn, slot, before);
  const Session& session = turn.sessions()[slot];
  const bool answers = session.ponged;
  std::string evidence = silence_in_words(turn, session);
  if (answers) evidence += ", though it answers pings";
  ++turn.stats().instances_expired;
  if (is_protected(turn, before.service.value) && !MUSTER_MUTANT(protected_are_removed))
    return set_ladder(
        turn, slot,
        with_ladder(before, Status::dead, Reason::session_expired, std::move(evidence)));
  remove_instance(turn, before,
                  {answers ? Reason::answers_without_beats : Reason::session_expired,
                   std::move(evidence), answers ? Status::zombie : Status::dead});
}

}  // namespace

std::shared_ptr<const InstanceRecord> find_instance(Turn& turn, const ServiceName& service,
                                                    const InstanceId& id, Incarnation incarnation) {
  const Service* known = turn.state().registry().service(service.value);
  if (known == nullptr) {
    turn.refuse(Errc::unknown_service, named("service", service.value) + " is not known");
    return nullptr;
  }
  const InstanceView* instance = known->instances.find(std::string_view{id.value});
  if (instance == nullptr || (incarnation > instance->record->incarnation)) {
    turn.refuse(Errc::unknown_instance,
                named_instance(id, service) +
                    (instance == nullptr ? " is not registered"
                                         : " is registered as incarnation " +
                                               std::to_string(instance->record->incarnation) +
                                               ", not " + std::to_string(incarnation)) +
                    ": register it");
    return nullptr;
  }
  if (incarnation != 0 && incarnation < instance->record->incarnation) {
    turn.refuse(Errc::stale_incarnation, "incarnation " + std::to_string(incarnation) + " of " +
                                             named_instance(id, service) + " was replaced by " +
                                             std::to_string(instance->record->incarnation));
    return nullptr;
  }
  return instance->record;
}

Event event_of(EventKind kind, const InstanceRecord& instance) {
  Event event;
  event.kind = kind;
  event.service = instance.service.value;
  event.instance = instance.id.value;
  event.node = instance.info.node.value;
  event.incarnation = instance.incarnation;
  return event;
}

void write_instance(Turn& turn, const InstanceRecord& before, InstanceRecord after) {
  if (status_of(before) != status_of(after)) after.since = turn.now().wall;
  const std::string service = after.service.value;
  if (!MUSTER_MUTANT(index_stands_still)) turn.result_changed(service);
  const RecordKey key = member_key(RecordKind::instance, service, after.id.value);
  turn.emit(key, std::move(after));
}

void change_instance(Turn& turn, const InstanceRecord& before, InstanceRecord after, Reason reason,
                     const std::string& detail) {
  if (before == after) return;
  const Status from = status_of(before);
  const Status to = status_of(after);
  Event event = event_of(EventKind::instance_status_changed, after);
  const bool flaps = after.degraded;
  write_instance(turn, before, std::move(after));
  make_sure(turn, event.service);
  if (from == to && before.degraded == flaps) return;
  event.from = from;
  event.to = to;
  event.reason = reason;
  event.detail = detail;
  if (flaps && !before.degraded)
    event.detail += event.detail.empty() ? "it flaps: a last choice until it is steady"
                                         : "; it flaps: a last choice until it is steady";
  if (!MUSTER_MUTANT(edge_untold)) turn.publish(std::move(event));
}

void remove_instance(Turn& turn, const InstanceRecord& instance, Departure departure) {
  const InstanceRecord gone = instance;  // its record goes
  const std::string& service = gone.service.value;
  const InstanceView view = *turn.state().registry().instance(service, gone.id.value);
  std::uint64_t connection = 0;
  if (view.slot != no_slot) {
    connection = turn.sessions()[view.slot].connection;
    forget_silence(turn, view.slot);
    turn.sessions().close(view.slot);
  }
  forget_probes(turn, gone);
  turn.result_changed(service);
  turn.erase(member_key(RecordKind::instance, service, gone.id.value));
  if (connection != turn.from().connection)
    turn.push(
        connection, turn.revision(),
        Fenced{gone.service, gone.id, {}, gone.incarnation, departure.reason, departure.detail});
  Event event = event_of(EventKind::instance_removed, gone);
  event.from = status_of(gone);
  event.to = departure.last;
  event.reason = departure.reason;
  event.detail = departure.detail;
  turn.publish(std::move(event));
  remember(turn, gone, departure);
  make_sure(turn, service);
  settle_protection(turn, service);
}

Revision heard_instance(Turn& turn, std::uint32_t slot, Status says) {
  const std::string silence = std::to_string(turn.time() - turn.sessions()[slot].last_heard);
  const Revision after = heard_session(turn, slot);
  turn.sessions()[slot].last_progress = turn.time();
  const InstanceRecord before = *turn.state().owner(slot).instance();
  make_sure(turn, before.service.value);
  const bool was_out = before.ladder >= Status::critical;
  if (MUSTER_MUTANT(beats_move_index)) turn.result_changed(before.service.value);
  if (before.ladder == says && !is_silent(before)) return after;
  if (is_rising(turn, before, heartbeat_interval(before.session_timeout)) &&
      says == Status::healthy)
    return after;
  Status to = says;
  if (was_out) {
    start_rising(turn, before);
    to = Status::overloaded;  // healthy with the next beat that is on time
  }
  const Reason reason =
      says == Status::overloaded ? Reason::overload_reported : Reason::heartbeat_resumed;
  const bool first = before.ladder == Status::starting;
  set_ladder(
      turn, slot,
      with_ladder(before, to, reason, first ? std::string{} : "heard after " + silence + " ms"));
  // Its next edge may be nearer than the one that it was to be looked at for, or it had none.
  watch_instance(turn, slot);
  settle_protection(turn, before.service.value);
  return after;
}

std::optional<SessionTime> next_instance_edge(const Session& session) {
  const Edges edges = edges_of(session);
  switch (static_cast<Status>(session.status)) {
    case Status::healthy:
      return edges.late + 1;
    case Status::critical:
    case Status::zombie:
      return edges.expired;
    case Status::dead:
      return std::nullopt;
    default:
      return edges.missed + 1;  // one that was never heard is not late
  }
}

void watch_instance(Turn& turn, std::uint32_t slot) {
  if (const auto at = next_instance_edge(turn.sessions()[slot])) turn.sessions().watch(slot, *at);
}

bool has_missed(const Session& session, SessionTime now) {
  return static_cast<Status>(session.status) < Status::critical && now > edges_of(session).missed;
}

void check_missed(Turn& turn, std::uint32_t slot) {
  if (waits_for_answer(turn, slot)) return;
  if (has_missed(turn.sessions()[slot], turn.time())) fall_critical(turn, slot);
}

void check_instance(Turn& turn, std::uint32_t slot) {
  check_missed(turn, slot);
  Session& session = turn.sessions()[slot];
  const Edges edges = edges_of(session);
  const SessionTime end = MUSTER_MUTANT(missed_is_dead) ? edges.missed + 1 : edges.expired;
  if (turn.time() >= end && static_cast<Status>(session.status) != Status::dead) {
    // A zombie is looked at once every S, for its checks may have been taken from it.
    const auto& zombie = *turn.state().owner(slot).instance();
    if (zombie.ladder == Status::zombie && answers_probes(turn, zombie))
      return turn.sessions().watch(slot, turn.time() + session.timeout_ms);
    expire(turn, slot);
    return;
  }
  if (turn.time() > edges.late && static_cast<Status>(session.status) == Status::healthy) {
    set_ladder(turn, slot,
               with_ladder(*turn.state().owner(slot).instance(), Status::overloaded,
                           Reason::heartbeat_late, silence_in_words(turn, session)));
    ping(turn, slot);
    // Its next beat is not routine, even one that says "overloaded": it ends the silence. (The
    // first beat of a run never is.)
    if (session.heard) session.noted = true;
  }
  watch_instance(turn, slot);
}

void make_sure(Turn& turn, const std::string& service) {
  if (turn.registry().unsure.erase(service) == 0) return;
  // Written anew, unchanged, so that readers get a picture that says so.
  if (const Service* known = turn.state().registry().service(service))
    turn.emit(service_key(service), ServiceRecord{*known->record});
}

void tick_registry(Turn& turn) {
  decay_scores(turn);
  end_due_protections(turn);
  remove_orphans(turn);
  forget_due(turn);
}

}  // namespace muster::core
