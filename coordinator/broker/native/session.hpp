/// One connection of the native door.
///
/// One coroutine reads: it takes what the socket has, handles every whole frame in it, and goes on.
/// What is to be sent gathers in one buffer and leaves in one write; while a write runs the next
/// buffer gathers, and the two are swapped.
#pragma once

#include "door_parts.hpp"
#include "result_follow.hpp"
#include "subscription.hpp"

#include "../host.hpp"

#include <codec.hpp>
#include <frame.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace muster::broker::native {

using SteadyTime = std::chrono::steady_clock::time_point;

/// Threads: all calls on the thread of its loop. Its coroutine keeps it alive.
class Session final : public Peer, private EventSink, public std::enable_shared_from_this<Session> {
 public:
  Session(Door::Parts& door, std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer);

  /// A fresh connection: waits for Hello.
  void start();
  /// A connection that moved here, because its Hello named a group of this loop: `rest` was read
  /// behind that Hello on the other loop.
  void continue_here(const wire::Hello& hello, std::span<const std::byte> rest);

  void answer(std::uint64_t correlation, const ReplyBody& body) override;
  [[nodiscard]] bool push(const PushBody& body) override;
  void flush() override;

  /// Closes the connection if it has been idle in a way that it may not be.
  void look(SteadyTime now);

  std::size_t place = 0;  ///< Among the sessions of the loop.

 private:
  enum class Phase : std::uint8_t {
    greeting,  // waits for Hello
    open,
    moving,       // to another loop
    half_closed,  // the peer sends nothing more; it still gets its answers
    lingering,    // refused; waits for the peer to read why
    ended,
  };

  // Reading
  /// Requests without an answer, then more are refused; heartbeats are not, so that a disk that
  /// hangs loses nobody on a connection with many members.
  static constexpr std::uint64_t max_outstanding = 65'536;
  /// Queries that wait for their turn, then the connection is not read from.
  static constexpr std::size_t max_queries = 32;

  boost::asio::awaitable<void> read([[maybe_unused]] std::shared_ptr<Session> self);
  void begin_reading();
  [[nodiscard]] bool reads() const;
  [[nodiscard]] bool waits() const;
  void took(std::size_t size, std::size_t room);
  void handle_frames();
  void read_ended(const boost::system::error_code& error);
  void finish();
  void move_away();

  // Frames
  void on_frame(const wire::Frame& frame);
  void on_hello(const wire::Frame& frame);
  void greet(const wire::Hello& hello);
  void on_call(const wire::Frame& frame);
  void on_query(std::uint64_t correlation, Query&& query);
  void ask_on();
  void answer_query();
  void submit(std::uint64_t correlation, Request&& request);
  void on_bad_frame(const wire::Frame& frame, Errc error);

  bool send_events(std::uint64_t correlation, const ReplyBody& body) override;
  bool send_frame(std::uint64_t correlation, std::span<const std::byte> frame) override;
  std::function<void()> guarded(std::function<void()> call) override;

  // Writing
  void append_reply(std::uint64_t correlation, const ReplyBody& body);
  void bound_output();
  void write_more();
  void wrote(const boost::system::error_code& error, std::size_t size);
  void drained();
  [[nodiscard]] std::size_t pending() const { return out_.size() + sending_.size() - sent_; }
  void wake_reader();

  // Ending
  void refuse_and_close(std::uint64_t correlation, Errc code, std::string message, CloseReason why);
  void abort(CloseReason why);
  void leave_host();

  Door::Parts& door_;
  const std::uint32_t loop_;
  DoorStats& stats_;
  Tcp::socket socket_;
  Tcp::endpoint peer_;
  boost::asio::steady_timer wake_;  // never fires: cancelled to wake the reading coroutine
  wire::FrameReader reader_{wire::max_first_body};
  std::size_t read_size_ = 1;  // room asked for: grows with what comes at once
  Phase phase_ = Phase::greeting;
  std::uint64_t connection_ = 0;   // in the host; 0 before Hello
  std::uint64_t outstanding_ = 0;  // requests without an answer
  core::Principal principal_;
  std::optional<wire::Hello> moving_hello_;
  Subscriptions subscriptions_;
  ResultFollows follows_;
  std::deque<std::pair<std::uint64_t, Query>> queries_;  // with their correlations
  bool asking_ = false;                                  // the loop will answer the first of them

  wire::Bytes out_;       // gathers
  wire::Bytes sending_;   // a write runs
  std::size_t sent_ = 0;  // of sending_
  bool writing_ = false;
  bool paused_ = false;

  SteadyTime phase_since_;
  SteadyTime frame_since_;  // an unfinished frame has waited since then
  SteadyTime write_since_;  // the last progress of a write
  bool frame_begun_ = false;
  std::optional<CloseReason> reason_;
};

}  // namespace muster::broker::native
