/// The HTTP door: JSON over HTTP/1.1 for programs that never heard of muster, for people with curl,
/// for Prometheus and Kubernetes.
///
/// It reads what a socket has, answers every whole request in it in order, and writes all answers
/// at once. Lookups are answered from the published pictures, never through a core's queue; what
/// costs time is done behind what is urgent. The door holds no state of coordination. docs/http.md
/// is its reference.
#pragma once

#include "reader.hpp"

#include "../host.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker::http {

struct DoorOptions {
  std::string host = "127.0.0.1";  ///< An address, not a name.
  std::uint16_t port = 7401;       ///< 0: any free one.
  std::string version;
  std::string store_uuid;          ///< 32 hex digits.
  std::vector<std::string> names;  ///< Host names it answers to, beside localhost and addresses.
  std::string token_file;          ///< Empty: no token is asked for.
  std::uint32_t max_connections = 60'000;
  std::uint32_t max_connections_per_address = 60'000;  ///< Does not hold for loopback.
  std::uint32_t metrics_groups = 1'000;                ///< Groups with series of their own.
  std::uint32_t metrics_services = 1'000;              ///< Services, the same.
  ReaderLimits limits;
  std::size_t pause_output = 1U << 20;    ///< Bytes pending, then nothing more is handled.
  std::uint64_t cache_bytes = 64U << 20;  ///< Of answers kept for whoever asks next, per loop.
  std::chrono::milliseconds header_timeout{10'000};  ///< For a whole header, from its first byte.
  std::chrono::milliseconds body_timeout{30'000};    ///< For a whole body.
  std::chrono::milliseconds idle_timeout{75'000};    ///< Between two requests.
  std::chrono::milliseconds read_timeout{60'000};    ///< For a peer to take any pending output.
  std::chrono::milliseconds submit_timeout{30'000};  ///< For the core's answer.
  std::chrono::milliseconds keep_alive{15'000};      ///< A silent stream says that it lives.
  std::chrono::milliseconds linger{2'000};           ///< For a refused peer to read why and go.
};

/// Threads  construct, open and close on the main thread, outside the loops.
class Door {
 public:
  /// Binds and listens; throws std::runtime_error with one sentence. `host` outlives the door.
  Door(Host& host, DoorOptions options);
  /// Stops the host, whose loops run the door's connections.
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  /// "address:port" with the real port.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const;

  /// Begins to accept. After Host::start().
  void open();
  /// Stops to accept, and readyz says so; present connections go on until the host stops.
  void close();
  /// Reads the token file again; throws std::runtime_error, and then the known tokens stay. Any
  /// thread.
  void reload();

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::broker::http
