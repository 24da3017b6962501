/// Series of each service, for a bounded number of services.
#pragma once

#include "../host.hpp"

#include <cstdint>
#include <string>

namespace muster::broker::http {

/// Prometheus text for the first `most` services by name; how many are left out is a series, too.
[[nodiscard]] std::string service_metrics(const Host& host, std::uint32_t most);

}  // namespace muster::broker::http
