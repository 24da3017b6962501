/// A bare HTTP client: a blocking socket, raw bytes, and whole answers.
#pragma once

#include <boost/json/value.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace muster::broker::http {

struct Answer {
  int status = 0;
  std::map<std::string, std::string> fields;  ///< Names in lower case.
  std::string body;

  [[nodiscard]] std::string field(const std::string& name) const {
    const auto it = fields.find(name);
    return it == fields.end() ? std::string{} : it->second;
  }
  [[nodiscard]] boost::json::value json() const;
  /// The "code" of an error.
  [[nodiscard]] std::string code() const;
  [[nodiscard]] std::string message() const;
  [[nodiscard]] std::uint64_t index() const;
};

class Client {
 public:
  /// Connects to 127.0.0.1.
  explicit Client(std::uint16_t port);
  ~Client();
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), unread_(std::move(other.unread_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client& operator=(Client&&) = delete;

  void send(std::string_view bytes);
  /// Says no more, but goes on reading.
  void half_close();

  /// The next whole answer; of a HEAD only its head. Nothing: the door closed the connection.
  [[nodiscard]] std::optional<Answer> next(bool head_only = false);
  /// The same of a stream: its head only; events() goes on.
  [[nodiscard]] std::optional<Answer> next_head();
  /// The next frame of server-sent events in a chunked answer, comments skipped.
  [[nodiscard]] std::string next_event();
  /// Whether the door closes the connection; what it still sends is dropped.
  [[nodiscard]] bool is_closed();
  /// Whether something can be read at once.
  [[nodiscard]] bool has_input() const;

  /// Sends a request with `Host: localhost` and reads its answer; fails the test if there is none.
  Answer get(const std::string& target, const std::string& fields = {});
  Answer request(const std::string& method, const std::string& target, const std::string& body,
                 const std::string& fields = {});
  void send_get(const std::string& target, const std::string& fields = {});

  [[nodiscard]] int fd() const { return fd_; }

 private:
  [[nodiscard]] bool read_more();
  [[nodiscard]] std::optional<std::string> take_chunk();

  int fd_ = -1;
  std::string unread_;
  std::string events_;  // of a stream, without the chunks' sizes
};

}  // namespace muster::broker::http
