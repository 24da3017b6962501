#include "talk.hpp"

#include <codec.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <variant>

namespace muster::load {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void send_all(int socket, const wire::Bytes& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) fail("greeting the broker");
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
}

void read_exactly(int socket, std::byte* to, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::recv(socket, to, size, 0);
    if (n == 0) throw std::runtime_error("the broker closed a connection that was just begun");
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("reading the broker's greeting");
    to += n;
    size -= static_cast<std::size_t>(n);
  }
}

/// One frame and not a byte more: what follows is for whoever has the socket next.
class FrameOf {
 public:
  explicit FrameOf(int socket) {
    std::byte header[wire::header_size];
    read_exactly(socket, header, sizeof header);
    std::uint32_t length = 0;
    std::memcpy(&length, header, sizeof length);
    if (length > wire::max_body) throw std::runtime_error("the broker's frame is too long");
    std::memcpy(&frame_.kind, header + 4, sizeof frame_.kind);
    std::memcpy(&frame_.flags, header + 6, sizeof frame_.flags);
    std::memcpy(&frame_.correlation, header + 8, sizeof frame_.correlation);
    body_.resize((length + 7) / 8);
    auto* const body = reinterpret_cast<std::byte*>(body_.data());
    read_exactly(socket, body, length);
    frame_.body = {body, length};
  }
  [[nodiscard]] const wire::Frame& get() const { return frame_; }

 private:
  std::vector<std::uint64_t> body_;  // 8-aligned
  wire::Frame frame_;
};

void throw_if_refused(const wire::Frame& frame) {
  const auto answer = wire::decode_answer(frame);
  const auto* reply = answer ? std::get_if<ReplyBody>(&*answer) : nullptr;
  const auto* refusal = reply != nullptr ? std::get_if<Refusal>(reply) : nullptr;
  if (refusal != nullptr)
    throw std::runtime_error("refused (" + std::string(to_string(refusal->code)) +
                             "): " + refusal->message);
}

/// Sends it, and waits for the answer of that kind; pushes that come before it are passed over.
template <class Ok>
Ok ask(int socket, const Request& request) {
  constexpr std::uint64_t correlation = 1;
  wire::Bytes bytes;
  if (!wire::encode_request(request, correlation, bytes))
    throw std::runtime_error("the request is too long to send");
  send_all(socket, bytes);
  while (true) {
    const FrameOf frame(socket);
    throw_if_refused(frame.get());
    const auto answer = wire::decode_answer(frame.get());
    if (!answer) throw std::runtime_error("the broker's answer cannot be read");
    if (const auto* reply = std::get_if<ReplyBody>(&*answer))
      if (const auto* ok = std::get_if<Ok>(reply)) return *ok;
  }
}

}  // namespace

int connect_to(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + host);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("making a socket");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd);
    throw std::system_error(error, std::generic_category(),
                            "connecting to " + host + ":" + std::to_string(port));
  }
  return fd;
}

void greet(int socket, const std::string& group) {
  wire::Hello hello;
  hello.client_name = "muster-load";
  hello.group = group;
  wire::Bytes bytes;
  wire::encode_hello(hello, bytes);
  send_all(socket, bytes);
  const FrameOf frame(socket);
  throw_if_refused(frame.get());
  if (!wire::decode_hello_ok(frame.get()))
    throw std::runtime_error("what answers is no muster broker");
}

JoinOk join(int socket, const Join& request) {
  return ask<JoinOk>(socket, request);
}

RegisterOk enrol(int socket, const Register& request) {
  return ask<RegisterOk>(socket, request);
}

Cut cut_answer(std::uint32_t connection, std::span<const std::byte> bytes, wire::Kind answer) {
  if (bytes.size() < wire::header_size) return {};
  std::uint32_t length = 0;
  std::uint16_t kind = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  std::memcpy(&kind, bytes.data() + 4, sizeof kind);
  if (kind == static_cast<std::uint16_t>(wire::Kind::refusal))
    throw std::runtime_error("a request on connection " + std::to_string(connection) +
                             " was refused");
  const std::size_t size = wire::header_size + length;
  return {.bytes = bytes.size() < size ? 0 : size,
          .answer = kind == static_cast<std::uint16_t>(answer)};
}

}  // namespace muster::load
