/// A request's target: "/v1/groups/my%20group?limit=10" taken apart.
#pragma once

#include <muster/errc.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace muster::broker::http {

struct Target {
  std::vector<std::string> path;  ///< Decoded segments; one slash at the end is not seen.
  std::vector<std::pair<std::string, std::string>> parameters;  ///< Decoded, in their order.
};

inline constexpr std::size_t max_parameters = 64;

/// Percent signs are decoded, in parameters `+` to a space; a path begins with a slash. What is no
/// valid code, or holds a zero byte, is refused with a sentence.
[[nodiscard]] std::variant<Target, Error> parse_target(std::string_view text);

}  // namespace muster::broker::http
