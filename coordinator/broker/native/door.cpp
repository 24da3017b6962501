#include "door.hpp"

#include "door_parts.hpp"
#include "session.hpp"

#include "../log.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace muster::broker::native {
namespace {

namespace asio = boost::asio;

std::string printed(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

/// Kernel settings of every connection: small frames leave at once, and a peer that vanished is
/// noticed.
void tune(Tcp::socket& socket, std::chrono::milliseconds user_timeout) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(Tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const auto timeout = static_cast<unsigned>(user_timeout.count());
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

int open_reserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

Door::Door(Host& host, DoorOptions options)
    : parts_(std::make_unique<Parts>(host, std::move(options))) {
  parts_->listen();
  host.add_metrics([parts = parts_.get()](MetricsText& text) { parts->write_metrics(text); });
}

Door::~Door() {
  parts_->host.stop();  // no loop may still run a session when what they share goes
  if (parts_->reserve_fd >= 0) ::close(parts_->reserve_fd);
}

std::string Door::address() const {
  return printed(parts_->acceptor.local_endpoint());
}
std::uint16_t Door::port() const {
  return parts_->acceptor.local_endpoint().port();
}

void Door::open() {
  Parts& parts = *parts_;
  asio::post(parts.host.loop(0), [&parts] { parts.accept_next(); });
  for (std::uint32_t loop = 0; loop < parts.loops.size(); ++loop) {
    asio::post(parts.host.loop(loop), [&parts, loop] { parts.look_at_sessions(loop); });
  }
}

void Door::close() {
  Parts& parts = *parts_;
  asio::post(parts.host.loop(0), [&parts] {
    parts.closed = true;
    boost::system::error_code ignored;
    parts.acceptor.close(ignored);
  });
}

Door::Parts::Parts(Host& the_host, DoorOptions the_options)
    : host(the_host),
      options(std::move(the_options)),
      acceptor(the_host.loop(0)),
      accept_again(the_host.loop(0)),
      reserve_fd(open_reserve()) {
  for (std::uint32_t loop = 0; loop < host.threads(); ++loop) {
    loops.push_back(std::make_unique<LoopDoor>(host.loop(loop)));
  }
}

void Door::Parts::listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (error) throw std::runtime_error("listen address '" + options.host + "' is no IP address");
  const Tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error("cannot listen on " + printed(endpoint) + ": " + error.message());
}

// Accepting
// ------------------------------------------------------------------------------------------

void Door::Parts::accept_next() {
  if (closed) return;
  const std::uint32_t loop = next_loop++ % host.threads();
  acceptor.async_accept(host.loop(loop),
                        [this, loop](const boost::system::error_code& error, Tcp::socket socket) {
                          if (error) return accept_failed(error);
                          admit(std::move(socket), loop);
                          accept_next();
                        });
}

void Door::Parts::admit(Tcp::socket&& socket, std::uint32_t loop) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // it has gone again
  if (const auto refused = count_in(peer.address())) {
    return refuse(*refused, peer.address().to_string());
  }
  tune(socket, options.frame_timeout);
  asio::post(host.loop(loop), [this, loop, peer, moved = std::move(socket)]() mutable {
    loops[loop]->stats.accepted.add();
    std::make_shared<Session>(*this, loop, std::move(moved), peer)->start();
  });
}

/// Without descriptors the queue of the kernel would stay full and the acceptor would spin: the
/// reserve is given up for a moment, so that the next in line is accepted and closed.
void Door::Parts::accept_failed(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) return;
  const bool exhausted = error == asio::error::no_descriptors ||
                         error == boost::system::errc::too_many_files_open_in_system;
  if (exhausted && reserve_fd >= 0) {
    ::close(reserve_fd);
    boost::system::error_code ignored;
    acceptor.non_blocking(true, ignored);
    Tcp::socket victim(host.loop(0));
    acceptor.accept(victim, ignored);
    victim.close(ignored);
    reserve_fd = open_reserve();
    refuse(CloseReason::no_descriptors, {});
  } else {
    log::warning("accept failed", {{"error", error.message()}});
  }
  accept_again.expires_after(std::chrono::milliseconds{20});
  accept_again.async_wait([this](const boost::system::error_code& ended) {
    if (!ended) accept_next();
  });
}

std::optional<CloseReason> Door::Parts::count_in(const asio::ip::address& address) {
  if (connections.value() >= options.max_connections) return CloseReason::too_many_connections;
  if (!address.is_loopback()) {
    const std::lock_guard lock(addresses_mutex);
    std::uint32_t& count = addresses[address];
    if (count >= options.max_connections_per_address) return CloseReason::too_many_from_address;
    ++count;
  }
  connections.add();
  return std::nullopt;
}

void Door::Parts::count_out(const asio::ip::address& address) {
  connections.subtract();
  if (address.is_loopback()) return;
  const std::lock_guard lock(addresses_mutex);
  const auto it = addresses.find(address);
  if (it != addresses.end() && --it->second == 0) addresses.erase(it);
}

void Door::Parts::refuse(CloseReason reason, std::string_view peer) {
  loops[0]->stats.closes[static_cast<std::size_t>(reason)].add();
  const auto now = std::chrono::steady_clock::now();
  ++refused_since_told;
  if (now - told_refusal < std::chrono::seconds{1}) return;
  told_refusal = now;
  log::warning("connections refused", {{"reason", to_string(reason)},
                                       {"peer", peer},
                                       {"count", std::exchange(refused_since_told, 0)},
                                       {"max_connections", options.max_connections}});
}

// Looking after them
// ---------------------------------------------------------------------------------

/// A few sessions at each look, so that no look takes long; each is seen several times in the
/// shortest of the timeouts.
void Door::Parts::look_at_sessions(std::uint32_t loop) {
  LoopDoor& door = *loops[loop];
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t n = door.sessions.size() / 4 + 1; n > 0 && !door.sessions.empty(); --n) {
    door.next = door.next + 1 < door.sessions.size() ? door.next + 1 : 0;
    door.sessions[door.next]->look(now);
  }
  const auto shortest = std::min(
      {options.handshake_timeout, options.frame_timeout, options.read_timeout, options.linger});
  door.timer.expires_after(std::clamp<std::chrono::milliseconds>(
      shortest / 20, std::chrono::milliseconds{2}, std::chrono::milliseconds{250}));
  door.timer.async_wait([this, loop](const boost::system::error_code& ended) {
    if (!ended) look_at_sessions(loop);
  });
}

}  // namespace muster::broker::native
