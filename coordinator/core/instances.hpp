/// Instances of services: their changes, their ladder, their end.
#pragma once

#include "turn.hpp"

#include <muster/core/registry_record.hpp>

#include <optional>
#include <string>

namespace muster::core {

[[nodiscard]] inline RecordKey service_key(const std::string& service) {
  return {RecordKind::service, service, {}, {}, 0, 0};
}

/// The instance that a request means; refuses the request if it is not there, or if another
/// incarnation of it is (0 means any).
[[nodiscard]] std::shared_ptr<const InstanceRecord> find_instance(Turn& turn,
                                                                  const ServiceName& service,
                                                                  const InstanceId& id,
                                                                  Incarnation incarnation);

/// The fields of an event of this instance.
[[nodiscard]] Event event_of(EventKind kind, const InstanceRecord& instance);

/// Writes what has become of an instance; an event tells of it if its status or whether it flaps is
/// another one. `reason` and `detail` are those of the change.
void change_instance(Turn& turn, const InstanceRecord& before, InstanceRecord after, Reason reason,
                     const std::string& detail);
/// The same without an event, and not of one that is being registered.
void write_instance(Turn& turn, const InstanceRecord& before, InstanceRecord after);

/// Why an instance goes, and the status it goes with.
struct Departure {
  Reason reason = Reason::none;
  std::string detail;
  Status last = Status::dead;
};
/// Ends a registration: its session, its record; it is remembered for a while, an event tells of
/// it, and, unless it asked itself, its connection.
void remove_instance(Turn& turn, const InstanceRecord& instance, Departure departure);

/// The session was heard, and says of itself that it is healthy or overloaded. Gives the revision
/// that the answer depends on; 0: none.
Revision heard_instance(Turn& turn, std::uint32_t slot, Status says);

/// Looks at an instance whose time may have come.
void check_instance(Turn& turn, std::uint32_t slot);
/// The edge to critical alone. All that are due pass it before any of them expires, so that a crowd
/// that fell silent at once is seen as one.
void check_missed(Turn& turn, std::uint32_t slot);
/// Whether that edge has come, whoever's session it is.
[[nodiscard]] bool has_missed(const Session& session, SessionTime now);

/// When its ladder has to be looked at again; nothing: it is dead already.
[[nodiscard]] std::optional<SessionTime> next_instance_edge(const Session& session);
/// Looks at it again then.
void watch_instance(Turn& turn, std::uint32_t slot);

/// Something was heard of this service, or judged: its result is no mere memory any more.
void make_sure(Turn& turn, const std::string& service);

/// What is due beside the ladder: scores, protections, orphans, memories.
void tick_registry(Turn& turn);

}  // namespace muster::core
