/// Starting a process, in a process group of its own.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace muster::agent {

struct Launch {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  ///< Added to the agent's own.
  std::string directory;                                         ///< Empty: the agent's own.
  std::string user;                                              ///< Empty: the agent's own.
  std::string cgroup;  ///< Folder of one that it is put into; empty: none.
  /// SIGTERM when this program ends without a word. Only the process itself gets it.
  bool ends_with_parent = true;
  int output = -1;  ///< A descriptor for its output and errors; -1: as this program's.
};

/// The number of the process; or why it could not be started: "there is no user nobdy".
[[nodiscard]] std::variant<pid_t, std::string> launch(const Launch& what);

}  // namespace muster::agent
