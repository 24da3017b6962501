/// A history on disk: JSON lines, one fact each, so that a run can be judged again, and looked at
/// with ordinary tools. The last line counts the others: without it the file is torn.
#pragma once

#include "history.hpp"

#include <string>

namespace muster::chaos {

/// Throws std::runtime_error.
void write_history(const History& history, const std::string& path);

/// Throws std::runtime_error with path and line for anything that write_history does not write: an
/// unknown kind or field, a field that is missing or of another type, a missing end.
[[nodiscard]] History read_history(const std::string& path);

}  // namespace muster::chaos
