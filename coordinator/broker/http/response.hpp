/// What a route answers, and how it looks on the wire.
#pragma once

#include <muster/errc.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace muster::broker::http {

inline constexpr std::string_view json_type = "application/json";

struct Response {
  int status = 200;
  std::string_view type = json_type;
  std::shared_ptr<const std::string> body;  ///< Shared by all who are given the same. Null: none.
  std::uint64_t index = 0;                  ///< X-Muster-Index; 0: it has none.
  std::string etag;                         ///< With its quotes; empty: none.
  std::string fields;                       ///< More header lines, each with its line end.
};

/// With a line end behind it, so that a shell's prompt does not stick to what curl prints.
[[nodiscard]] Response json_response(std::string body, int status = 200);
/// {"error":{"code":…,"message":…}}
[[nodiscard]] Response failure(int status, std::string_view code, std::string_view message);
/// With the status that the code stands for.
[[nodiscard]] Response failure(Errc code, std::string_view message);

/// The HTTP status of a refusal.
[[nodiscard]] int status_of(Errc code);

struct HeadOptions {
  std::string_view date;  ///< As HTTP writes it.
  bool keep_alive = true;
  bool is_1_0 = false;
  bool chunked = false;  ///< A stream: no length.
};
/// Appends status line and fields, with the empty line behind them.
void append_head(std::string& out, const Response& response, const HeadOptions& options);

/// "Sat, 21 Nov 2026 17:00:00 GMT" for seconds since 1970.
[[nodiscard]] std::string http_date(std::int64_t seconds);

}  // namespace muster::broker::http
