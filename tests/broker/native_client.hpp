/// A bare client of the native door: a blocking socket, raw bytes, and whole frames.
#pragma once

#include <codec.hpp>
#include <frame.hpp>

#include <muster/messages.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace muster::broker {

class NativeClient {
 public:
  /// Connects to 127.0.0.1.
  explicit NativeClient(std::uint16_t port);
  ~NativeClient();
  NativeClient(NativeClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  NativeClient(const NativeClient&) = delete;
  NativeClient& operator=(const NativeClient&) = delete;
  NativeClient& operator=(NativeClient&&) = delete;

  void send(std::span<const std::byte> bytes);
  void send(const std::string& text);
  /// Says no more, but goes on reading.
  void half_close();
  /// Says Hello and reads the answer.
  wire::HelloOk greet(const std::string& group = {});

  void send_request(const Request& request, std::uint64_t correlation);
  void send_query(const Query& query, std::uint64_t correlation);

  /// The next frame, or nothing: the broker closed the connection.
  [[nodiscard]] std::optional<std::pair<wire::Frame, std::vector<std::byte>>> next_frame();
  /// The next reply, skipping pushes; its correlation goes to `correlation` if given.
  [[nodiscard]] std::optional<ReplyBody> next_reply(std::uint64_t* correlation = nullptr);
  template <class Body>
  [[nodiscard]] Body expect() {
    const auto reply = next_reply();
    if (!reply) {
      ADD_FAILURE() << "the broker closed the connection";
      return {};
    }
    if (const auto* const body = std::get_if<Body>(&*reply)) return *body;
    const auto* const refusal = std::get_if<Refusal>(&*reply);
    ADD_FAILURE() << "another answer came" << (refusal ? ": " + refusal->message : "");
    return {};
  }
  /// Whether the broker closes the connection; what it still sends is dropped.
  [[nodiscard]] bool is_closed();
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_ = -1;
  wire::FrameReader reader_;
};

[[nodiscard]] wire::Bytes hello_bytes(const std::string& group = {});

}  // namespace muster::broker
