#include "relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace muster::chaos {
namespace {

constexpr int look_again_ms = 5;  // for a cut, its end, and the end of it all

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

int tcp_socket() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw std::system_error(errno, std::generic_category(), "socket of the relay");
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

int port_of(const std::string& address) {
  return std::stoi(address.substr(address.rfind(':') + 1));
}

}  // namespace

Relay::Relay(const std::string& broker) : broker_(broker), listener_(tcp_socket()) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "the relay");
  address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  thread_ = std::thread([this] { serve(); });
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  for (const auto& [one, other] : other_end_) ::close(one);
  ::close(listener_);
}

void Relay::serve() {
  while (!stop_) {
    std::vector<pollfd> watched;
    if (!cut_) {
      watched.push_back({listener_, POLLIN, 0});
      for (const auto& [one, other] : other_end_) watched.push_back({one, POLLIN, 0});
    }
    if (::poll(watched.data(), watched.size(), look_again_ms) <= 0) continue;
    for (std::size_t i = 1; i < watched.size(); ++i)
      if (watched[i].revents != 0) pass_on(watched[i].fd);
    if (watched[0].revents != 0) accept_one();  // last: it may reuse the number of one just closed
  }
}

/// A worker that finds nobody behind the relay is hung up on, as a closed port would do.
void Relay::accept_one() {
  const int worker = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (worker < 0) return;
  const int broker = tcp_socket();
  const sockaddr_in address = loopback(port_of(broker_));
  if (::connect(broker, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(broker);
    ::close(worker);
    return;
  }
  other_end_[worker] = broker;
  other_end_[broker] = worker;
}

/// Sends with patience: what a worker of this test has under way fits into a socket's buffer.
void Relay::pass_on(int from) {
  const auto pair = other_end_.find(from);
  if (pair == other_end_.end()) return;  // its other end has just closed both
  std::array<char, 16'384> buffer;
  const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
  const auto size = static_cast<std::size_t>(count);
  if (count <= 0 || ::send(pair->second, buffer.data(), size, MSG_NOSIGNAL) != count)
    close_both(from);
}

void Relay::close_both(int one) {
  const int other = other_end_.at(one);
  for (const int socket : {one, other}) {
    other_end_.erase(socket);
    ::close(socket);
  }
}

}  // namespace muster::chaos
