#include "door.hpp"

#include "door_parts.hpp"
#include "session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace muster::broker::native {
namespace {

namespace asio = boost::asio;

ListenerOptions listener_options(const DoorOptions& options) {
  ListenerOptions out;
  out.host = options.host;
  out.port = options.port;
  out.max_connections = options.max_connections;
  out.max_connections_per_address = options.max_connections_per_address;
  out.user_timeout = options.frame_timeout;
  return out;
}

}  // namespace

Door::Door(Host& host, DoorOptions options)
    : parts_(std::make_unique<Parts>(host, std::move(options))) {
  host.add_metrics([parts = parts_.get()](MetricsText& text) { parts->write_metrics(text); });
}

Door::~Door() {
  parts_->host.stop();  // no loop may still run a session when what they share goes
}

std::string Door::address() const {
  return parts_->listener.address();
}
std::uint16_t Door::port() const {
  return parts_->listener.port();
}

void Door::open() {
  Parts& parts = *parts_;
  parts.listener.open();
  const DoorOptions& options = parts.options;
  const auto shortest = std::min(
      {options.handshake_timeout, options.frame_timeout, options.read_timeout, options.linger});
  for (std::uint32_t loop = 0; loop < parts.loops.size(); ++loop) {
    asio::post(parts.host.loop(loop),
               [&door = *parts.loops[loop], shortest] { door.sessions.go(shortest); });
  }
}

void Door::close() {
  parts_->listener.close();
}

Door::Parts::Parts(Host& the_host, DoorOptions the_options)
    : host(the_host),
      options(std::move(the_options)),
      listener(host, listener_options(options), callbacks()) {
  for (std::uint32_t loop = 0; loop < host.threads(); ++loop) {
    loops.push_back(std::make_unique<LoopDoor>(host, loop));
  }
}

Listener::Callbacks Door::Parts::callbacks() {
  Listener::Callbacks out;
  out.admit = [this](std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer) {
    loops[loop]->stats.accepted.add();
    std::make_shared<Session>(*this, loop, std::move(socket), peer)->start();
  };
  out.refused = [this](Listener::Refused why) {
    loops[0]->stats.closes[static_cast<std::size_t>(refused_as<CloseReason>(why))].add();
  };
  return out;
}

}  // namespace muster::broker::native
