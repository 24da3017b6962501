/// The real programs as child processes: a broker on free ports, and the command line.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace muster::cli::test {

/// A folder of its own, removed at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A child process whose output and errors go to files. Killed at the end if it still runs.
class Process {
 public:
  /// `variables` are added to the environment, as "NAME=value".
  Process(const std::filesystem::path& folder, const std::vector<std::string>& command,
          const std::vector<std::string>& variables);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  void signal(int number) const;
  /// Waits for its end, a minute at most. Its exit code; 128 + n if signal n ended it.
  int wait();
  /// Waits until the output holds `text` at least `times` times. False after a minute, or if it
  /// ended.
  [[nodiscard]] bool says(const std::string& text, int times = 1);
  [[nodiscard]] bool ended();

 private:
  std::filesystem::path out_;
  std::filesystem::path err_;
  pid_t pid_ = -1;
  bool ended_ = false;
  int status_ = 0;
};

/// A musterd on a free port of the loopback, ready to be asked.
class RealBroker {
 public:
  explicit RealBroker(const std::filesystem::path& folder);

  [[nodiscard]] const std::string& address() const { return address_; }
  /// Ends it without a word, and starts it again on its data and its port.
  void kill_and_restart();
  /// Ends it without a word.
  void stop();

 private:
  void start(const std::string& listen);

  std::filesystem::path folder_;
  std::unique_ptr<Process> process_;
  std::string address_;
};

[[nodiscard]] std::string read_file(const std::filesystem::path& path);

}  // namespace muster::cli::test
