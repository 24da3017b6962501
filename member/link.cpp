#include "link.hpp"

#include "grant.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace muster::member {

namespace asio = boost::asio;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
// What a broker may leave unread: heartbeats and commits of a member are small, so more means it
// hangs.
constexpr std::size_t most_unsent = 64U << 20;

std::string name_of(const ServerAddress& server) {
  return server.host + ":" + server.port;
}

}  // namespace

Result<ServerAddress> parse_server(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return Errc::invalid_request;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return ServerAddress{std::move(host), text.substr(colon + 1)};
}

Link::Link(asio::io_context& io, LinkOptions options, LinkEvents& events)
    : io_(io),
      options_(std::move(options)),
      events_(events),
      dice_(options_.seed),
      line_(std::make_shared<Line>(io)),
      resolver_(io),
      watchdog_(io),
      pause_(io),
      failures_(options_.servers.size(), "not tried yet") {}

void Link::start() {
  asio::co_spawn(io_, run(), asio::detached);
}

void Link::close() {
  boost::system::error_code ignored;
  line_->socket.close(ignored);
}

void Link::fail(const char* doing, const boost::system::error_code& error) {
  // Aborted: we closed it ourselves, and have said why.
  if (error != asio::error::operation_aborted) fail(doing + error.message());
}

std::string Link::trouble() const {
  if (up_) return {};
  std::string all;
  for (std::size_t i = 0; i < failures_.size(); ++i)
    all += (i == 0 ? "" : "; ") + name_of(options_.servers[i]) + ": " + failures_[i];
  return all;
}

// ---------------------------------------------------------------------------------------------
// Dialling

asio::awaitable<void> Link::run() {
  while (true) {
    const bool greeted = co_await dial(server_);
    watchdog_.cancel();
    const bool connected = greeted && line_->socket.is_open();
    if (connected) {
      const Mono since = boot_now();
      up_ = true;
      events_.link_up();
      flush();
      co_await read();
      up_ = false;
      close();
      // A broker that greets and hangs up at once is not to be dialled ten times a second.
      if (boot_now() - since > events_.most_backoff()) attempt_ = 0;
      events_.link_down();
    } else {
      events_.dial_failed();
    }
    server_ = (server_ + 1) % options_.servers.size();
    // Other addresses are tried at once; the wait comes when all have failed, or a connection
    // broke.
    if (connected || server_ == 0)
      co_await pause(backoff(attempt_++, events_.most_backoff(), dice_));
  }
}

asio::awaitable<bool> Link::dial(std::size_t server) {
  const ServerAddress& address = options_.servers[server];
  line_ = std::make_shared<Line>(io_);
  out_.clear();
  watch(events_.dial_timeout());
  auto [unresolved, endpoints] =
      co_await resolver_.async_resolve(address.host, address.port, as_result);
  if (unresolved) {
    fail("cannot resolve: ", unresolved);
    co_return false;
  }
  auto [refused, endpoint] = co_await asio::async_connect(line_->socket, endpoints, as_result);
  if (refused) {
    fail("cannot connect: ", refused);
    co_return false;
  }
  boost::system::error_code ignored;
  line_->socket.set_option(tcp::no_delay(true), ignored);
  line_->socket.set_option(asio::socket_base::keep_alive(true), ignored);
  co_return co_await greet();
}

asio::awaitable<bool> Link::greet() {
  wire::Bytes hello;
  wire::encode_hello(options_.hello, hello);
  auto [unsent, sent] = co_await asio::async_write(line_->socket, asio::buffer(hello), as_result);
  if (unsent) {
    fail("cannot greet: ", unsent);
    co_return false;
  }
  while (true) {
    const auto frame = line_->reader.next();
    if (!frame) {
      fail("not a muster broker: " + frame.error().message());
      co_return false;
    }
    if (frame->has_value()) {
      const auto ok = wire::decode_hello_ok(**frame);
      if (ok && ok->major == wire::protocol_major) {
        line_->reader.set_limit(wire::max_body);
        co_return true;
      }
      const auto refusal = wire::decode_answer(**frame);
      const auto* reply = refusal ? std::get_if<ReplyBody>(&*refusal) : nullptr;
      const auto* said = reply != nullptr ? std::get_if<Refusal>(reply) : nullptr;
      fail(said != nullptr ? said->message : "it greets in another version of the protocol");
      co_return false;
    }
    const bool more = co_await fill();
    if (!more) co_return false;
  }
}

/// Ends the attempt, whatever it waits for, unless the watchdog is cancelled first.
void Link::watch(Millis limit) {
  watchdog_.expires_after(limit);
  watchdog_.async_wait([this, limit, line = line_](const boost::system::error_code& cancelled) {
    if (cancelled || up_ || line != line_) return;
    resolver_.cancel();
    close();
    fail("no answer within " + std::to_string(limit.count()) + " ms");
  });
}

asio::awaitable<void> Link::pause(Millis wait) {
  pause_.expires_after(wait);
  co_await pause_.async_wait(as_result);
}

// ---------------------------------------------------------------------------------------------
// Reading and writing

asio::awaitable<bool> Link::fill() {
  const auto room = line_->reader.prepare();
  auto [error, count] =
      co_await line_->socket.async_read_some(asio::buffer(room.data(), room.size()), as_result);
  if (error) {
    error == asio::error::eof ? fail("it closed the connection") : fail("cannot read: ", error);
    co_return false;
  }
  line_->reader.commit(count);
  co_return true;
}

asio::awaitable<void> Link::read() {
  // What followed the greeting in the same read is handled first.
  bool alive = take_frames();
  while (alive) {
    alive = co_await fill();
    if (alive) alive = take_frames();
  }
}

bool Link::take_frames() {
  while (line_->socket.is_open()) {
    const auto frame = line_->reader.next();
    if (!frame) {
      fail("it sent what is no frame: " + frame.error().message());
      return false;
    }
    if (!frame->has_value()) break;
    events_.frame(**frame);
  }
  if (line_->socket.is_open()) events_.read_done();
  return line_->socket.is_open();
}

void Link::flush() {
  if (!up_ || !line_->writing.empty() || out_.empty()) return;
  if (out_.size() > most_unsent)
    return drop("it does not read: " + std::to_string(out_.size()) + " bytes wait");
  std::swap(out_, line_->writing);
  asio::async_write(line_->socket, asio::buffer(line_->writing),
                    [this, line = line_](const boost::system::error_code& error, std::size_t) {
                      line->writing.clear();
                      if (line != line_) return;
                      if (!error) return flush();
                      fail("cannot write: ", error);
                      close();  // the reader sees that, and ends this connection
                    });
}

void Link::drop(std::string why) {
  if (!up_ || !line_->socket.is_open()) return;
  fail(std::move(why));
  close();
}

}  // namespace muster::member
