#include "child.hpp"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

namespace muster::cli {
namespace {

/// A file in memory, read from its start: unlike a pipe it never blocks and never breaks.
class Input {
 public:
  explicit Input(std::string_view text) : fd_(::memfd_create("muster-join", MFD_CLOEXEC)) {
    while (fd_ >= 0 && !text.empty()) {
      const ssize_t written = ::write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (fd_ >= 0) ::lseek(fd_, 0, SEEK_SET);
    whole_ = fd_ >= 0 && text.empty();
  }
  ~Input() {
    if (fd_ >= 0) ::close(fd_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  bool whole_ = false;
};

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& variables) {
  std::vector<std::string> out;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const bool replaced =
        std::any_of(variables.begin(), variables.end(),
                    [&](const auto& variable) { return text.starts_with(variable.first + "="); });
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : variables) {
    std::string& entry = out.emplace_back(name);
    entry.append("=").append(value);
  }
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

ChildEnd not_started(int error) {
  return {false, "could not be started: " + std::generic_category().message(error)};
}

ChildEnd wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return {false, "was lost: " + std::generic_category().message(errno)};
  if (WIFSIGNALED(status))
    return {false, "was ended by signal " + std::to_string(WTERMSIG(status))};
  return {WEXITSTATUS(status) == 0, "exited with " + std::to_string(WEXITSTATUS(status))};
}

}  // namespace

ChildEnd run_child(const std::vector<std::string>& command,
                   const std::vector<std::pair<std::string, std::string>>& variables,
                   const std::string& input) {
  const Input standard_input(input);
  if (!standard_input.whole()) return not_started(errno);
  std::vector<std::string> words = command;
  std::vector<std::string> environment = environment_with(variables);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, standard_input.fd(), STDIN_FILENO);
  pid_t pid = 0;
  const int error = ::posix_spawnp(&pid, words.front().c_str(), &actions, nullptr,
                                   pointers(words).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? wait_for(pid) : not_started(error);
}

}  // namespace muster::cli
