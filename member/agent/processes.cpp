#include "processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace muster::agent {
namespace {

/// All of a small file, or nothing.
std::optional<std::string> read_all(const std::string& path, std::size_t most) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::string out;
  char buffer[4096];
  while (out.size() < most) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) break;
    out.append(buffer, static_cast<std::size_t>(count));
  }
  ::close(fd);
  return out;
}

}  // namespace

std::optional<ProcessInfo> parse_stat(std::string_view text) {
  // The name may hold anything, parentheses and line feeds too: the last one ends it.
  const std::size_t close = text.rfind(')');
  if (close == std::string_view::npos) return std::nullopt;
  ProcessInfo out;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), out.pid);
  if (bad != std::errc{}) return std::nullopt;
  std::istringstream rest{std::string(text.substr(close + 1))};
  rest >> out.state >> out.parent >> out.group;
  std::string skipped;
  constexpr int from_group_to_start = 16;  // fields 6 to 21 of proc(5)
  for (int i = 0; i < from_group_to_start; ++i) rest >> skipped;
  rest >> out.start_time;
  if (!rest) return std::nullopt;
  return out;
}

std::optional<ProcessInfo> look_at(pid_t pid) {
  const auto text = read_all("/proc/" + std::to_string(pid) + "/stat", 4096);
  return text ? parse_stat(*text) : std::nullopt;
}

std::vector<ProcessInfo> all_processes() {
  std::vector<ProcessInfo> out;
  DIR* const folder = ::opendir("/proc");
  if (folder == nullptr) return out;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc{} || end != name.data() + name.size()) continue;
    if (const auto process = look_at(pid)) out.push_back(*process);
  }
  ::closedir(folder);
  return out;
}

bool was_started_with(pid_t pid, const std::vector<std::string>& variables) {
  constexpr std::size_t longest_environment = 2U << 20;
  const auto text = read_all("/proc/" + std::to_string(pid) + "/environ", longest_environment);
  if (!text || text->empty()) return false;
  const std::string all = '\0' + *text + '\0';
  return std::all_of(variables.begin(), variables.end(), [&](const std::string& variable) {
    return all.find('\0' + variable + '\0') != std::string::npos;
  });
}

void send_signal(const ProcessInfo& process, int signal) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0));
  if (fd < 0) return;  // it is gone
  // From here on the descriptor means one process: is it the one that was seen?
  const auto now = look_at(process.pid);
  if (now && now->start_time == process.start_time)
    ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0);
  ::close(fd);
}

std::string host_name() {
  char buffer[256] = {};
  return ::gethostname(buffer, sizeof buffer - 1) == 0 ? buffer : "localhost";
}

std::string boot_id() {
  std::string text = read_all("/proc/sys/kernel/random/boot_id", 64).value_or("");
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace muster::agent
