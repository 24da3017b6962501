#include <muster/core/registry_record.hpp>

namespace muster::core {
namespace {

/// Who is not heard yet is no choice, but nobody says that it is ill.
int severity(Status status) {
  switch (status) {
    case Status::healthy:
      return 0;
    case Status::overloaded:
      return 1;
    case Status::starting:
      return 2;
    case Status::critical:
      return 3;
    default:
      return 4;
  }
}

/// What its checks mean, as it beats or not.
Status verdict_of(const InstanceRecord& instance) {
  if (instance.probed != Status::dead) return instance.probed;
  const bool on_time = instance.ladder == Status::healthy || instance.ladder == Status::overloaded;
  if (!on_time || is_silent(instance)) return Status::critical;
  return instance.session_timeout == Millis{0} ? Status::zombie : Status::unreachable;
}

enum class Says : std::uint8_t { operators, beats, reports, checks };

/// Whose word is the status: the worst; of equals heartbeats', then reports'.
Says decides(const InstanceRecord& instance) {
  if (instance.maintenance) return Says::operators;
  const int beats = severity(instance.ladder);
  const int reports = severity(instance.reported);
  const int checks = severity(verdict_of(instance));
  if (beats >= reports && beats >= checks) return Says::beats;
  return reports >= checks ? Says::reports : Says::checks;
}

}  // namespace

Status status_of(const InstanceRecord& instance) {
  switch (decides(instance)) {
    case Says::operators:
      return Status::maintenance;
    case Says::reports:
      return instance.reported;
    case Says::checks:
      return verdict_of(instance);
    default:
      return instance.ladder;
  }
}

Reason reason_of(const InstanceRecord& instance) {
  switch (decides(instance)) {
    case Says::operators:
      return Reason::maintenance_began;
    case Says::reports:
      return Reason::status_reported;
    case Says::checks:
      return instance.probed_reason;
    default:
      return instance.ladder_reason;
  }
}

const std::string& detail_of(const InstanceRecord& instance) {
  switch (decides(instance)) {
    case Says::operators:
      return instance.maintenance_why;
    case Says::reports:
      return instance.report;
    case Says::checks:
      return instance.probe;
    default:
      return instance.evidence.empty() ? instance.report : instance.evidence;
  }
}

bool is_silent(const InstanceRecord& instance) {
  if (instance.session_timeout == Millis{0}) return false;
  return instance.ladder_reason == Reason::heartbeat_late ||
         instance.ladder_reason == Reason::heartbeats_missed ||
         instance.ladder_reason == Reason::session_expired ||
         instance.ladder_reason == Reason::answers_without_beats;
}

bool is_missing(const InstanceRecord& instance) {
  // No answer to a check is silence, too: it may be the same broken network.
  const bool answers_badly =
      instance.probed >= Status::critical && instance.probed_reason != Reason::probes_missed;
  return is_silent(instance) && instance.ladder >= Status::critical &&
         instance.reported != Status::critical && !answers_badly;
}

}  // namespace muster::core
