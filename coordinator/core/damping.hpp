/// Hysteresis and flap damping: who has failed rises in two steps, and who fails again and again is
/// a last choice until it has been steady for a while.
#pragma once

#include "turn.hpp"

#include <muster/core/registry_record.hpp>

namespace muster::core {

/// One more failure of this instance. True: it flaps.
bool fail_once(Turn& turn, const InstanceRecord& instance);
/// Whether an instance of this name flapped when it was last seen.
[[nodiscard]] bool flaps(Turn& turn, const ServiceName& service, const InstanceId& id);
/// After a start: one that is recorded to flap has to prove itself again.
void restore_score(Turn& turn, const InstanceRecord& instance);

/// It was critical and is heard again: the first of two steps.
void start_rising(Turn& turn, const InstanceRecord& instance);
/// It took that step less than half an interval ago: one beat alone does not make it healthy.
[[nodiscard]] bool is_rising(Turn& turn, const InstanceRecord& instance, Millis interval);

/// Forgets half of the scores that are due, and ends the flapping of those that fell low enough.
void decay_scores(Turn& turn);

}  // namespace muster::core
