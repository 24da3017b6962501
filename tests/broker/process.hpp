/// A real musterd, in a folder of its own, on a free port.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace muster::broker {

/// A folder below the test's temporary one, removed with the object.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name = {}) const;

 private:
  std::string path_;
};

struct Outcome {
  int code = -1;       ///< -signal, if a signal ended it.
  std::string output;  ///< Both streams.
};

/// Runs it to its end.
[[nodiscard]] Outcome run_musterd(const std::vector<std::string>& arguments);

class Musterd {
 public:
  /// Starts with all doors on free ports, unless the arguments say where, and a ready file; waits
  /// until it is ready or has ended.
  Musterd(const ScratchFolder& folder, std::vector<std::string> arguments);
  ~Musterd();
  Musterd(const Musterd&) = delete;
  Musterd& operator=(const Musterd&) = delete;

  [[nodiscard]] bool ready() const { return port_ != 0; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint16_t http_port() const { return http_port_; }
  [[nodiscard]] std::uint16_t dns_port() const { return dns_port_; }
  void signal(int number) const;
  /// Waits for its end; gives the exit code, or -signal.
  int wait();
  /// Sends the signal and waits.
  int end(int number);
  [[nodiscard]] std::string output() const;

 private:
  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  std::uint16_t http_port_ = 0;
  std::uint16_t dns_port_ = 0;
  std::string log_;
  bool ended_ = false;
  int code_ = -1;
};

}  // namespace muster::broker
