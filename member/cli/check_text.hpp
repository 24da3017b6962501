/// Checks as people write them.
#pragma once

#include <muster/messages.hpp>

#include <optional>
#include <string_view>

namespace muster::cli {

/// "http:/health", "http:8081/health", "tcp", "tcp:9000", each perhaps with "@5s" after it: how
/// often. Its timeout is 2 s, and 1 s is slow, but neither longer than the interval. Nothing if it
/// is malformed.
[[nodiscard]] std::optional<Check> parse_check(std::string_view text);

}  // namespace muster::cli
