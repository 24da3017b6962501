/// One probe of one check: a connection, perhaps a question, and what came of it.
#pragma once

#include <muster/core/effects.hpp>
#include <muster/messages.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace muster::broker::probe {

struct Outcome {
  core::Probed::Result result = core::Probed::Result::passed;
  std::string detail;      ///< In words.
  bool own_fault = false;  ///< It was not asked at all: this process has no means to.
};

/// Asks one address the same question again and again, on a connection that is kept if the other
/// side keeps it. Bounded: an answer's header 8 KiB, what is read of its body 4 KiB. One thread's.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Done = std::function<void(Outcome)>;

  Attempt(boost::asio::io_context& io, const Tcp::endpoint& to, const Check& check);

  /// Begins a probe; `done` is called once. Not while one is under way.
  void start(Done done);
  /// Ends it without a call of `done`, and the connection.
  void cancel();
  /// Closes a connection that is kept.
  void drop();
  [[nodiscard]] bool keeps_connection() const { return socket_.is_open() && !done_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Parser = boost::beast::http::parser<false, boost::beast::http::basic_string_body<char>>;
  using Error = boost::system::error_code;

  void connect();
  void ask();
  void read();
  void judge(const Error& error);
  void finish(core::Probed::Result result, const std::string& words, bool own_fault = false);
  /// The connection was kept, and the other side had closed it: asks once more on a new one.
  bool again(const Error& error);
  [[nodiscard]] Millis took() const;
  [[nodiscard]] std::string question() const;

  Tcp::endpoint to_;
  Check check_;
  Tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::string request_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Done done_;
  Clock::time_point begun_;
  bool kept_ = false;         // the connection is of an earlier probe
  std::uint64_t number_ = 0;  // of this probe: what ends late belongs to an earlier one
};

}  // namespace muster::broker::probe
