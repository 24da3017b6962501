/// A real host and DNS door on a free port of loopback, and clients with real sockets.
#pragma once

#include "message.hpp"

#include "harness.hpp"

#include <broker/dns/door.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace muster::broker::dns {

/// Sends and receives datagrams, from a free port of loopback.
class UdpClient {
 public:
  explicit UdpClient(std::uint16_t port);
  ~UdpClient();
  UdpClient(const UdpClient&) = delete;
  UdpClient& operator=(const UdpClient&) = delete;

  void send(const Bytes& message);
  /// Nothing, if none comes before a time that no healthy run reaches.
  [[nodiscard]] std::optional<Bytes> receive();
  [[nodiscard]] bool has_more();
  /// The answer to this question; sends it again now and then, as datagrams may be lost.
  [[nodiscard]] Message ask(const Ask& question);

 private:
  int fd_ = -1;
};

class TcpClient {
 public:
  explicit TcpClient(std::uint16_t port);
  ~TcpClient();
  TcpClient(const TcpClient&) = delete;
  TcpClient& operator=(const TcpClient&) = delete;

  /// Bytes as they are.
  void send(const Bytes& bytes);
  void half_close();
  /// The next whole answer; nothing, if the connection is closed before.
  [[nodiscard]] std::optional<Bytes> receive();
  [[nodiscard]] Message ask(const Ask& question);
  /// Waits for its end.
  [[nodiscard]] bool is_closed();

 private:
  int fd_ = -1;
};

/// A message behind its length, as TCP carries it.
[[nodiscard]] Bytes framed(const Bytes& message);

struct DnsSetup {
  std::uint32_t threads = 2;
  DoorOptions door;
};

class TestDnsDoor {
 public:
  explicit TestDnsDoor(DnsSetup setup = {});
  ~TestDnsDoor() { door.reset(); }

  [[nodiscard]] std::uint16_t port() const { return door->port(); }
  [[nodiscard]] UdpClient udp() const { return UdpClient(port()); }
  [[nodiscard]] TcpClient tcp() const { return TcpClient(port()); }
  /// The value of one line of the metrics, labels included.
  [[nodiscard]] std::uint64_t metric(const std::string& line) const;

  std::unique_ptr<TestHost> host;
  std::unique_ptr<Door> door;
};

}  // namespace muster::broker::dns
