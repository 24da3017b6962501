#include "child.hpp"

#include <fcntl.h>
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
[[noreturn]] void become(char* const* words, const char* output, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);  // it ended before the line above
  const int file = ::open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
  }
  ::execv(words[0], words);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& words, const std::string& output) {
  std::vector<std::string> copies = words;
  std::vector<char*> pointers;
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), output.c_str(), parent);
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
