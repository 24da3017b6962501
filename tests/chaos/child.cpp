#include "child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <stdexcept>
#include <system_error>

namespace muster::chaos {
namespace {

/// Between fork and exec of a program with threads: nothing but system calls.
[[noreturn]] void become(char* const* words, char* const* environment, const char* output,
                         pid_t parent, int network) {
  if (network >= 0 && ::setns(network, CLONE_NEWNET) != 0) ::_exit(125);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);  // it ended before the line above
  const int file = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
  }
  ::execve(words[0], words, environment);
  ::_exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::string& output,
             const Surroundings& surroundings) {
  std::vector<std::string> copies = words;
  std::vector<std::string> environment = surroundings.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  const std::vector<char*> word_pointers = pointers_to(copies);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0)
    become(word_pointers.data(), environment_pointers.data(), output.c_str(), parent,
           surroundings.network);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

Child::~Child() {
  if (ended()) return;
  signal(SIGKILL);
  wait();
}

void Child::signal(int number) const {
  if (!end_) ::kill(pid_, number);
}

const std::optional<std::string>& Child::ended() {
  int status = 0;
  if (!end_ && ::waitpid(pid_, &status, WNOHANG) == pid_) take(status);
  return end_;
}

const std::string& Child::wait() {
  int status = 0;
  while (!end_)
    if (::waitpid(pid_, &status, 0) == pid_) take(status);
  return *end_;
}

void Child::take(int status) {
  end_ = WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                             : "exited with " + std::to_string(WEXITSTATUS(status));
}

std::string own_program() {
  char path[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
  if (length <= 0) throw std::system_error(errno, std::generic_category(), "/proc/self/exe");
  return {path, static_cast<std::size_t>(length)};
}

}  // namespace muster::chaos
