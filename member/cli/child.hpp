/// Running a command of the user's.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace muster::cli {

/// How a command ended.
struct ChildEnd {
  bool ok = false;
  std::string words;  ///< "exited with 3", "was ended by signal 9", "could not be started: …".
};

/// Runs the command to its end: `input` is its standard input, `variables` are added to the
/// environment. Output and errors go where this program's go.
[[nodiscard]] ChildEnd run_child(const std::vector<std::string>& command,
                                 const std::vector<std::pair<std::string, std::string>>& variables,
                                 const std::string& input);

}  // namespace muster::cli
