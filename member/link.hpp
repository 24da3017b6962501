/// One TCP connection to whichever broker answers, dialled again and again: bytes below, frames
/// above.
///
/// Only connection.cpp includes this: Asio's headers stay out of all others.
#pragma once

#include "dice.hpp"

#include "codec.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <string>
#include <vector>

namespace muster::member {

/// host:port, split at the last colon; an IPv6 host may be in brackets.
struct ServerAddress {
  std::string host;
  std::string port;
};
[[nodiscard]] Result<ServerAddress> parse_server(const std::string& text);

struct LinkOptions {
  std::vector<ServerAddress> servers;
  wire::Hello hello;
  std::uint64_t seed = 0;
};

/// What a link tells, on its io_context's thread.
class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  virtual void link_up() = 0;
  virtual void link_down() = 0;
  virtual void frame(const wire::Frame& frame) = 0;
  /// All frames of one read have been given: a good time to flush.
  virtual void read_done() = 0;
  /// An address was tried in vain; trouble() says why.
  virtual void dial_failed() = 0;
  /// How long one address may take to be resolved, to connect and to greet.
  [[nodiscard]] virtual Millis dial_timeout() const = 0;
  /// The wait before the next attempt is drawn from 0 to this at most.
  [[nodiscard]] virtual Millis most_backoff() const = 0;
};

class Link {
 public:
  Link(boost::asio::io_context& io, LinkOptions options, LinkEvents& events);

  /// Dials until the io_context is stopped.
  void start();

  [[nodiscard]] bool up() const { return up_; }
  /// Frames are appended here, while it is up, and leave with the next flush.
  wire::Bytes& out() { return out_; }
  void flush();
  /// Closes this connection, says why in trouble(), and dials again.
  void drop(std::string why);
  /// Why there is no connection, in words, by address; empty while there is one.
  [[nodiscard]] std::string trouble() const;

 private:
  using tcp = boost::asio::ip::tcp;

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<bool> dial(std::size_t server);
  boost::asio::awaitable<bool> greet();
  boost::asio::awaitable<void> read();
  boost::asio::awaitable<bool> fill();
  boost::asio::awaitable<void> pause(Millis wait);
  bool take_frames();
  void watch(Millis limit);
  void close();
  void fail(std::string why) { failures_.at(server_) = std::move(why); }
  void fail(const char* doing, const boost::system::error_code& error);

  boost::asio::io_context& io_;
  LinkOptions options_;
  LinkEvents& events_;
  Dice dice_;
  /// One connection, from its first attempt on. What is still under way when it ends keeps it
  /// alive, and finds nothing of the next one.
  struct Line {
    explicit Line(boost::asio::io_context& io) : socket(io) {}
    tcp::socket socket;
    wire::FrameReader reader{wire::max_first_body};
    wire::Bytes writing;  // empty: no write is under way
  };
  std::shared_ptr<Line> line_;
  wire::Bytes out_;  // gathers while a write is under way
  tcp::resolver resolver_;
  boost::asio::steady_timer watchdog_;  // closes the line if an attempt takes too long
  boost::asio::steady_timer pause_;
  bool up_ = false;
  std::size_t server_ = 0;
  std::uint32_t attempt_ = 0;
  std::vector<std::string> failures_;  // the last one of each address
};

}  // namespace muster::member
