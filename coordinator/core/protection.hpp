/// Self-preservation: when an implausible share of a service or zone falls silent at once, it is
/// rather the network, or the broker, that is ill. Then nobody silent is withheld from consumers or
/// removed, for a bounded time; everybody's true status stays visible.
///
/// "At once" needs no clock of its own: who is late or missing, and not yet dead, fell silent
/// within the last two intervals.
#pragma once

#include "turn.hpp"

#include <muster/core/registry_record.hpp>

#include <string>

namespace muster::core {

[[nodiscard]] bool is_protected(Turn& turn, const std::string& service);

/// This instance has just become critical: protects its service if too many others are silent.
void consider_protection(Turn& turn, const InstanceRecord& instance);
/// Somebody of this service was heard again, or is gone: its protection ends if nobody is silent,
/// and soon if few are.
void settle_protection(Turn& turn, const std::string& service);
/// Whoever is dead goes now.
void end_protection(Turn& turn, const std::string& service, Reason reason,
                    const std::string& detail);
void end_due_protections(Turn& turn);
/// After a start: recorded protections get their time anew.
void restore_protection(Turn& turn, const std::string& service);

}  // namespace muster::core
