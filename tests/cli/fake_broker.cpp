#include "fake_broker.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace muster::cli::test {
namespace {

/// A listening socket on any free port of the loopback.
int listen_anywhere(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool ok = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                  ::listen(fd, 16) == 0 &&
                  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  EXPECT_TRUE(ok);
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

void Caller::reply(const ReplyBody& body, std::uint64_t correlation) const {
  wire::Bytes bytes;
  wire::encode_reply(body, correlation, bytes);
  raw(bytes);
}

void Caller::push(const PushBody& body) const {
  wire::Bytes bytes;
  EXPECT_TRUE(wire::encode_push(body, bytes));
  raw(bytes);
}

void Caller::raw(const wire::Bytes& bytes) const {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return;  // the client is gone: its test says whether that is right
    sent += static_cast<std::size_t>(n);
  }
}

void Caller::close() const {
  ::shutdown(fd_, SHUT_RDWR);
}

FakeBroker::FakeBroker(OnCall on_call, OnHello on_hello)
    : on_call_(std::move(on_call)), on_hello_(std::move(on_hello)) {
  listener_ = listen_anywhere(port_);
  thread_ = std::thread([this] { serve(); });
}

FakeBroker::~FakeBroker() {
  ::shutdown(listener_, SHUT_RDWR);
  if (const int fd = connection_; fd >= 0) ::shutdown(fd, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void FakeBroker::greet(const Caller& caller, const std::string& store_uuid) {
  wire::HelloOk ok;
  ok.server_name = "musterd (fake)";
  ok.store_uuid = store_uuid;
  ok.shards = 2;
  wire::Bytes bytes;
  wire::encode_hello_ok(ok, bytes);
  caller.raw(bytes);
}

void FakeBroker::serve() {
  while (true) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    connection_ = fd;
    ++connections_;
    serve_one(fd);
    connection_ = -1;
    ::close(fd);
  }
}

void FakeBroker::serve_one(int fd) {
  Caller caller(fd);
  wire::FrameReader reader;
  while (true) {
    const auto room = reader.prepare(4096);
    const ssize_t n = ::recv(fd, room.data(), room.size(), 0);
    if (n <= 0) return;
    reader.commit(static_cast<std::size_t>(n));
    while (true) {
      const auto frame = reader.next();
      if (!frame.has_value()) return;
      if (!frame->has_value()) break;
      handle(**frame, caller);
    }
  }
}

void FakeBroker::handle(const wire::Frame& frame, Caller& caller) const {
  if (const auto hello = wire::decode_hello(frame); hello.has_value()) {
    if (on_hello_)
      on_hello_(*hello, caller);
    else
      greet(caller);
    return;
  }
  const auto call = wire::decode_call(frame);
  ASSERT_TRUE(call.has_value()) << "the client sent what does not decode";
  caller.correlation_ = frame.correlation;
  on_call_(*call, caller);
}

ServerAddress nobody() {
  int port = 0;
  const int fd = listen_anywhere(port);
  ::close(fd);
  return {"127.0.0.1", std::to_string(port)};
}

}  // namespace muster::cli::test
