/// A door's listening socket: accepts on one loop, spreads the connections over all, and refuses
/// what is above the bounds.
#pragma once

#include "host.hpp"
#include "metrics.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace muster::broker {

using Tcp = boost::asio::ip::tcp;

struct ListenerOptions {
  std::string host = "127.0.0.1";  ///< An address, not a name.
  std::uint16_t port = 0;          ///< 0: any free one.
  std::uint32_t max_connections = 20'000;
  std::uint32_t max_connections_per_address = 1'000;  ///< Does not hold for loopback.
  std::chrono::milliseconds user_timeout{30'000};     ///< TCP_USER_TIMEOUT of the connections.
};

/// Threads: construct, open and close on the main thread; the callbacks say where they run. It goes
/// only when no loop runs any more.
class Listener {
 public:
  enum class Refused { too_many_connections, too_many_from_address, no_descriptors };
  struct Callbacks {
    /// A new connection, on its loop. Whoever takes it calls count_out at its end.
    std::function<void(std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer)> admit;
    /// One was closed at once, on loop 0.
    std::function<void(Refused why)> refused;
  };

  /// Binds and listens; throws std::runtime_error with one sentence. `host` outlives it.
  Listener(Host& host, ListenerOptions options, Callbacks callbacks);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// "address:port" with the real port.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] std::uint16_t port() const;

  /// Begins to accept. After Host::start().
  void open();
  /// Stops to accept.
  void close();

  /// Any thread.
  void count_out(const boost::asio::ip::address& address);
  [[nodiscard]] std::uint64_t connections() const { return connections_.value(); }

 private:
  void listen();
  void accept_next();
  void admit(Tcp::socket&& socket, std::uint32_t loop);
  void accept_failed(const boost::system::error_code& error);
  [[nodiscard]] std::optional<Refused> count_in(const boost::asio::ip::address& address);
  void refuse(Refused why, std::string_view peer);

  Host& host_;
  const ListenerOptions options_;
  const Callbacks callbacks_;
  Tcp::acceptor acceptor_;
  Tcp::endpoint endpoint_;  // with the real port
  boost::asio::steady_timer accept_again_;
  int reserve_fd_ = -1;  // given up for a moment when descriptors run out
  bool closed_ = false;  // on loop 0
  std::uint32_t next_loop_ = 0;
  SharedCounter connections_;             // now
  std::uint64_t refused_since_told_ = 0;  // on loop 0
  std::chrono::steady_clock::time_point told_refusal_;

  std::mutex addresses_mutex_;
  std::map<boost::asio::ip::address, std::uint32_t> addresses_;  // those that are not loopback
};

[[nodiscard]] std::string_view to_string(Listener::Refused why);

/// The door's own reason of the same name.
template <class Reason>
[[nodiscard]] constexpr Reason refused_as(Listener::Refused why) {
  switch (why) {
    case Listener::Refused::too_many_connections:
      return Reason::too_many_connections;
    case Listener::Refused::too_many_from_address:
      return Reason::too_many_from_address;
    case Listener::Refused::no_descriptors:
      break;
  }
  return Reason::no_descriptors;
}

}  // namespace muster::broker
