#include "launch.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <system_error>

namespace muster::agent {
namespace {

/// Everything that the child needs, made before the fork: after it only system calls are safe.
struct Plan {
  std::vector<std::string> words;
  std::vector<std::string> environment;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::string directory;
  std::string cgroup_file;
  bool other_user = false;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  bool ends_with_parent = true;
  int output = -1;
  pid_t parent = 0;
};

/// What failed in the child, over a pipe that closes by itself once it has become the command.
struct Trouble {
  int step = 0;
  int error = 0;
};
enum Step : int { set_group, enter_cgroup, set_user, enter_directory, execute };

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool replaced =
        std::any_of(variables.begin(), variables.end(),
                    [&](const auto& variable) { return text.starts_with(variable.first + "="); });
    // Where the service manager wants to hear from the agent is nothing for others.
    if (!replaced && !text.starts_with("NOTIFY_SOCKET=")) out.emplace_back(text);
  }
  for (const auto& [name, value] : variables) out.push_back(name + "=" + value);
  return out;
}

/// The sentence of what is wrong; nothing: all is well.
std::optional<std::string> find_user(const std::string& name, Plan& plan,
                                     std::vector<std::pair<std::string, std::string>>& variables) {
  if (name.empty()) return std::nullopt;
  const passwd* const user = ::getpwnam(name.c_str());
  if (user == nullptr) return "there is no user " + name;
  plan.uid = user->pw_uid;
  plan.gid = user->pw_gid;
  if (plan.uid == ::geteuid()) return std::nullopt;
  plan.other_user = true;
  const std::pair<const char*, const char*> own[] = {
      {"HOME", user->pw_dir}, {"USER", user->pw_name}, {"LOGNAME", user->pw_name}};
  for (const auto& one : own)
    if (std::none_of(variables.begin(), variables.end(),
                     [&](const auto& variable) { return variable.first == one.first; }))
      variables.emplace_back(one.first, one.second);
  int count = 64;
  plan.groups.resize(64);
  if (::getgrouplist(name.c_str(), plan.gid, plan.groups.data(), &count) < 0) {
    plan.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(name.c_str(), plan.gid, plan.groups.data(), &count);
  }
  plan.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return std::nullopt;
}

[[noreturn]] void fail(int pipe, Step step) {
  const Trouble trouble{step, errno};
  const ssize_t written = ::write(pipe, &trouble, sizeof trouble);
  ::_exit(written > 0 ? 127 : 126);
}

void restore_signals() {
  for (const int signal : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD})
    ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Plan& plan, int pipe) {
  restore_signals();
  if (::setpgid(0, 0) != 0) fail(pipe, set_group);
  if (!plan.cgroup_file.empty()) {
    const int fd = ::open(plan.cgroup_file.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::write(fd, "0", 1) != 1) fail(pipe, enter_cgroup);
    ::close(fd);
  }
  if (plan.other_user && (::setgroups(plan.groups.size(), plan.groups.data()) != 0 ||
                          ::setgid(plan.gid) != 0 || ::setuid(plan.uid) != 0))
    fail(pipe, set_user);
  // After the change of the user, which forgets it. The parent may have died before.
  if (plan.ends_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != plan.parent) ::_exit(125);
  }
  if (!plan.directory.empty() && ::chdir(plan.directory.c_str()) != 0) fail(pipe, enter_directory);
  if (plan.output >= 0) {
    ::dup2(plan.output, STDOUT_FILENO);
    ::dup2(plan.output, STDERR_FILENO);
  }
  ::execvpe(plan.argv[0], plan.argv.data(), plan.envp.data());
  fail(pipe, execute);
}

std::string words_of(const Trouble& trouble, const Launch& what) {
  const std::string error = std::generic_category().message(trouble.error);
  switch (trouble.step) {
    case set_group:
      return "it gets no process group: " + error;
    case enter_cgroup:
      return "it cannot enter its cgroup " + what.cgroup + ": " + error;
    case set_user:
      return "it cannot become user " + what.user + ": " + error;
    case enter_directory:
      return "directory " + what.directory + ": " + error;
    default:
      return what.command.front() + ": " + error;
  }
}

}  // namespace

std::variant<pid_t, std::string> launch(const Launch& what) {
  Plan plan;
  plan.words = what.command;
  auto variables = what.environment;
  if (auto wrong = find_user(what.user, plan, variables)) return std::move(*wrong);
  plan.environment = environment_with(variables);
  plan.argv = pointers(plan.words);
  plan.envp = pointers(plan.environment);
  plan.directory = what.directory;
  if (!what.cgroup.empty()) plan.cgroup_file = what.cgroup + "/cgroup.procs";
  plan.ends_with_parent = what.ends_with_parent;
  plan.output = what.output;
  plan.parent = ::getpid();

  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return "pipe: " + std::generic_category().message(errno);
  const pid_t pid = ::fork();
  if (pid == 0) become(plan, pipe[1]);
  const int error = errno;
  ::close(pipe[1]);
  Trouble trouble;
  ssize_t count = 0;
  if (pid > 0) {
    do count = ::read(pipe[0], &trouble, sizeof trouble);
    while (count < 0 && errno == EINTR);
  }
  ::close(pipe[0]);
  if (pid < 0) return "fork: " + std::generic_category().message(error);
  // It ends by itself now, and is reaped like every child.
  if (count == static_cast<ssize_t>(sizeof trouble)) return words_of(trouble, what);
  return pid;
}

}  // namespace muster::agent
