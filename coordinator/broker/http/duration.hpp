/// Durations as clients of HTTP APIs write them.
#pragma once

#include <muster/types.hpp>

#include <optional>
#include <string_view>

namespace muster::broker::http {

/// "500ms", "30s", "5m", "1h", and compounds such as "1m30s"; fractions are allowed ("1.5s").
/// Nothing if it is something else, or longer than a year.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);

}  // namespace muster::broker::http
