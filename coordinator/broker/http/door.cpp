#include "door.hpp"

#include "connection.hpp"
#include "door_parts.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace muster::broker::http {
namespace {

ListenerOptions listener_options(const DoorOptions& options) {
  ListenerOptions out;
  out.host = options.host;
  out.port = options.port;
  out.max_connections = options.max_connections;
  out.max_connections_per_address = options.max_connections_per_address;
  // The kernel's own limit comes later, so that a peer that does not read is known as one.
  out.user_timeout = 2 * options.read_timeout;
  return out;
}

}  // namespace

Door::Door(Host& host, DoorOptions options)
    : parts_(std::make_unique<Parts>(host, std::move(options))) {
  host.add_metrics([parts = parts_.get()](MetricsText& text) { parts->write_metrics(text); });
}

Door::~Door() {
  parts_->host.stop();  // no loop may still run a connection when what they share goes
  for (const auto& loop : parts_->loops)
    for (const auto& connection : loop->connections) connection->abandon();
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
  const auto shortest =
      std::min({options.header_timeout, options.body_timeout, options.idle_timeout,
                options.read_timeout, options.submit_timeout, options.keep_alive, options.linger});
  for (std::uint32_t loop = 0; loop < parts.loops.size(); ++loop) {
    boost::asio::post(parts.host.loop(loop),
                      [&door = *parts.loops[loop], shortest] { door.connections.go(shortest); });
  }
}

void Door::close() {
  parts_->closing = true;
  parts_->listener.close();
}

void Door::reload() {
  parts_->tokens.reload();
}

Door::Parts::Parts(Host& the_host, DoorOptions the_options)
    : host(the_host),
      options(std::move(the_options)),
      tokens(options.token_file),
      guard{options.names, &tokens},
      loops([this] {
        std::vector<std::unique_ptr<LoopDoor>> all;
        for (std::uint32_t loop = 0; loop < host.threads(); ++loop)
          all.push_back(std::make_unique<LoopDoor>(host, loop, options, routes().size() + 1));
        return all;
      }()),
      listener(host, listener_options(options), callbacks()) {}

Listener::Callbacks Door::Parts::callbacks() {
  Listener::Callbacks out;
  out.admit = [this](std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer) {
    loops[loop]->stats.accepted.add();
    std::make_shared<Connection>(*this, loop, std::move(socket), peer)->start();
  };
  out.refused = [this](Listener::Refused why) {
    loops[0]->stats.closes[static_cast<std::size_t>(refused_as<CloseReason>(why))].add();
  };
  return out;
}

}  // namespace muster::broker::http
