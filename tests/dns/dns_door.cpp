#include "dns_door.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace muster::broker::dns {
namespace {

constexpr int never_ms = 20'000;  // no healthy run waits so long

int connected(int kind, std::uint16_t port) {
  const int fd = ::socket(AF_INET, kind | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  return fd;
}

bool readable(int fd, int within_ms) {
  pollfd waits{fd, POLLIN, 0};
  return ::poll(&waits, 1, within_ms) == 1;
}

}  // namespace

UdpClient::UdpClient(std::uint16_t port) : fd_(connected(SOCK_DGRAM, port)) {}
UdpClient::~UdpClient() {
  ::close(fd_);
}

void UdpClient::send(const Bytes& message) {
  EXPECT_EQ(::send(fd_, message.data(), message.size(), 0), static_cast<ssize_t>(message.size()));
}

std::optional<Bytes> UdpClient::receive() {
  if (!readable(fd_, never_ms)) return std::nullopt;
  Bytes out(65'536);
  const ssize_t size = ::recv(fd_, out.data(), out.size(), 0);
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size));
  return out;
}

bool UdpClient::has_more() {
  return readable(fd_, 0);
}

Message UdpClient::ask(const Ask& question) {
  for (int tries = 0; tries < 10; ++tries) {
    send(dns::question(question));
    if (!readable(fd_, never_ms / 10)) continue;
    const auto bytes = receive();
    const auto message = bytes ? read_message(*bytes) : std::nullopt;
    EXPECT_TRUE(message);
    return message.value_or(Message{});
  }
  ADD_FAILURE() << "no answer";
  return {};
}

TcpClient::TcpClient(std::uint16_t port) : fd_(connected(SOCK_STREAM, port)) {}
TcpClient::~TcpClient() {
  ::close(fd_);
}

void TcpClient::send(const Bytes& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t size = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size <= 0) return;  // it was closed
    sent += static_cast<std::size_t>(size);
  }
}

void TcpClient::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

std::optional<Bytes> TcpClient::receive() {
  const auto take = [this](Bytes& into) {
    for (std::size_t got = 0; got < into.size();) {
      if (!readable(fd_, never_ms)) return false;
      const ssize_t size = ::recv(fd_, into.data() + got, into.size() - got, 0);
      if (size <= 0) return false;
      got += static_cast<std::size_t>(size);
    }
    return true;
  };
  Bytes length(2);
  if (!take(length)) return std::nullopt;
  Bytes out(static_cast<std::size_t>(length[0]) << 8 | length[1]);
  return take(out) ? std::optional{out} : std::nullopt;
}

Message TcpClient::ask(const Ask& question) {
  send(framed(dns::question(question)));
  const auto bytes = receive();
  const auto message = bytes ? read_message(*bytes) : std::nullopt;
  EXPECT_TRUE(message);
  return message.value_or(Message{});
}

bool TcpClient::is_closed() {
  std::array<char, 4'096> rest{};
  while (readable(fd_, never_ms)) {
    if (::recv(fd_, rest.data(), rest.size(), 0) <= 0) return true;
  }
  return false;
}

Bytes framed(const Bytes& message) {
  Bytes out{static_cast<std::uint8_t>(message.size() >> 8),
            static_cast<std::uint8_t>(message.size() & 0xff)};
  out.insert(out.end(), message.begin(), message.end());
  return out;
}

TestDnsDoor::TestDnsDoor(DnsSetup setup) {
  setup.door.port = 0;
  HostSetup of_host;
  of_host.threads = setup.threads;
  of_host.before_start = [&](TestHost& t) { door = std::make_unique<Door>(*t.host, setup.door); };
  host = std::make_unique<TestHost>(std::move(of_host));
  door->open();
}

std::uint64_t TestDnsDoor::metric(const std::string& line) const {
  const std::string text = "\n" + host->host->metrics();
  const auto at = text.find("\n" + line + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + line.size() + 2));
}

}  // namespace muster::broker::dns
