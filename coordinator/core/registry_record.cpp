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

bool report_decides(const InstanceRecord& instance) {
  return severity(instance.reported) > severity(instance.ladder);
}

}  // namespace

Status status_of(const InstanceRecord& instance) {
  if (instance.maintenance) return Status::maintenance;
  return report_decides(instance) ? instance.reported : instance.ladder;
}

Reason reason_of(const InstanceRecord& instance) {
  if (instance.maintenance) return Reason::maintenance_began;
  return report_decides(instance) ? Reason::status_reported : instance.ladder_reason;
}

const std::string& detail_of(const InstanceRecord& instance) {
  if (instance.maintenance) return instance.maintenance_why;
  return report_decides(instance) || instance.evidence.empty() ? instance.report
                                                               : instance.evidence;
}

bool is_silent(const InstanceRecord& instance) {
  if (instance.session_timeout == Millis{0}) return false;
  return instance.ladder_reason == Reason::heartbeat_late ||
         instance.ladder_reason == Reason::heartbeats_missed ||
         instance.ladder_reason == Reason::session_expired;
}

}  // namespace muster::core
