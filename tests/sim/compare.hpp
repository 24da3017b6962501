/// Two pictures of one shard that ought to be the same.
#pragma once

#include <muster/core/view.hpp>

#include <string>

namespace muster::sim {

/// What differs first, in words; empty: nothing. How far a rebalance is, is no part of it: that is
/// not recorded.
[[nodiscard]] std::string differ(const core::View& a, const core::View& b);

}  // namespace muster::sim
