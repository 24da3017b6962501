/// Child processes: start them, signal them, wait for them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace backup {

struct SpawnOptions {
  std::string
      output;  ///< File that gets its standard output and errors, appended; empty: inherited.
  bool outlives_us = false;  ///< Else it is killed when this process ends, however that happens.
};

/// One child. Its destructor kills and reaps it, unless it was released.
class Process {
 public:
  Process() = default;
  /// Starts `command`. Throws std::system_error if it cannot be started at all; a program that does
  /// not exist ends with code 127.
  Process(const std::vector<std::string>& command, const SpawnOptions& options);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;
  /// As a shell's $? has it: the exit code, or 128 + the signal. Nothing if it still runs at the
  /// deadline.
  std::optional<int> wait(std::chrono::milliseconds limit);
  /// SIGKILL, and reaped.
  void kill();
  /// From now on it belongs to nobody.
  void release() { pid_ = -1; }

 private:
  bool reap(int flags);
  pid_t pid_ = -1;
  std::optional<int> status_;
};

struct Outcome {
  int status = 0;
  std::string output;  ///< Standard output and errors.
};

/// Runs `command` to its end.
[[nodiscard]] Outcome run_to_end(const std::vector<std::string>& command);

/// The command as one would type it.
[[nodiscard]] std::string shell_words(const std::vector<std::string>& command);

}  // namespace backup
