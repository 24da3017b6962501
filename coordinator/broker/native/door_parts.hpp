/// What the connections of the native door share.
#pragma once

#include "close_reason.hpp"
#include "door.hpp"

#include "../metrics.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::native {

class Session;
using Tcp = boost::asio::ip::tcp;

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

  void listen();
  void accept_next();
  void admit(Tcp::socket&& socket, std::uint32_t loop);
  void accept_failed(const boost::system::error_code& error);
  void look_at_sessions(std::uint32_t loop);
  void write_metrics(MetricsText& text) const;

  /// Counts a connection in, or says why it must go.
  [[nodiscard]] std::optional<CloseReason> count_in(const boost::asio::ip::address& address);
  void count_out(const boost::asio::ip::address& address);
  void refuse(CloseReason reason, std::string_view peer);

  Host& host;
  const DoorOptions options;
  Tcp::acceptor acceptor;
  boost::asio::steady_timer accept_again;
  int reserve_fd = -1;  // given up for a moment when descriptors run out
  bool closed = false;  // on loop 0
  std::uint32_t next_loop = 0;
  std::vector<std::unique_ptr<LoopDoor>> loops;
  SharedCounter connections;             // now, greeted or not
  std::uint64_t refused_since_told = 0;  // on loop 0
  std::chrono::steady_clock::time_point told_refusal;

  std::mutex addresses_mutex;
  std::map<boost::asio::ip::address, std::uint32_t> addresses;  // those that are not loopback
};

}  // namespace muster::broker::native
