/// Prometheus' text format, read back.
#pragma once

#include "json.hpp"

#include <string_view>
#include <vector>

namespace muster::cli {

/// The samples whose name starts with `prefix`, in their order. Comments and lines that are no
/// sample are passed over.
[[nodiscard]] std::vector<Sample> parse_samples(std::string_view text, std::string_view prefix);

/// The lines of the text that belong to metrics whose name starts with `prefix`, comments included.
[[nodiscard]] std::string select_lines(std::string_view text, std::string_view prefix);

}  // namespace muster::cli
