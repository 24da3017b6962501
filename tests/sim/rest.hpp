/// What must hold whenever the broker has nothing in hand and all that it decided is durable.
#pragma once

#include "ledger.hpp"
#include "witness.hpp"

namespace muster::sim {

/// No work lies idle (A6): what nobody holds, and a member that may have more is to have, is
/// granted at once; and where all members are `alike`, once a target is computed none of them is
/// left out of it.
void check_rest(const Ledger& ledger, bool alike, Witness& witness);

}  // namespace muster::sim
