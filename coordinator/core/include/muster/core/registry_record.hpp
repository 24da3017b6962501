/// The records of the service registry: services, their instances, nodes, and who is gone.
#pragma once

#include <muster/messages.hpp>
#include <muster/types.hpp>

#include <cstdint>
#include <string>

namespace muster::core {

/// What a service has of its own. It stays while it has instances or remembers some.
struct ServiceRecord {
  ServiceName name;
  std::uint64_t index = 0;  ///< Revision of the last change of its result.
  std::uint64_t event_sequence = 0;
  Reason protected_for = Reason::none;  ///< Why nobody silent is withheld; none: it is not so.
  std::string protected_zone;           ///< Of zone_silent: which zone.
  Wall protected_since;
  friend bool operator==(const ServiceRecord&, const ServiceRecord&) = default;
};

/// One instance. Four things have a say in its status, each kept for itself: silence (or, if it
/// does not beat for itself, its node), what is reported of it, what its checks find, and
/// operators.
struct InstanceRecord {
  ServiceName service;
  InstanceId id;
  Incarnation incarnation = 1;
  InstanceInfo info;
  Millis session_timeout{0};  ///< 0: it lives with its node.
  std::string owner;          ///< Who registered it on its behalf; empty: itself.
  /// By silence: starting, healthy, overloaded, critical; dead while its service is protected;
  /// zombie: silent for S, though it answers its checks.
  Status ladder = Status::starting;
  Reason ladder_reason = Reason::none;
  std::string evidence;               ///< For `ladder`, in words.
  Status reported = Status::healthy;  ///< healthy, overloaded, critical.
  std::string report;                 ///< The same in words.
  Status probed = Status::healthy;    ///< By its checks: healthy, overloaded, critical, dead.
  Reason probed_reason = Reason::none;
  std::string probe;  ///< The same in words.
  bool maintenance = false;
  std::string maintenance_why;
  bool degraded = false;  ///< It flaps.
  Wall since;             ///< When its status last changed.
  Wall registered_at;
  friend bool operator==(const InstanceRecord&, const InstanceRecord&) = default;
};

struct NodeRecord {
  NodeName name;
  Incarnation incarnation = 1;
  std::string address;
  std::string zone;
  Millis session_timeout{0};
  Status status = Status::starting;
  Wall since;
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

/// An instance that is gone: when and why.
struct DepartedRecord {
  ServiceName service;
  InstanceId id;
  Incarnation incarnation = 0;
  std::string address;
  std::uint16_t port = 0;
  Wall at;
  std::uint64_t number = 0;  ///< Of the event that tells of it: their order.
  Status last = Status::starting;
  Reason reason = Reason::none;
  std::string detail;
  friend bool operator==(const DepartedRecord&, const DepartedRecord&) = default;
};

/// What a consumer is told: the worst that heartbeats, reports, checks and operators say. Where
/// heartbeats and checks differ, the verdict of both: it beats but does not answer (unreachable),
/// its node lives but it does not answer, or it answers but does not beat (zombie).
[[nodiscard]] Status status_of(const InstanceRecord& instance);
/// Why it has that status, and the same in words.
[[nodiscard]] Reason reason_of(const InstanceRecord& instance);
[[nodiscard]] const std::string& detail_of(const InstanceRecord& instance);
/// Its own heartbeats are late or missing. One that says itself that it is overloaded is not.
[[nodiscard]] bool is_silent(const InstanceRecord& instance);
/// Silence alone keeps it from being handed out: no report and no answer to a check says so, too.
[[nodiscard]] bool is_missing(const InstanceRecord& instance);

}  // namespace muster::core
