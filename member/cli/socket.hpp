/// One TCP connection with deadlines, blocking; nothing about the protocol.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::cli {

using Deadline = std::chrono::steady_clock::time_point;

struct ServerAddress {
  std::string host;
  std::string port;
  /// "host:port", with brackets around an IPv6 address.
  [[nodiscard]] std::string text() const;
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// "host:port,host,[::1]:7400": port 7400 where none is named. Nothing if one of them is malformed.
[[nodiscard]] std::optional<std::vector<ServerAddress>> parse_servers(std::string_view text);

/// What went wrong with a connection, in words.
struct SocketError {
  std::string reason;
};

class Socket {
 public:
  Socket() = default;
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Socket& operator=(Socket&& other) noexcept;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Tries every address that the host's name stands for. Throws SocketError.
  static Socket connect(const ServerAddress& server, Deadline deadline);

  [[nodiscard]] bool open() const { return fd_ >= 0; }
  void close();

  /// Sends all of it. Throws SocketError, also when the deadline has passed.
  void send(std::span<const std::byte> bytes, Deadline deadline);
  /// Bytes read, at least one; nothing once the deadline has passed. Throws SocketError if it is
  /// closed.
  [[nodiscard]] std::optional<std::size_t> receive(std::span<std::byte> room, Deadline deadline);

 private:
  explicit Socket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace muster::cli
