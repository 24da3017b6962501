#include "listener.hpp"

#include "descriptors.hpp"
#include "log.hpp"

#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace muster::broker {
namespace {

namespace asio = boost::asio;

std::string printed(const Tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = ":" + std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]" + port : address + port;
}

/// Kernel settings of every connection: small answers leave at once, and a peer that vanished is
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

std::string_view to_string(Listener::Refused why) {
  switch (why) {
    case Listener::Refused::too_many_connections:
      return "too_many_connections";
    case Listener::Refused::too_many_from_address:
      return "too_many_from_address";
    case Listener::Refused::no_descriptors:
      break;
  }
  return "no_descriptors";
}

Listener::Listener(Host& host, ListenerOptions options, Callbacks callbacks)
    : host_(host),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      acceptor_(host.loop(0)),
      accept_again_(host.loop(0)),
      reserve_fd_(open_reserve()) {
  listen();
}

Listener::~Listener() {
  if (reserve_fd_ >= 0) ::close(reserve_fd_);
}

std::string Listener::address() const {
  return printed(endpoint_);
}
std::uint16_t Listener::port() const {
  return endpoint_.port();
}

void Listener::open() {
  asio::post(host_.loop(0), [this] { accept_next(); });
}

void Listener::close() {
  asio::post(host_.loop(0), [this] {
    closed_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  });
}

void Listener::listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.host, error);
  if (error) throw std::runtime_error("listen address '" + options_.host + "' is no IP address");
  const Tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    throw std::runtime_error("cannot listen on " + printed(endpoint) + ": " + error.message());
  endpoint_ = acceptor_.local_endpoint();
}

void Listener::accept_next() {
  if (closed_) return;
  const std::uint32_t loop = next_loop_++ % host_.threads();
  acceptor_.async_accept(host_.loop(loop),
                         [this, loop](const boost::system::error_code& error, Tcp::socket socket) {
                           if (error) return accept_failed(error);
                           admit(std::move(socket), loop);
                           accept_next();
                         });
}

void Listener::admit(Tcp::socket&& socket, std::uint32_t loop) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // it has gone again
  if (is_the_stores(socket.native_handle())) return refuse(Refused::no_descriptors, {});
  if (const auto refused = count_in(peer.address())) {
    return refuse(*refused, peer.address().to_string());
  }
  tune(socket, options_.user_timeout);
  asio::post(host_.loop(loop), [this, loop, peer, moved = std::move(socket)]() mutable {
    callbacks_.admit(loop, std::move(moved), peer);
  });
}

/// Without descriptors the queue of the kernel would stay full and the acceptor would spin: the
/// reserve is given up for a moment, so that the next in line is accepted and closed.
void Listener::accept_failed(const boost::system::error_code& error) {
  if (error == asio::error::operation_aborted) return;
  const bool exhausted = error == asio::error::no_descriptors ||
                         error == boost::system::errc::too_many_files_open_in_system;
  if (exhausted && reserve_fd_ >= 0) {
    ::close(reserve_fd_);
    boost::system::error_code ignored;
    acceptor_.non_blocking(true, ignored);
    Tcp::socket victim(host_.loop(0));
    acceptor_.accept(victim, ignored);
    victim.close(ignored);
    reserve_fd_ = open_reserve();
    refuse(Refused::no_descriptors, {});
  } else {
    log::warning("accept failed", {{"error", error.message()}});
  }
  accept_again_.expires_after(std::chrono::milliseconds{20});
  accept_again_.async_wait([this](const boost::system::error_code& ended) {
    if (!ended) accept_next();
  });
}

std::optional<Listener::Refused> Listener::count_in(const asio::ip::address& address) {
  if (connections_.value() >= options_.max_connections) return Refused::too_many_connections;
  if (!address.is_loopback()) {
    const std::lock_guard lock(addresses_mutex_);
    std::uint32_t& count = addresses_[address];
    if (count >= options_.max_connections_per_address) return Refused::too_many_from_address;
    ++count;
  }
  connections_.add();
  return std::nullopt;
}

void Listener::count_out(const asio::ip::address& address) {
  connections_.subtract();
  if (address.is_loopback()) return;
  const std::lock_guard lock(addresses_mutex_);
  const auto it = addresses_.find(address);
  if (it != addresses_.end() && --it->second == 0) addresses_.erase(it);
}

void Listener::refuse(Refused why, std::string_view peer) {
  callbacks_.refused(why);
  const auto now = std::chrono::steady_clock::now();
  ++refused_since_told_;
  if (now - told_refusal_ < std::chrono::seconds{1}) return;
  told_refusal_ = now;
  log::warning("connections refused", {{"reason", to_string(why)},
                                       {"listener", address()},
                                       {"peer", peer},
                                       {"count", std::exchange(refused_since_told_, 0)},
                                       {"max_connections", options_.max_connections}});
}

}  // namespace muster::broker
