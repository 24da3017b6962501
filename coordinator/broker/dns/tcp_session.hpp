/// A client over TCP: questions behind their lengths, as many as it likes, answered in order.
#pragma once

#include "door_parts.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace muster::broker::dns {

/// It reads what there is, answers every whole question of it, and writes all answers at once; it
/// reads on when they are written, so a client that does not read is not read from.
///
/// Threads: all calls on the thread of its loop. Its coroutine keeps it alive.
class TcpSession final : public std::enable_shared_from_this<TcpSession> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  TcpSession(Door::Parts& door, LoopDoor& loop, Tcp::socket socket, const Tcp::endpoint& peer);

  void start();
  /// Closes the connection if it has asked nothing, or read nothing, for too long.
  void look(Time now);

  std::size_t place = 0;  ///< Among the sessions of the loop.

 private:
  /// Answers that are written at once; the next question waits for it. One answer may be 64 KiB.
  static constexpr std::size_t output_pause = 128U << 10;
  static constexpr std::size_t read_size = 4U << 10;

  boost::asio::awaitable<void> run([[maybe_unused]] std::shared_ptr<TcpSession> self);
  void answer();
  void finish(bool in_time);

  Door::Parts& door_;
  LoopDoor& loop_;
  Tcp::socket socket_;
  const Tcp::endpoint peer_;
  Bytes in_;  // not yet answered, from `begin_` on
  std::size_t begin_ = 0;
  Bytes out_;
  Time since_;  // the last whole question, or the beginning of a write
  bool late_ = false;
};

}  // namespace muster::broker::dns
