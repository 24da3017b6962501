#include "damping.hpp"
#include "departed.hpp"
#include "handle.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "names.hpp"
#include "nodes.hpp"
#include "probes.hpp"
#include "protection.hpp"
#include "registry_checks.hpp"
#include "silence.hpp"

#include <muster/mutant.hpp>

#include <algorithm>

namespace muster::core {
namespace {

const DepartedRecord* departed(Turn& turn, const Register& request) {
  const Service* service = turn.state().registry().service(request.service.value);
  if (service == nullptr) return nullptr;
  const auto* record = service->departed.find(request.instance.value);
  return record == nullptr ? nullptr : record->get();
}

/// The incarnation that the request means; refuses it if a newer one is, or was, there.
std::optional<Incarnation> incarnation_of(Turn& turn, const Register& request,
                                          const InstanceRecord* present) {
  const DepartedRecord* gone = departed(turn, request);
  const Incarnation known = present != nullptr ? present->incarnation
                            : gone != nullptr  ? gone->incarnation
                                               : 0;
  if (request.incarnation == 0) return present != nullptr ? known : known + 1;
  if (request.incarnation >= known || MUSTER_MUTANT(older_incarnation_wins))
    return request.incarnation;
  turn.refuse(Errc::stale_incarnation,
              "incarnation " + std::to_string(request.incarnation) + " of " +
                  named("instance", request.instance.value) + " is below " + std::to_string(known) +
                  (present != nullptr ? ", which is registered" : ", which was registered"));
  return std::nullopt;
}

InstanceRecord record_of(Turn& turn, const Register& request, Incarnation incarnation) {
  InstanceRecord record;
  record.service = request.service;
  record.id = request.instance;
  record.incarnation = incarnation;
  record.info = in_order(request.info);
  record.session_timeout = request.session_timeout;
  record.owner = turn.input().principal.name.empty() ? request.owner : turn.input().principal.name;
  if (request.status == Status::healthy || request.status == Status::overloaded)
    record.ladder = Status::healthy;
  record.ladder_reason = Reason::registered;
  if (request.status >= Status::overloaded) record.reported = request.status;
  if (request.session_timeout == Millis{0}) {
    const auto node = node_status(turn, request.info.node.value);
    // A node that is not there yet may be on its way.
    const Inherited from_node = inherited(node.value_or(Status::starting));
    record.ladder = from_node.ladder;
    record.ladder_reason = from_node.reason;
  }
  record.degraded = flaps(turn, request.service, request.instance);
  record.since = record.registered_at = turn.now().wall;
  return record;
}

void publish_registered(Turn& turn, const InstanceRecord& record, Reason reason,
                        std::string detail) {
  Event event = event_of(EventKind::instance_registered, record);
  event.to = status_of(record);
  event.reason = reason;
  event.detail = std::move(detail);
  turn.publish(std::move(event));
}

std::string where(const InstanceRecord& record) {
  std::string out = record.info.address + ":" + std::to_string(record.info.port);
  if (!record.owner.empty()) out += ", on behalf of it by " + record.owner;
  return out;
}

/// The session of a registration that has just been written.
void open_session(Turn& turn, const InstanceRecord& record, std::uint32_t slot) {
  if (slot == no_slot) return;
  open_plain_session(turn, slot, record.session_timeout, turn.time(), record.ladder).heard = true;
  watch_instance(turn, slot);
}

const InstanceView& put(Turn& turn, const InstanceRecord& record) {
  const std::string& service = record.service.value;
  turn.result_changed(service);
  turn.emit_services();  // a service comes before its instances
  turn.emit(member_key(RecordKind::instance, service, record.id.value), record);
  make_sure(turn, service);
  return *turn.state().registry().instance(service, record.id.value);
}

void add(Turn& turn, const Register& request, Incarnation incarnation) {
  const InstanceRecord record = record_of(turn, request, incarnation);
  const std::uint32_t slot = put(turn, record).slot;
  open_session(turn, record, slot);
  forget(turn, request.service.value, request.instance.value);
  publish_registered(turn, record, Reason::registered, where(record));
}

/// A newer incarnation in the place of an older one, which is told.
void replace(Turn& turn, const Register& request, Incarnation incarnation,
             const InstanceView& present) {
  const InstanceRecord before = *present.record;
  const std::uint32_t old_slot = present.slot;
  std::uint64_t connection = 0;
  if (old_slot != no_slot) {
    connection = turn.sessions()[old_slot].connection;
    forget_silence(turn, old_slot);
    turn.sessions().close(old_slot);
  }
  const bool flapping = fail_once(turn, before);
  InstanceRecord record = record_of(turn, request, incarnation);
  record.degraded = flapping;
  record.maintenance = before.maintenance;  // the operator meant the instance, not the process
  record.maintenance_why = before.maintenance_why;
  const std::uint32_t slot = put(turn, record).slot;
  open_session(turn, record, slot);
  const std::string detail = "incarnation " + std::to_string(incarnation) + " in the place of " +
                             std::to_string(before.incarnation);
  if (!MUSTER_MUTANT(replaced_untold))
    turn.push(connection, turn.revision(),
              Fenced{before.service, before.id, {}, before.incarnation, Reason::replaced, detail});
  publish_registered(turn, record, Reason::replaced, detail + " at " + where(record));
  settle_protection(turn, before.service.value);
}

/// The same process again: what it says of itself is new, how it is stays.
void renew(Turn& turn, const Register& request, const InstanceView& present) {
  const InstanceRecord before = *present.record;
  InstanceRecord after = before;
  const InstanceRecord fresh = record_of(turn, request, before.incarnation);
  after.info = fresh.info;
  after.session_timeout = fresh.session_timeout;
  if (after.info.checks != before.info.checks) {
    after.probed = Status::healthy;  // the new ones have found nothing yet
    after.probed_reason = Reason::none;
    after.probe.clear();
    forget_probes(turn, before);
  }
  after.owner = fresh.owner;
  const bool other_timeout = after.session_timeout != before.session_timeout;
  const bool beats = after.session_timeout > Millis{0};
  const bool began_or_ended = beats != (before.session_timeout > Millis{0});
  if (began_or_ended || !beats) {
    after.ladder = fresh.ladder;
    after.ladder_reason = fresh.ladder_reason;
  }
  if (after == before) return;
  const std::uint32_t old_slot = present.slot;
  if (other_timeout && old_slot != no_slot) {
    forget_silence(turn, old_slot);
    turn.sessions().close(old_slot);
  }
  const std::uint32_t slot = put(turn, after).slot;
  if (other_timeout) open_session(turn, after, slot);
  publish_registered(turn, after, Reason::reregistered, where(after));
}

RegisterOk answer(Turn& turn, const InstanceView& instance) {
  const InstanceRecord& record = *instance.record;
  RegisterOk ok;
  if (instance.slot != no_slot) ok.session = turn.sessions().bind(instance.slot, turn.from());
  ok.service = record.service;
  ok.instance = record.id;
  ok.incarnation = record.incarnation;
  ok.session_timeout = record.session_timeout;
  ok.heartbeat_interval = heartbeat_interval(record.session_timeout);
  ok.index = turn.service(record.service.value).index;
  return ok;
}

}  // namespace

void handle(Turn& turn, const Register& asked) {
  if (!valid_registration(turn, asked)) return;
  Register request = asked;
  if (request.instance.empty()) {
    const auto [high, low] = turn.random_id();
    request.instance = InstanceId{hex_id(high, low)};
  }
  const std::string& service = request.service.value;
  const std::string& id = request.instance.value;
  const InstanceView* present = turn.state().registry().instance(service, id);
  const auto incarnation =
      incarnation_of(turn, request, present == nullptr ? nullptr : present->record.get());
  if (!incarnation) return;
  const auto before = present == nullptr ? nullptr : present->record;
  if (present != nullptr && !may_unseat(turn, service, present->record->owner)) return;
  if (present == nullptr) {
    add(turn, request, *incarnation);
  } else if (*incarnation != present->record->incarnation) {
    replace(turn, request, *incarnation, InstanceView{*present});
  } else {
    renew(turn, request, InstanceView{*present});
  }
  const InstanceView now = *turn.state().registry().instance(service, id);
  // Who registers again was heard; but that it is healthy, it has to say itself.
  Revision after = 0;
  if (now.slot != no_slot && before != nullptr)
    after = now.record->ladder == Status::starting
                ? heard_session(turn, now.slot)
                : heard_instance(turn, now.slot, Status::healthy);
  const bool is_new = now.record != before;
  if (is_new && now.slot == no_slot && !node_status(turn, now.record->info.node.value))
    expect_node(turn, now.record->info.node.value);
  RegisterOk ok = answer(turn, *turn.state().registry().instance(service, id));
  after = std::max(after, turn.revision());
  if (now.slot != no_slot) wait_for_answer(turn, now.slot, after);
  turn.reply_to(turn.input().id, after, std::move(ok));
}

}  // namespace muster::core
