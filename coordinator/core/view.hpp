/// Making a View from the state.
#pragma once

#include "parts.hpp"

#include <memory>

namespace muster::core {

/// The present picture; the same object as last time if nothing has changed since.
[[nodiscard]] std::shared_ptr<const View> newest_view(Parts& parts);

/// The state of a group as KIP-848 names it.
[[nodiscard]] GroupState state_of(const Group& group, const Rebalance& rebalance);

}  // namespace muster::core
