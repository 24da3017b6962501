#include "session.hpp"

#include "../log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace muster::broker::native {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// One read asks for at most this much, unless a begun frame is longer.
constexpr std::size_t max_read_size = 64U << 10;

}  // namespace

Session::Session(Door::Parts& door, std::uint32_t loop, Tcp::socket socket,
                 const Tcp::endpoint& peer)
    : door_(door),
      loop_(loop),
      stats_(door.loops[loop]->stats),
      socket_(std::move(socket)),
      peer_(peer),
      wake_(socket_.get_executor(), steady_clock::time_point::max()),
      subscriptions_(door.host, loop, *this),
      follows_(door.loops[loop]->follows, *this),
      phase_since_(steady_clock::now()) {
  principal_.address = peer.address().to_string();
  door_.loops[loop_]->sessions.add(this);
}

void Session::start() {
  begin_reading();
}

void Session::continue_here(const wire::Hello& hello, std::span<const std::byte> rest) {
  greet(hello);
  const auto room = reader_.prepare(std::max<std::size_t>(rest.size(), 1));
  if (!rest.empty()) std::memcpy(room.data(), rest.data(), rest.size());
  reader_.commit(rest.size());
  handle_frames();
  flush();
  begin_reading();
}

void Session::begin_reading() {
  asio::co_spawn(socket_.get_executor(), read(shared_from_this()), asio::detached);
}

// Reading
// ---------------------------------------------------------------------------------------------

asio::awaitable<void> Session::read([[maybe_unused]] std::shared_ptr<Session> self) {
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  while (reads() || waits()) {
    if (waits()) {
      const auto [woken] = co_await wake_.async_wait(token);
      (void)woken;
      if (!waits()) handle_frames();  // what was read before it had to wait
      continue;
    }
    const auto room = reader_.prepare(read_size_);
    const auto buffer = asio::buffer(room.data(), room.size());
    const auto [error, size] = co_await socket_.async_read_some(buffer, token);
    if (error) {
      read_ended(error);
    } else if (phase_ != Phase::lingering) {
      took(size, room.size());
      handle_frames();
    }
  }
  if (phase_ == Phase::moving) {
    move_away();
  } else {
    finish();
  }
}

bool Session::reads() const {
  return phase_ == Phase::greeting || phase_ == Phase::open || phase_ == Phase::lingering;
}

/// A peer that does not read, or asks faster than it can be answered, is not read from either; one
/// that says no more waits for its answers.
bool Session::waits() const {
  return phase_ == Phase::half_closed ||
         (phase_ == Phase::open && (paused_ || queries_.size() >= max_queries));
}

void Session::took(std::size_t size, std::size_t room) {
  reader_.commit(size);
  stats_.bytes_in.add(size);
  // A full buffer says that more waits in the socket: the next read asks for more at once.
  read_size_ = size == room ? std::min(room * 2, max_read_size) : std::max<std::size_t>(size, 1);
}

void Session::handle_frames() {
  std::uint64_t frames = 0;
  while ((phase_ == Phase::greeting || phase_ == Phase::open) && queries_.size() < max_queries) {
    const auto next = reader_.next();
    if (next.has_error()) {
      const bool large = next.error() == Errc::frame_too_large;
      refuse_and_close(0, large ? Errc::frame_too_large : Errc::malformed,
                       large ? "a frame's body is longer than the limit of " +
                                   std::to_string(phase_ == Phase::greeting ? wire::max_first_body
                                                                            : wire::max_body) +
                                   " bytes"
                             : "a frame's length is not a multiple of 8 bytes",
                       large ? CloseReason::frame_too_large : CloseReason::malformed);
      break;
    }
    if (!*next) break;
    ++frames;
    on_frame(**next);
  }
  stats_.frames_in.add(frames);
  const bool begun = reads() && !reader_.unread().empty();
  if (begun && (frames > 0 || !frame_begun_)) frame_since_ = steady_clock::now();
  frame_begun_ = begun;
}

void Session::read_ended(const boost::system::error_code& error) {
  if (phase_ == Phase::ended) return;
  const bool owes = outstanding_ > 0 || !queries_.empty() || pending() > 0;
  if (error == asio::error::eof && phase_ == Phase::open && owes) {
    phase_ = Phase::half_closed;
    phase_since_ = steady_clock::now();
    return;
  }
  abort(error == asio::error::eof ? CloseReason::peer_closed : CloseReason::peer_reset);
}

void Session::finish() {
  leave_host();
  boost::system::error_code ignored;
  socket_.close(ignored);
  phase_ = Phase::ended;
  door_.loops[loop_]->sessions.remove(place);
  const CloseReason why = reason_.value_or(CloseReason::peer_closed);
  stats_.closes[static_cast<std::size_t>(why)].add();
  door_.listener.count_out(peer_.address());
  log::debug(
      "connection closed",
      {{"peer", peer_.address().to_string()}, {"port", peer_.port()}, {"reason", to_string(why)}});
}

/// Hands the socket and the unread rest to the loop that drives the group. Nothing is pending:
/// Hello was not answered yet.
void Session::move_away() {
  door_.loops[loop_]->sessions.remove(place);
  stats_.moved.add();
  const auto unread = reader_.unread();
  std::vector<std::byte> rest(unread.begin(), unread.end());
  const std::uint32_t to = door_.host.loop_of(moving_hello_->group);
  boost::system::error_code failed;
  const int fd = socket_.release(failed);
  phase_ = Phase::ended;
  if (failed) return door_.listener.count_out(peer_.address());
  auto arrive = [&door = door_, to, peer = peer_, fd, hello = std::move(*moving_hello_),
                 rest = std::move(rest)] {
    Tcp::socket socket(door.host.loop(to));
    boost::system::error_code refused;
    socket.assign(peer.protocol(), fd, refused);
    if (refused) {
      ::close(fd);
      return door.listener.count_out(peer.address());
    }
    socket.non_blocking(true, refused);
    std::make_shared<Session>(door, to, std::move(socket), peer)->continue_here(hello, rest);
  };
  asio::post(door_.host.loop(to), std::move(arrive));
}

