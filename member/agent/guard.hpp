/// `muster guard`: a command that runs only while this host's instance of a service is healthy.
/// Made for cron lines, so that the jobs of a zombie end with it.
#pragma once

#include "guard_rule.hpp"

#include <functional>
#include <string>
#include <vector>

namespace muster::agent {

struct GuardOptions {
  GuardSpec spec;
  std::vector<std::string> command;
  std::vector<std::string> servers;  ///< HOST:PORT
  std::string client_name;
};

struct GuardEnd {
  bool ran = false;      ///< The command was started.
  bool allowed = false;  ///< It ended by itself; else it was not let, or stopped.
  int code = 0;          ///< Of the command, if it ended by itself.
  std::string words;     ///< Why it was not let, or was stopped.
};

/// Waits for the broker's word, runs the command, and ends it, whole, when it may run no more.
/// SIGTERM, SIGINT and SIGHUP are passed on to it.
///
/// Fails    std::exception if nothing can be begun.
/// Threads  takes the process's signals and children for itself: one at a time, from main.
[[nodiscard]] GuardEnd run_guard(GuardOptions options);

}  // namespace muster::agent
