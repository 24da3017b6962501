#include "socket.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>

namespace muster::cli {
namespace {

constexpr std::string_view default_port = "7400";

SocketError last_error() {
  return {std::generic_category().message(errno)};
}

/// False once the deadline has passed. A signal only starts the wait anew.
bool wait_for(int fd, short events, Deadline deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto ms = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(ms));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw last_error();
    if (ready == 0 && std::chrono::steady_clock::now() >= deadline) return false;
  }
}

void set_options(int fd) {
  const int on = 1;
  const int idle_seconds = 15;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A follower only reads: keep-alives notice a peer that has vanished without a word.
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_seconds, sizeof idle_seconds);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &idle_seconds, sizeof idle_seconds);
}

using AddressList = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

AddressList resolve(const ServerAddress& server) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found);
  if (error != 0) throw SocketError{::gai_strerror(error)};
  return {found, &::freeaddrinfo};
}

/// The error of a connect that has finished; 0 if it succeeded.
int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5) return false;
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const int port = std::stoi(std::string(text));
  return port >= 1 && port <= 65'535;
}

std::optional<ServerAddress> parse_server(std::string_view text) {
  std::string_view host = text;
  std::string_view port = default_port;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
  } else {
    host = text.substr(0, text.find(':'));
    rest = text.substr(host.size());
  }
  if (!rest.empty()) port = rest.substr(1);
  if (host.empty() || host.find(' ') != std::string_view::npos || !is_port(port))
    return std::nullopt;
  return ServerAddress{std::string(host), std::string(port)};
}

}  // namespace

std::string ServerAddress::text() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

std::optional<std::vector<ServerAddress>> parse_servers(std::string_view text) {
  std::vector<ServerAddress> servers;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    auto server = parse_server(part);
    if (!server) return std::nullopt;
    servers.push_back(std::move(*server));
    if (part.size() == text.size()) return servers;
    text.remove_prefix(part.size() + 1);
  }
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    close();
    std::swap(fd_, other.fd_);
  }
  return *this;
}

void Socket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Socket Socket::connect(const ServerAddress& server, Deadline deadline) {
  const AddressList addresses = resolve(server);
  SocketError error{"no address"};
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    Socket socket(
        ::socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol));
    if (!socket.open()) {
      error = last_error();
      continue;
    }
    if (::connect(socket.fd_, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS) {
      error = last_error();
      continue;
    }
    if (!wait_for(socket.fd_, POLLOUT, deadline)) throw SocketError{"no connection in time"};
    if (const int code = connect_error(socket.fd_); code != 0) {
      error = {std::generic_category().message(code)};
      continue;
    }
    set_options(socket.fd_);
    return socket;
  }
  throw error;
}

void Socket::send(std::span<const std::byte> bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, deadline)) throw SocketError{"it does not read"};
    } else if (errno != EINTR) {
      throw last_error();
    }
  }
}

std::optional<std::size_t> Socket::receive(std::span<std::byte> room, Deadline deadline) {
  while (true) {
    const ssize_t read = ::recv(fd_, room.data(), room.size(), 0);
    if (read > 0) return static_cast<std::size_t>(read);
    if (read == 0) throw SocketError{"it closed the connection"};
    if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLIN, deadline)) return std::nullopt;
    } else if (errno != EINTR) {
      throw last_error();
    }
  }
}

}  // namespace muster::cli
