#include "notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace muster::broker {
namespace {

std::optional<long> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), value);
  if (error != std::errc{} || *end != '\0') return std::nullopt;
  return value;
}

}  // namespace

Notifier::Notifier(const char* (*lookup)(const char*)) {
  const char* const socket = lookup("NOTIFY_SOCKET");
  if (socket != nullptr) socket_ = socket;
  const auto usec = number(lookup("WATCHDOG_USEC"));
  const auto pid = number(lookup("WATCHDOG_PID"));
  // Half the time it tolerates, so that one late turn is not the end.
  if (usec && *usec > 0 && (!pid || *pid == ::getpid())) {
    watchdog_interval_ = std::chrono::milliseconds{std::max(*usec / 2'000, 1L)};
  }
}

void Notifier::send(std::string_view state) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
}

}  // namespace muster::broker
