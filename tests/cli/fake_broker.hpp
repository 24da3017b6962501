/// A broker that says what a test wants: real frames over a real loopback socket, scripted answers.
#pragma once

#include <codec.hpp>
#include <socket.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace muster::cli::test {

/// One client's connection, as a script sees it.
class Caller {
 public:
  explicit Caller(int fd) : fd_(fd) {}
  void reply(const ReplyBody& body) const { reply(body, correlation_); }
  void reply(const ReplyBody& body, std::uint64_t correlation) const;
  void push(const PushBody& body) const;
  void raw(const wire::Bytes& bytes) const;
  void close() const;

 private:
  friend class FakeBroker;
  int fd_;
  std::uint64_t correlation_ = 0;
};

class FakeBroker {
 public:
  using OnCall = std::function<void(const wire::Call&, const Caller&)>;
  using OnHello = std::function<void(const wire::Hello&, const Caller&)>;

  /// Answers each Hello itself unless the test gives `on_hello`. Connections are served one after
  /// the other, on a thread of its own.
  explicit FakeBroker(OnCall on_call, OnHello on_hello = {});
  ~FakeBroker();
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  [[nodiscard]] ServerAddress address() const { return {"127.0.0.1", std::to_string(port_)}; }
  [[nodiscard]] int connections() const { return connections_; }

  static void greet(const Caller& caller, const std::string& store_uuid = std::string(32, 'a'));

 private:
  void serve();
  void serve_one(int fd);
  void handle(const wire::Frame& frame, Caller& caller) const;

  OnCall on_call_;
  OnHello on_hello_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connection_ = -1;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// A port on which nobody listens.
[[nodiscard]] ServerAddress nobody();

}  // namespace muster::cli::test
