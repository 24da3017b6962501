/// A child process that dies with its parent.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace muster::chaos {

/// Started, signalled and reaped from one thread: the one that outlives all of them, since the
/// kernel ends them when the thread ends that started them.
class Child {
 public:
  struct Surroundings {
    int network = -1;                           ///< A namespace to live in; -1: this one.
    std::vector<std::string> environment = {};  ///< "NAME=value", besides the present ones.
  };

  /// Runs `words`; what it prints is appended to `output`. Throws std::runtime_error.
  Child(const std::vector<std::string>& words, const std::string& output)
      : Child(words, output, Surroundings{}) {}
  Child(const std::vector<std::string>& words, const std::string& output,
        const Surroundings& surroundings);
  ~Child();  ///< SIGKILL, and waits for the end.
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// How it ended, in words, once it has: "exited with 0", "was ended by signal 9".
  [[nodiscard]] const std::optional<std::string>& ended();
  const std::string& wait();

 private:
  void take(int status);

  pid_t pid_ = -1;
  std::optional<std::string> end_;
};

/// A path of this very program, to run it again in another mode.
[[nodiscard]] std::string own_program();

}  // namespace muster::chaos
