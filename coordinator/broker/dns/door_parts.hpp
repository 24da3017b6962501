/// What the sockets of the DNS door share.
#pragma once

#include "door.hpp"
#include "rate_bound.hpp"
#include "responder.hpp"
#include "udp_port.hpp"
#include "view_directory.hpp"
#include "zone.hpp"

#include "../listener.hpp"
#include "../metrics.hpp"
#include "../rounds.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace muster::broker::dns {

class TcpSession;

/// Counters of one loop, beside the responder's.
struct DoorStats {
  Counter udp_queries;
  Counter tcp_queries;
  Counter over_rate;  ///< Questions of an address that asked too many.
  Counter unsent;     ///< Answers that the kernel did not take.
  Counter accepted;
  Counter ended;
  Counter timed_out;
  Histogram took;  ///< From a batch of questions to its answers.
};

/// The door on one loop.
struct LoopDoor {
  LoopDoor(Door::Parts& door, std::uint32_t loop, std::uint64_t seed);

  Door::Parts& door;
  boost::asio::io_context& context;
  OwnerTables& owners;
  DoorStats stats;
  Responder responder;
  RateBound rate;
  std::optional<UdpPort> udp;
  Rounds<TcpSession*> sessions;  // a session removes itself at its end

  void bind(const boost::asio::ip::udp::endpoint& at, bool shared);

 private:
  void answer(const Datagram& question, Bytes& out);

  // While a batch is answered.
  std::optional<ViewDirectory> directory_;
  std::chrono::steady_clock::time_point began_;
};

/// Sockets and handlers refer to it: it goes only when no loop runs any more.
struct Door::Parts {
  Parts(Host& host, DoorOptions options);

  void bind();
  void write_metrics(MetricsText& text) const;

  Host& host;
  const DoorOptions options;
  const Zone zone;
  std::vector<std::unique_ptr<LoopDoor>> loops;
  std::unique_ptr<Listener> listener;
  Counter refused;  // connections, on loop 0
};

}  // namespace muster::broker::dns
