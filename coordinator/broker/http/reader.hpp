/// Bytes in, requests out: HTTP/1 as a machine without sockets. The parser is Beast's.
#pragma once

#include "request.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace muster::broker::http {

struct ReaderLimits {
  std::size_t header = 16U << 10;  ///< Request line and fields, bytes.
  std::size_t target = 8U << 10;
  std::size_t body = 64U << 10;
};

class RequestReader {
 public:
  enum class State { more, request, failed };
  struct Failure {
    int status = 400;
    std::string_view code;
    std::string message;
  };

  /// `limits` outlives it.
  explicit RequestReader(const ReaderLimits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  /// Takes from the front of `bytes` what it can. What it leaves is to be given again, with what
  /// has come behind it. After `failed` nothing more can be read from this connection.
  State read(std::string_view& bytes);

  /// After `request`.
  [[nodiscard]] Request take();
  /// After `failed`.
  [[nodiscard]] const Failure& failure() const { return failure_; }

  /// In the middle of a body.
  [[nodiscard]] bool in_body() const;
  /// The peer waits for "100 Continue" before it sends the body; true once for each request.
  [[nodiscard]] bool wants_continue();

 private:
  struct Parser;

  State parsed(std::string_view& bytes);
  State fail(int status, std::string_view code, std::string message);

  const ReaderLimits& limits_;
  std::unique_ptr<Parser> parser_;
  Failure failure_;
  bool continued_ = false;
};

}  // namespace muster::broker::http
