/// What the connections of the native door share.
#pragma once

#include "close_reason.hpp"
#include "door.hpp"

#include "../listener.hpp"
#include "../metrics.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace muster::broker::native {

class Session;

/// Counters of the connections on one loop.
struct DoorStats {
  Counter accepted;
  Counter moved;
  Counter bytes_in;
  Counter bytes_out;
  Counter frames_in;
  Counter malformed;
  Counter pauses;       ///< Times a connection was not read because it did not read.
  Counter query_waits;  ///< Times one was not read because it asks faster than is answered.
  Counter subscriptions_cut;
  std::array<Counter, close_reason_names.size()> closes;
};

/// The door's sessions on one loop, and the timer that looks at them in turn.
struct LoopDoor {
  explicit LoopDoor(boost::asio::io_context& context) : timer(context) {}

  std::vector<Session*> sessions;  // on the loop's thread; a session removes itself at its end
  std::size_t next = 0;            // that was looked at
  boost::asio::steady_timer timer;
  DoorStats stats;
};

/// Sessions and handlers refer to it: it goes only when no loop runs any more.
struct Door::Parts {
  Parts(Host& host, DoorOptions options);

  void look_at_sessions(std::uint32_t loop);
  void write_metrics(MetricsText& text) const;

  [[nodiscard]] Listener::Callbacks callbacks();

  Host& host;
  const DoorOptions options;
  Listener listener;
  std::vector<std::unique_ptr<LoopDoor>> loops;
};

}  // namespace muster::broker::native
