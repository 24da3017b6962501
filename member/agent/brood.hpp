/// Everything that one start of a program has brought forth: the process, its children, and theirs.
#pragma once

#include "processes.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muster::agent {

/// Who belongs to it is asked of the machine each time, by four marks, of which one is enough: the
/// process group; descent; marks in the environment, MUSTER_INSTANCE with MUSTER_INCARNATION say,
/// which every child inherits and no stranger has; and the cgroup, where there is one. Only a
/// process that leaves the group, wipes its environment and outlives its parent between two looks
/// is not found, and it too is found by the cgroup.
class Brood {
 public:
  /// Names and values of variables that its processes have in their environment.
  using Marks = std::vector<std::pair<std::string, std::string>>;

  /// `leader`: the process that was started, with its start time; it may be gone already.
  Brood(const Marks& marks, pid_t leader, std::uint64_t start_time, std::string cgroup);

  /// Those that are there, without those that have ended and only wait to be reaped.
  [[nodiscard]] std::vector<ProcessInfo> members();
  /// To all of them; gives how many there were.
  std::size_t signal(int number);
  [[nodiscard]] pid_t leader() const { return leader_; }
  [[nodiscard]] const std::string& cgroup() const { return cgroup_; }

 private:
  pid_t leader_;
  std::string cgroup_;
  std::vector<std::string> variables_;
  std::map<pid_t, std::uint64_t> known_;  // seen before, with their start times
};

/// Of one start of a supervised program.
[[nodiscard]] Brood::Marks marks_of(const std::string& instance, std::uint64_t incarnation);

}  // namespace muster::agent
