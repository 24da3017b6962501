/// Reading just as much of an HTTP answer as a check needs.
#pragma once

#include "health.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace muster::agent {

/// Bytes in, a verdict out; no sockets.
class HttpAnswer {
 public:
  /// False: nothing more is wanted of this connection.
  bool take(std::string_view bytes);
  /// The peer has closed it.
  void close() { closed_ = true; }
  /// What it means, having taken `took`; nothing: it is not yet whole.
  [[nodiscard]] bool whole() const;
  [[nodiscard]] Outcome judge(const CheckSpec& check, Millis took) const;

 private:
  [[nodiscard]] std::optional<int> status() const;
  [[nodiscard]] std::string_view body() const;

  std::string text_;
  bool closed_ = false;
};

/// Whether a body says `degraded`: the word as such, or a JSON field of that name or value that is
/// not false, null, 0 or empty.
[[nodiscard]] bool says_degraded(std::string_view body);

}  // namespace muster::agent
