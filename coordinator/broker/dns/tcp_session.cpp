#include "tcp_session.hpp"

#include "view_directory.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace muster::broker::dns {

namespace asio = boost::asio;

TcpSession::TcpSession(Door::Parts& door, LoopDoor& loop, Tcp::socket socket,
                       const Tcp::endpoint& peer)
    : door_(door),
      loop_(loop),
      socket_(std::move(socket)),
      peer_(peer),
      since_(std::chrono::steady_clock::now()) {
  loop_.sessions.add(this);
}

void TcpSession::start() {
  asio::co_spawn(socket_.get_executor(), run(shared_from_this()), asio::detached);
}

asio::awaitable<void> TcpSession::run([[maybe_unused]] std::shared_ptr<TcpSession> self) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  bool alive = true;
  while (alive && !door_.host.silent()) {
    answer();
    if (!out_.empty()) {
      since_ = std::chrono::steady_clock::now();
      const auto [error, size] = co_await asio::async_write(socket_, asio::buffer(out_), token);
      since_ = std::chrono::steady_clock::now();
      alive = !error;
      out_.clear();
      (void)size;
      continue;
    }
    const std::size_t unread = in_.size();
    in_.resize(unread + read_size);
    const auto room = asio::buffer(in_.data() + unread, read_size);
    const auto [error, size] = co_await socket_.async_read_some(room, token);
    in_.resize(unread + size);
    alive = !error;
  }
  finish(!late_);
}

/// In order, until enough is to be written. A question behind a length of zero would be none: it
/// has not even a header, and is passed over as all that is no question.
void TcpSession::answer() {
  if (in_.size() - begin_ < 2) return;
  const ViewDirectory directory(door_.host.views(), loop_.owners);
  const auto began = std::chrono::steady_clock::now();
  std::size_t answered = 0;
  while (in_.size() - begin_ >= 2 && out_.size() < output_pause) {
    const std::size_t size = static_cast<std::size_t>(in_[begin_]) << 8 | in_[begin_ + 1];
    if (in_.size() - begin_ - 2 < size) break;
    const std::size_t at = out_.size();
    out_.resize(at + 2);
    loop_.responder.answer({in_.data() + begin_ + 2, size}, Via::tcp, directory, out_);
    const std::size_t length = out_.size() - at - 2;
    if (length == 0) out_.resize(at);
    if (length > 0) {
      out_[at] = static_cast<std::uint8_t>(length >> 8);
      out_[at + 1] = static_cast<std::uint8_t>(length & 0xff);
    }
    begin_ += 2 + size;
    ++answered;
  }
  if (answered == 0) return;
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = 0;
  since_ = std::chrono::steady_clock::now();
  loop_.stats.tcp_queries.add(answered);
  loop_.stats.took.observe(std::chrono::duration_cast<std::chrono::microseconds>(since_ - began));
}

void TcpSession::look(Time now) {
  if (now - since_ < door_.options.idle_timeout) return;
  late_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
}

void TcpSession::finish(bool in_time) {
  (in_time ? loop_.stats.ended : loop_.stats.timed_out).add();
  loop_.sessions.remove(place);
  door_.listener->count_out(peer_.address());
}

}  // namespace muster::broker::dns
