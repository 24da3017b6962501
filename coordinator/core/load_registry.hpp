/// The registry after a start.
#pragma once

#include "turn.hpp"

namespace muster::core {

/// Gives each session its time, as members get theirs, and everything else that is timed its own
/// anew; what is remembered of services is not sure until somebody is heard.
void load_registry(Turn& turn, Millis last_run_age, Parts& parts);

}  // namespace muster::core
