/// Looking at the processes of this machine, through /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::agent {

/// One process. A number alone names nobody for long: together with the start time it does, until
/// the machine starts anew.
struct ProcessInfo {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t group = 0;
  std::uint64_t start_time = 0;  ///< In clock ticks since the machine started.
  char state = '?';
  /// It has ended, and only waits to be reaped.
  [[nodiscard]] bool ended() const { return state == 'Z' || state == 'X'; }
};

/// Nothing: there is no such process.
[[nodiscard]] std::optional<ProcessInfo> look_at(pid_t pid);
/// All that can be seen.
[[nodiscard]] std::vector<ProcessInfo> all_processes();
/// Whether all of these "NAME=value" stand in the environment that the process was started with.
/// False, too, for the processes of others.
[[nodiscard]] bool was_started_with(pid_t pid, const std::vector<std::string>& variables);
/// Sends the signal to exactly this process, not to a later one with its number.
void send_signal(const ProcessInfo& process, int signal);
/// This machine's name.
[[nodiscard]] std::string host_name();
/// What distinguishes this start of the machine from others.
[[nodiscard]] std::string boot_id();

/// "pid (name) state parent …", the text of /proc/PID/stat.
[[nodiscard]] std::optional<ProcessInfo> parse_stat(std::string_view text);

}  // namespace muster::agent
