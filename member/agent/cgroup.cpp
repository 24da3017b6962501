#include "cgroup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace muster::agent {

std::optional<std::string> cgroup_root(std::string& why) {
  std::ifstream own("/proc/self/cgroup");
  std::string line;
  std::string path;
  while (std::getline(own, line))
    if (line.starts_with("0::")) path = "/sys/fs/cgroup" + line.substr(3);
  if (path.empty()) {
    why = "there is no cgroup v2 here";
    return std::nullopt;
  }
  while (path.ends_with('/')) path.pop_back();
  // The only sure way to know is to make one.
  const std::string trial = path + "/muster-" + std::to_string(::getpid());
  if (::mkdir(trial.c_str(), 0755) != 0) {
    why = "no group can be made in " + path + ": " + std::strerror(errno);
    return std::nullopt;
  }
  const bool is_one = ::access((trial + "/cgroup.procs").c_str(), W_OK) == 0;
  ::rmdir(trial.c_str());
  if (!is_one) {
    why = path + " is no cgroup v2";
    return std::nullopt;
  }
  return path;
}

std::string make_cgroup(const std::string& root, const std::string& name) {
  const std::string path = root + "/" + name;
  return ::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST ? path : std::string{};
}

std::vector<pid_t> cgroup_members(const std::string& path) {
  std::vector<pid_t> out;
  std::ifstream in(path + "/cgroup.procs");
  for (pid_t pid = 0; in >> pid;) out.push_back(pid);
  return out;
}

bool kill_cgroup(const std::string& path) {
  std::ofstream out(path + "/cgroup.kill");
  return static_cast<bool>(out << "1" << std::flush);
}

void remove_cgroup(const std::string& path) {
  if (!path.empty()) ::rmdir(path.c_str());
}

}  // namespace muster::agent
