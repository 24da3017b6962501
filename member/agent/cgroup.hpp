/// A control group (version 2) for each start of a program, where the agent may make one: then
/// nothing that the program starts can get away from it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace muster::agent {

/// Where groups can be made: the agent's own group; nothing, and `why` says why, where they cannot.
[[nodiscard]] std::optional<std::string> cgroup_root(std::string& why);
/// Makes one under `root`; empty if that fails.
[[nodiscard]] std::string make_cgroup(const std::string& root, const std::string& name);
[[nodiscard]] std::vector<pid_t> cgroup_members(const std::string& path);
/// SIGKILL to all of them at once, also to those who are just being forked. False: this kernel
/// cannot (before 5.14).
bool kill_cgroup(const std::string& path);
/// Once it is empty.
void remove_cgroup(const std::string& path);

}  // namespace muster::agent
