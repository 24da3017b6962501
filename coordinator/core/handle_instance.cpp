#include "handle.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "protection.hpp"
#include "registry_checks.hpp"

namespace muster::core {
namespace {

const InstanceView& view_of(Turn& turn, const InstanceRecord& record) {
  return *turn.state().registry().instance(record.service.value, record.id.value);
}

}  // namespace

void handle(Turn& turn, const BeatInstance& beat) {
  const auto record = find_instance(turn, beat.service, beat.instance, beat.incarnation);
  if (!record) return;
  const std::uint32_t slot = view_of(turn, *record).slot;
  HeartbeatOk ok;
  ok.session_timeout_ms = static_cast<std::uint32_t>(record->session_timeout.count());
  Revision after = 0;
  if (slot != no_slot) {
    const bool overloaded = (beat.flags & beat_overloaded) != 0;
    after = heard_instance(turn, slot, overloaded ? Status::overloaded : Status::healthy);
  }
  turn.reply_to(turn.input().id, after, ok);
}

void handle(Turn& turn, const Report& report) {
  const Status status = report.status;
  if (status != Status::healthy && status != Status::overloaded && status != Status::critical)
    return turn.refuse(Errc::out_of_range, "a check reports healthy, overloaded or critical, not " +
                                               std::string{to_string(status)});
  if (!valid_words(turn, report.detail)) return;
  const auto record = find_instance(turn, report.service, report.instance, report.incarnation);
  if (!record) return;
  const std::uint32_t slot = view_of(turn, *record).slot;
  if (slot != no_slot) {
    const bool overloaded =
        record->ladder == Status::overloaded && record->ladder_reason == Reason::overload_reported;
    static_cast<void>(
        heard_instance(turn, slot, overloaded ? Status::overloaded : Status::healthy));
  }
  const InstanceRecord before = *view_of(turn, *record).record;
  if (before.reported != status) {
    InstanceRecord after = before;
    after.reported = status;
    after.report = report.detail;
    change_instance(turn, before, std::move(after), Reason::status_reported, report.detail);
  }
  if (slot != no_slot) wait_for_answer(turn, slot, turn.revision());
  turn.reply(Done{});
}

void handle(Turn& turn, const Deregister& request) {
  if (!valid_words(turn, request.why)) return;
  const auto record = find_instance(turn, request.service, request.instance, request.incarnation);
  if (!record || !may_unseat(turn, request.service.value, record->owner)) return;
  remove_instance(turn, *record, {Reason::deregistered, request.why, status_of(*record)});
  turn.reply(Done{});
}

void handle(Turn& turn, const SetMaintenance& request) {
  if (!valid_words(turn, request.why)) return;
  const auto record = find_instance(turn, request.service, request.instance, 0);
  if (!record) return;
  if (record->maintenance != request.on) {
    InstanceRecord after = *record;
    after.maintenance = request.on;
    after.maintenance_why = request.on ? request.why : std::string{};
    change_instance(turn, *record, std::move(after),
                    request.on ? Reason::maintenance_began : Reason::maintenance_ended,
                    request.why);
    settle_protection(turn, request.service.value);
  }
  turn.reply(Done{});
}

void handle(Turn& turn, const EndProtection& request) {
  if (!valid_words(turn, request.why)) return;
  if (!is_protected(turn, request.service.value))
    return turn.refuse(Errc::not_protected,
                       named("service", request.service.value) + " is not protected");
  end_protection(turn, request.service.value, Reason::protection_ended, request.why);
  turn.reply(Done{});
}

}  // namespace muster::core
