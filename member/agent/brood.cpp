#include "brood.hpp"

#include "cgroup.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <set>

namespace muster::agent {

Brood::Marks marks_of(const std::string& instance, std::uint64_t incarnation) {
  return {{"MUSTER_INSTANCE", instance}, {"MUSTER_INCARNATION", std::to_string(incarnation)}};
}

Brood::Brood(const Marks& marks, pid_t leader, std::uint64_t start_time, std::string cgroup)
    : leader_(leader), cgroup_(std::move(cgroup)) {
  for (const auto& [name, value] : marks) variables_.push_back(name + "=" + value);
  if (leader_ > 0) known_[leader_] = start_time;
}

std::vector<ProcessInfo> Brood::members() {
  const std::vector<ProcessInfo> all = all_processes();
  std::map<pid_t, const ProcessInfo*> by_pid;
  for (const ProcessInfo& one : all) by_pid[one.pid] = &one;
  std::erase_if(known_, [&](const auto& known) {
    const auto there = by_pid.find(known.first);
    return there == by_pid.end() || there->second->start_time != known.second;
  });
  std::set<pid_t> ours;
  for (const auto& [pid, start_time] : known_) ours.insert(pid);
  if (!cgroup_.empty())
    for (const pid_t pid : cgroup_members(cgroup_)) ours.insert(pid);
  // The group is ours as long as somebody known is in it; a stranger may lead one of that number
  // later.
  const bool group_is_ours = std::any_of(ours.begin(), ours.end(), [&](pid_t pid) {
    const auto there = by_pid.find(pid);
    return there != by_pid.end() && there->second->group == leader_;
  });
  const pid_t self = ::getpid();
  for (const ProcessInfo& one : all)
    if (one.pid != self && !ours.contains(one.pid) &&
        ((group_is_ours && one.group == leader_) || was_started_with(one.pid, variables_)))
      ours.insert(one.pid);
  // Children of ours are ours, however deep.
  for (bool more = true; more;) {
    more = false;
    for (const ProcessInfo& one : all)
      if (one.pid != self && ours.contains(one.parent) && ours.insert(one.pid).second) more = true;
  }
  std::vector<ProcessInfo> out;
  for (const pid_t pid : ours) {
    const auto there = by_pid.find(pid);
    if (there == by_pid.end()) continue;
    known_[pid] = there->second->start_time;
    if (!there->second->ended()) out.push_back(*there->second);
  }
  return out;
}

std::size_t Brood::signal(int number) {
  if (number == SIGKILL && !cgroup_.empty()) kill_cgroup(cgroup_);
  const std::vector<ProcessInfo> there = members();
  for (const ProcessInfo& one : there) {
    send_signal(one, number);
    // Who is stopped cannot end in order.
    if (number == SIGTERM) send_signal(one, SIGCONT);
  }
  return there.size();
}

}  // namespace muster::agent
