/// The native door: FlatBuffers frames over TCP, for members and tools.
///
/// It accepts on one loop and spreads the connections over all; a connection that names its group
/// in Hello moves to the loop that drives the group. The door holds no state of coordination.
#pragma once

#include "../host.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace muster::broker::native {

struct DoorOptions {
  std::string host = "127.0.0.1";  ///< An address, not a name.
  std::uint16_t port = 7400;       ///< 0: any free one.
  std::string server_name = "musterd";
  std::string store_uuid;  ///< 32 hex digits, told in HelloOk.
  std::uint32_t max_connections = 20'000;
  std::uint32_t max_connections_per_address = 1'000;  ///< Does not hold for loopback.
  std::uint64_t max_output = 64ULL << 20;   ///< Bytes pending for one peer, then it is cut.
  std::uint64_t pause_output = 1ULL << 20;  ///< Bytes pending, then it is not read from.
  std::chrono::milliseconds handshake_timeout{5'000};
  std::chrono::milliseconds frame_timeout{30'000};  ///< For the rest of a begun frame.
  std::chrono::milliseconds read_timeout{60'000};   ///< For a peer to take any pending output.
  std::chrono::milliseconds linger{2'000};          ///< For a refused peer to read why and go.
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
  /// Stops to accept; present connections go on until the host stops.
  void close();

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::broker::native
