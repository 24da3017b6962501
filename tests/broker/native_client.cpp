#include "native_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

namespace muster::broker {
namespace {

/// No healthy run takes this long; a read that does is a failure, not a hang.
constexpr timeval patience{30, 0};

}  // namespace

wire::Bytes hello_bytes(const std::string& group) {
  wire::Bytes out;
  wire::Hello hello;
  hello.client_name = "test";
  hello.group = group;
  wire::encode_hello(hello, out);
  return out;
}

NativeClient::NativeClient(std::uint16_t port)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0)
      << std::strerror(errno);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

NativeClient::~NativeClient() {
  if (fd_ >= 0) ::close(fd_);
}

void NativeClient::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
}

void NativeClient::send(const std::string& text) {
  send(std::as_bytes(std::span{text}));
}

void NativeClient::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

wire::HelloOk NativeClient::greet(const std::string& group) {
  send(hello_bytes(group));
  const auto frame = next_frame();
  if (!frame) {
    ADD_FAILURE() << "no answer to Hello";
    return {};
  }
  const auto ok = wire::decode_hello_ok(frame->first);
  EXPECT_TRUE(ok.has_value());
  return ok.has_value() ? *ok : wire::HelloOk{};
}

void NativeClient::send_request(const Request& request, std::uint64_t correlation) {
  wire::Bytes out;
  EXPECT_TRUE(wire::encode_request(request, correlation, out));
  send(out);
}

void NativeClient::send_query(const Query& query, std::uint64_t correlation) {
  wire::Bytes out;
  EXPECT_TRUE(wire::encode_query(query, correlation, out));
  send(out);
}

std::optional<std::pair<wire::Frame, std::vector<std::byte>>> NativeClient::next_frame() {
  while (true) {
    const auto frame = reader_.next();
    if (frame.has_error()) {
      ADD_FAILURE() << "the broker sent garbage: " << frame.error().message();
      return std::nullopt;
    }
    if (*frame) {
      std::pair<wire::Frame, std::vector<std::byte>> out{**frame, {}};
      out.second.assign((*frame)->body.begin(), (*frame)->body.end());
      out.first.body = out.second;
      return out;
    }
    const auto room = reader_.prepare(4'096);
    const auto size = ::recv(fd_, room.data(), room.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      ADD_FAILURE() << "nothing came";
    }
    if (size <= 0) return std::nullopt;
    reader_.commit(static_cast<std::size_t>(size));
  }
}

std::optional<ReplyBody> NativeClient::next_reply(std::uint64_t* correlation) {
  while (auto frame = next_frame()) {
    auto answer = wire::decode_answer(frame->first);
    if (answer.has_error()) {
      ADD_FAILURE() << "an answer does not decode: kind " << frame->first.kind;
      return std::nullopt;
    }
    if (auto* const reply = std::get_if<ReplyBody>(&*answer)) {
      if (correlation != nullptr) *correlation = frame->first.correlation;
      return std::move(*reply);
    }
  }
  return std::nullopt;
}

bool NativeClient::is_closed() {
  std::array<std::byte, 4'096> dropped{};
  while (true) {
    const auto size = ::recv(fd_, dropped.data(), dropped.size(), 0);
    if (size > 0) continue;
    return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
}

}  // namespace muster::broker
