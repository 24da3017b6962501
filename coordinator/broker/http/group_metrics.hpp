/// Series of each group, for a bounded number of groups.
#pragma once

#include "../host.hpp"

#include <cstdint>
#include <string>

namespace muster::broker::http {

/// Prometheus text for the first `most` groups by name; how many are left out is a series, too.
[[nodiscard]] std::string group_metrics(const Host& host, std::uint32_t most);

}  // namespace muster::broker::http
