/// The other way of the heartbeat: what an instance's checks find, and what that means beside its
/// own heartbeats. Misses are counted, not timed: the first makes it overloaded, the second
/// critical, and the third ends it, or unmasks it as unreachable or a zombie.
#pragma once

#include "turn.hpp"

#include <muster/core/registry_record.hpp>

namespace muster::core {

/// One of its checks has answered lately, and none of them has been missed three times.
[[nodiscard]] bool answers_probes(Turn& turn, const InstanceRecord& instance);

/// The instance is gone, or another: what was counted is forgotten.
void forget_probes(Turn& turn, const InstanceRecord& instance);

}  // namespace muster::core
