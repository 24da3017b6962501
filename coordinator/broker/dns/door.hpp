/// The DNS door: services and owners of partitions by name, over UDP and TCP.
///
/// It answers from the host's published pictures and never enters a core's queue, so questions and
/// heartbeats do not wait for each other. Each loop has a UDP socket at the same port; connections
/// are spread over the loops. The door holds no state of coordination.
///
/// The room from the bytes inwards: query and answer are the messages, zone says which names there
/// are and what they are answered with, directory is what it looks them up in, responder joins
/// these and keeps answers; udp_port and tcp_session are the sockets.
#pragma once

#include "../host.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker::dns {

struct DoorOptions {
  std::string host = "127.0.0.1";  ///< An address, not a name.
  std::uint16_t port = 7402;       ///< 0: any that is free for UDP and TCP.
  std::vector<std::string> domains{"muster"};
  std::uint32_t ttl = 0;            ///< Seconds.
  std::uint32_t negative_ttl = 1;   ///< Seconds.
  std::uint16_t udp_size = 1'232;   ///< Bytes, for clients that are not on loopback.
  std::uint32_t max_rate = 10'000;  ///< Answers a second for one address; 0: no bound.
  std::uint32_t max_connections = 1'000;
  std::uint32_t max_connections_per_address = 100;  ///< Does not hold for loopback.
  std::chrono::milliseconds idle_timeout{30'000};   ///< Without a whole question, or while writing.
};

/// Threads: construct, open and close on the main thread, outside the loops.
class Door {
 public:
  /// Binds and listens; throws std::runtime_error with one sentence. `host` outlives the door.
  Door(Host& host, DoorOptions options);
  /// Stops the host, whose loops run the door.
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  /// "address:port" with the real port, of UDP and TCP.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const;

  /// Begins to answer. After Host::start().
  void open();
  /// Takes no more questions over UDP and no more connections; present ones go on until the host
  /// stops.
  void close();

  struct Parts;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::broker::dns
