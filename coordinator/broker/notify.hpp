/// Telling the service manager how it goes: systemd's notify protocol, without its library.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace muster::broker {

/// Does nothing where there is no service manager.
class Notifier {
 public:
  /// Reads NOTIFY_SOCKET and WATCHDOG_USEC (with WATCHDOG_PID) from the environment.
  explicit Notifier(const char* (*lookup)(const char*));

  /// "READY=1", "STOPPING=1", "WATCHDOG=1", each with more lines if wanted.
  void send(std::string_view state) const;

  /// How often the watchdog wants to hear; nothing: there is none.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const {
    return watchdog_interval_;
  }

 private:
  std::string socket_;
  std::optional<std::chrono::milliseconds> watchdog_interval_;
};

}  // namespace muster::broker
