/// The agent with its real hands: processes, sockets, signals. What is decided is decided in
/// supervisor.hpp.
#pragma once

#include "spec.hpp"

#include <functional>
#include <string>
#include <vector>

namespace muster::agent {

struct AgentOptions {
  AgentSpec spec;
  std::string config_file;           ///< Read again at SIGHUP; empty: there is none.
  std::string host;                  ///< This machine's name, for that.
  std::vector<std::string> servers;  ///< HOST:PORT
  std::string folder;
  std::string client_name;
  std::function<void(const std::string&)> log;  ///< One sentence at a time.
};

/// Runs until SIGTERM or SIGINT, or, of a one-liner, until its program has ended for good.
///
/// Gives    the exit code: 0; of a one-liner the program's own.
/// Fails    FolderError, std::system_error at the start.
/// Threads  takes the process's signals and children for itself: one at a time, from main.
[[nodiscard]] int run_agent(AgentOptions options);

}  // namespace muster::agent
