#include "door.hpp"

#include "door_parts.hpp"
#include "tcp_session.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>

#include <random>
#include <stdexcept>
#include <utility>

namespace muster::broker::dns {
namespace {

namespace asio = boost::asio;
using Udp = asio::ip::udp;

Zone make_zone(const DoorOptions& options) {
  ZoneOptions zone;
  for (const std::string& domain : options.domains) {
    const auto name = Name::parse(domain);
    if (!name) throw std::runtime_error("the DNS domain '" + domain + "' is no domain name");
    zone.domains.push_back(name->in_lower_case());
  }
  zone.ttl = options.ttl;
  zone.negative_ttl = options.negative_ttl;
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.host, error);
  if (!error && !address.is_unspecified()) zone.own_address = parse_address(options.host);
  return Zone(std::move(zone));
}

ListenerOptions listener_options(const DoorOptions& options) {
  ListenerOptions out;
  out.host = options.host;
  out.port = options.port;
  out.max_connections = options.max_connections;
  out.max_connections_per_address = options.max_connections_per_address;
  out.user_timeout = options.idle_timeout;
  return out;
}

ResponderOptions responder_options(const DoorOptions& options) {
  ResponderOptions out;
  out.udp_size = options.udp_size;
  return out;
}

std::uint64_t fresh_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace

Door::Door(Host& host, DoorOptions options)
    : parts_(std::make_unique<Parts>(host, std::move(options))) {
  parts_->bind();
  host.add_metrics([parts = parts_.get()](MetricsText& text) { parts->write_metrics(text); });
}

Door::~Door() {
  parts_->host.stop();  // no loop may still run what goes now
}

std::string Door::address() const {
  return parts_->listener->address();
}
std::uint16_t Door::port() const {
  return parts_->listener->port();
}

void Door::open() {
  parts_->listener->open();
  const auto idle = parts_->options.idle_timeout;
  for (const auto& loop : parts_->loops) {
    loop->udp->open();
    asio::post(loop->context, [door = loop.get(), idle] { door->sessions.go(idle); });
  }
}

void Door::close() {
  parts_->listener->close();
  for (const auto& loop : parts_->loops) loop->udp->close();
}

Door::Parts::Parts(Host& the_host, DoorOptions the_options)
    : host(the_host), options(std::move(the_options)), zone(make_zone(options)) {
  for (std::uint32_t loop = 0; loop < host.threads(); ++loop)
    loops.push_back(std::make_unique<LoopDoor>(*this, loop, fresh_seed()));
}

/// TCP first: its port belongs to one process alone, while UDP sockets of several loops share
/// theirs, and a second broker could join them unseen.
void Door::Parts::bind() {
  constexpr int tries = 16;
  for (int i = 1;; ++i) {
    Listener::Callbacks callbacks;
    callbacks.admit = [this](std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer) {
      loops[loop]->stats.accepted.add();
      std::make_shared<TcpSession>(*this, *loops[loop], std::move(socket), peer)->start();
    };
    callbacks.refused = [this](Listener::Refused) { refused.add(); };
    listener = std::make_unique<Listener>(host, listener_options(options), std::move(callbacks));
    const Udp::endpoint at(asio::ip::make_address(options.host), listener->port());
    try {
      for (const auto& loop : loops) loop->bind(at, loops.size() > 1);
      return;
    } catch (const boost::system::system_error& error) {
      // A free port of TCP may be taken in UDP.
      if (options.port != 0 || i == tries) {
        throw std::runtime_error("cannot take UDP port " + listener->address() + ": " +
                                 error.code().message());
      }
    }
  }
}

LoopDoor::LoopDoor(Door::Parts& the_door, std::uint32_t loop, std::uint64_t seed)
    : door(the_door),
      context(the_door.host.loop(loop)),
      owners(the_door.host.owners(loop)),
      responder(the_door.zone, responder_options(the_door.options), seed),
      rate(the_door.options.max_rate, ~seed),
      sessions(context) {}

void LoopDoor::bind(const Udp::endpoint& at, bool shared) {
  UdpPort::Callbacks callbacks;
  callbacks.begins = [this] {
    began_ = std::chrono::steady_clock::now();
    directory_.emplace(door.host.views(), owners);
  };
  callbacks.answer = [this](const Datagram& question, Bytes& out) { answer(question, out); };
  callbacks.ended = [this](std::size_t messages) {
    directory_.reset();  // an old picture must not be kept
    stats.udp_queries.add(messages);
    stats.took.observe(std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - began_));
  };
  callbacks.unsent = [this](std::size_t answers) { stats.unsent.add(answers); };
  udp.emplace(context, at, shared, std::move(callbacks));
}

void LoopDoor::answer(const Datagram& question, Bytes& out) {
  if (door.host.silent()) return;
  if (!rate.allows(question.from, began_)) {
    stats.over_rate.add();
    return responder.turn_away(question.message, out);
  }
  const Via via = is_loopback(question.from) ? Via::loopback_udp : Via::udp;
  responder.answer(question.message, via, *directory_, out);
}

}  // namespace muster::broker::dns
