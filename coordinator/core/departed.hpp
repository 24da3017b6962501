/// Instances that are gone: remembered for a while, a bounded number of them.
#pragma once

#include "instances.hpp"
#include "turn.hpp"

namespace muster::core {

/// Remembers an instance whose record is gone; the last event tells of it.
void remember(Turn& turn, const InstanceRecord& instance, const Departure& departure);
/// It is there again, or nobody needs to know any more.
void forget(Turn& turn, const std::string& service, const std::string& instance);
/// Forgets those whose time is over, and services of which nothing is left.
void forget_due(Turn& turn);
/// After a start: each is kept for its full time again.
void restore_departed(Turn& turn);

}  // namespace muster::core
