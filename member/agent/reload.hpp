/// What a configuration that was read again means for the programs that run.
#pragma once

#include "spec.hpp"

#include <optional>
#include <vector>

namespace muster::agent {

struct Changes {
  std::vector<InstanceId> removed;   ///< In the order of the old file.
  std::vector<ServiceSpec> changed;  ///< The new settings of who was there.
  std::vector<ServiceSpec> added;
  [[nodiscard]] bool empty() const { return removed.empty() && changed.empty() && added.empty(); }
};

/// An instance that moves to another service is another one: it is removed and added.
[[nodiscard]] Changes changes_between(const std::vector<ServiceSpec>& before,
                                      const std::vector<ServiceSpec>& after);
/// What only a new start of the agent can change, as a sentence; nothing: all can be done.
[[nodiscard]] std::optional<std::string> needs_new_start(const AgentSpec& before,
                                                         const AgentSpec& after);

}  // namespace muster::agent