// Writing
// ---------------------------------------------------------------------------------------------

void Session::answer(std::uint64_t correlation, const ReplyBody& body) {
  if (outstanding_ > 0) --outstanding_;
  append_reply(correlation, body);
}

bool Session::push(const PushBody& body) {
  if (phase_ != Phase::open) return true;
  if (pending() > door_.options.max_output) {
    abort(CloseReason::output_full);
    return false;
  }
  // The core bounds a step far below a frame; a peer that would miss a push must not go on.
  if (!wire::encode_push(body, out_)) {
    abort(CloseReason::output_full);
    return false;
  }
  return true;
}

void Session::append_reply(std::uint64_t correlation, const ReplyBody& body) {
  if (phase_ != Phase::open && phase_ != Phase::half_closed) return;
  if (const auto* const beat = std::get_if<HeartbeatOk>(&body)) {
    wire::encode_heartbeat_ok(*beat, correlation, out_);
  } else {
    wire::encode_reply(body, correlation, out_);
  }
  bound_output();
}

void Session::bound_output() {
  if (pending() > door_.options.max_output) return abort(CloseReason::output_full);
  if (!paused_ && pending() > door_.options.pause_output) {
    paused_ = true;
    stats_.pauses.add();
  }
}

void Session::flush() {
  if (writing_ || phase_ == Phase::ended || door_.host.silent()) return;
  if (out_.empty()) return drained();
  // Most writes fit into the socket's buffer at once; only what does not waits for it.
  boost::system::error_code error;
  const std::size_t size = socket_.write_some(asio::buffer(out_), error);
  if (error && error != asio::error::would_block) return abort(CloseReason::peer_reset);
  stats_.bytes_out.add(size);
  if (size == out_.size()) {
    out_.clear();
    return drained();
  }
  sending_.swap(out_);
  out_.clear();
  sent_ = size;
  writing_ = true;
  write_since_ = steady_clock::now();
  write_more();
}

void Session::write_more() {
  const auto rest = asio::buffer(sending_.data() + sent_, sending_.size() - sent_);
  socket_.async_write_some(rest, [self = shared_from_this()](const auto& error, std::size_t size) {
    self->wrote(error, size);
  });
}

void Session::wrote(const boost::system::error_code& error, std::size_t size) {
  if (error || phase_ == Phase::ended) return abort(CloseReason::peer_reset);
  stats_.bytes_out.add(size);
  sent_ += size;
  write_since_ = steady_clock::now();
  if (sent_ < sending_.size()) return write_more();
  constexpr std::size_t kept = 64U << 10;
  if (sending_.capacity() > kept) wire::Bytes{}.swap(sending_);
  sending_.clear();
  sent_ = 0;
  writing_ = false;
  flush();
}

/// Everything is written: goes on with what waited for it.
void Session::drained() {
  if (phase_ == Phase::lingering) {
    boost::system::error_code ignored;
    socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  } else if (phase_ == Phase::half_closed) {
    paused_ = false;
    ask_on();
    if (outstanding_ == 0 && queries_.empty()) abort(CloseReason::peer_closed);
  } else if (phase_ == Phase::open && std::exchange(paused_, false)) {
    subscriptions_.resume();
    follows_.resume();
    ask_on();
    wake_reader();
    if (!out_.empty()) flush();
  }
}

void Session::wake_reader() {
  wake_.cancel();
}

// Ending
// ----------------------------------------------------------------------------------------------

void Session::refuse_and_close(std::uint64_t correlation, Errc code, std::string message,
                               CloseReason why) {
  leave_host();
  wire::encode_reply(Refusal{code, std::move(message)}, correlation, out_);
  reason_ = why;
  phase_ = Phase::lingering;
  phase_since_ = steady_clock::now();
  flush();
}

void Session::abort(CloseReason why) {
  if (phase_ == Phase::ended) return;
  if (!reason_) reason_ = why;
  phase_ = Phase::ended;
  boost::system::error_code ignored;
  socket_.close(ignored);
  wake_reader();
}

void Session::leave_host() {
  subscriptions_.clear();
  follows_.clear();
  if (connection_ != 0) door_.host.detach(loop_, std::exchange(connection_, 0));
}

void Session::look(SteadyTime now) {
  const DoorOptions& options = door_.options;
  if (phase_ == Phase::greeting && now - phase_since_ > options.handshake_timeout) {
    abort(CloseReason::handshake_timeout);
  } else if (phase_ == Phase::lingering && now - phase_since_ > options.linger) {
    abort(CloseReason::peer_closed);
  } else if (phase_ == Phase::half_closed && now - phase_since_ > options.read_timeout) {
    abort(CloseReason::peer_closed);
  } else if (writing_ && now - write_since_ > options.read_timeout) {
    abort(CloseReason::not_reading);
  } else if (frame_begun_ && !waits() && now - frame_since_ > options.frame_timeout) {
    abort(CloseReason::frame_timeout);
  } else if (const std::size_t cut = subscriptions_.cut(now - options.read_timeout); cut > 0) {
    stats_.subscriptions_cut.add(cut);
    flush();
  }
}

}  // namespace muster::broker::native
