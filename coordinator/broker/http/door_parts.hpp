/// What the connections of the HTTP door share.
#pragma once

#include "cache.hpp"
#include "door.hpp"
#include "guard.hpp"
#include "hub.hpp"
#include "routes.hpp"
#include "service_names.hpp"
#include "tokens.hpp"
#include "topic_names.hpp"

#include "../listener.hpp"
#include "../metrics.hpp"
#include "../owner_tables.hpp"
#include "../rounds.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::http {

class Connection;

/// Why a connection ended: a closed list, counted.
enum class CloseReason : std::uint8_t {
  done,  ///< Answered, and one side wanted no more.
  peer_closed,
  peer_reset,
  malformed,
  too_large,       ///< A header, target or body beyond its bound.
  header_timeout,  ///< A begun header was not finished in time.
  body_timeout,
  idle,
  not_reading,  ///< Output waited too long for the peer.
  too_many_connections,
  too_many_from_address,
  no_descriptors,
};
inline constexpr std::array<std::string_view, 12> close_reason_names{"done",
                                                                     "peer_closed",
                                                                     "peer_reset",
                                                                     "malformed",
                                                                     "too_large",
                                                                     "header_timeout",
                                                                     "body_timeout",
                                                                     "idle",
                                                                     "not_reading",
                                                                     "too_many_connections",
                                                                     "too_many_from_address",
                                                                     "no_descriptors"};

/// Answers of one route, by the hundreds of their status.
struct RouteStats {
  std::array<Counter, 6> by_class;
};

/// Counters of the connections on one loop.
struct DoorStats {
  explicit DoorStats(std::size_t rows) : routes(rows) {}

  Counter accepted;
  Counter bytes_in;
  Counter bytes_out;
  Counter pauses;   ///< Times a connection was not handled because it did not read.
  Counter streams;  ///< Now.
  Counter late;     ///< Answers of the core that came after their time.
  std::array<Counter, close_reason_names.size()> closes;
  std::array<Counter, denial_names.size()> denials;
  std::vector<RouteStats> routes;  ///< In the table's order; the last: no route.
  Histogram latency;               ///< From the whole request to its answer, unless it waited.
};

/// The door on one loop.
struct LoopDoor {
  LoopDoor(Host& host, std::uint32_t index, const DoorOptions& options, std::size_t rows)
      : stats(rows),
        hub(host, index),
        cache(options.cache_bytes),
        owners(host.owners(index)),
        connections(host.loop(index)) {}

  DoorStats stats;
  Hub hub;
  AnswerCache cache;
  TopicNames topic_names;
  OwnerTables& owners;
  ServiceNames service_names;
  Rounds<std::shared_ptr<Connection>> connections;
  std::string input;  ///< What is being read, of whichever connection.
  std::string date;   ///< Of the Date field, this second.
  std::int64_t date_second = -1;
};

/// Connections and handlers refer to it: it goes only when no loop runs any more.
struct Door::Parts {
  Parts(Host& host, DoorOptions options);

  [[nodiscard]] Listener::Callbacks callbacks();
  void write_metrics(MetricsText& text) const;

  Host& host;
  const DoorOptions options;
  TokenFile tokens;
  Guard guard;
  std::atomic<bool> closing{false};
  std::vector<std::unique_ptr<LoopDoor>> loops;
  Listener listener;
};

}  // namespace muster::broker::http
