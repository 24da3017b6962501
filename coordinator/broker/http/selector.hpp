/// Label selectors as Kubernetes writes them, on the meta of instances:
/// "env=prod,tier!=canary,zone in (a,b),!draining".
#pragma once

#include <muster/errc.hpp>
#include <muster/messages.hpp>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster::broker::http {

struct Requirement {
  enum class Kind { in, not_in, exists, not_exists };
  std::string key;
  Kind kind = Kind::exists;
  std::vector<std::string> values;  ///< Of in and not_in: one or more.
  friend bool operator==(const Requirement&, const Requirement&) = default;
};

/// All of them must hold; none: everything matches.
using Selector = std::vector<Requirement>;

inline constexpr std::size_t max_requirements = 32;
inline constexpr std::size_t max_selector_values = 256;  ///< In all requirements together.

/// Or a sentence that says at which character it goes wrong.
[[nodiscard]] std::variant<Selector, Error> parse_selector(std::string_view text);

/// `!=` and `notin` hold also for who does not have the key, as in Kubernetes.
[[nodiscard]] bool matches(const Selector& selector, const std::vector<MetaEntry>& meta);

}  // namespace muster::broker::http
