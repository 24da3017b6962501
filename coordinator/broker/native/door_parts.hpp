/// What the connections of the native door share.
#pragma once

#include "close_reason.hpp"
#include "door.hpp"
#include "result_follow.hpp"

#include "../listener.hpp"
#include "../metrics.hpp"
#include "../rounds.hpp"

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

/// The door on one loop.
struct LoopDoor {
  LoopDoor(Host& host, std::uint32_t loop) : sessions(host.loop(loop)), follows(host, loop) {}

  Rounds<Session*> sessions;  // a session removes itself at its end
  FollowedResults follows;
  DoorStats stats;
};

/// Sessions and handlers refer to it: it goes only when no loop runs any more.
struct Door::Parts {
  Parts(Host& host, DoorOptions options);

  void write_metrics(MetricsText& text) const;

  [[nodiscard]] Listener::Callbacks callbacks();

  Host& host;
  const DoorOptions options;
  Listener listener;
  std::vector<std::unique_ptr<LoopDoor>> loops;
};

}  // namespace muster::broker::native
