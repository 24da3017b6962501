/// What an agent tells of itself, as JSON; docs/agent.md lists the fields.
#pragma once

#include "supervisor.hpp"

#include <string>

namespace muster::agent {

/// What the driver knows and the supervisor does not.
struct Surroundings {
  std::string server_trouble;  ///< Empty: a broker is connected.
  std::string cgroup;          ///< "yes", or why not.
  std::string folder;
  int pid = 0;
};

[[nodiscard]] std::string status_json(const Supervisor& supervisor, const Surroundings& around);
[[nodiscard]] std::string acknowledgement_json(const Acknowledgement& answer);

}  // namespace muster::agent
