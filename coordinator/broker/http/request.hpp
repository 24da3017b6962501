/// One HTTP request, as much of it as the door looks at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::broker::http {

enum class Method : std::uint8_t { get, head, post, put, del, other };

[[nodiscard]] std::string_view to_string(Method method);

struct Request {
  Method method = Method::get;
  bool keep_alive = true;
  bool is_1_0 = false;        ///< Knows no chunks.
  bool from_browser = false;  ///< It has a mark that browsers set and pages cannot take off.
  bool has_body = false;      ///< It says so, even if the body is empty.
  std::string target;         ///< As sent.
  std::string host;           ///< Of the header, or of an absolute target.
  std::string origin;
  std::string fetch_site;  ///< Sec-Fetch-Site
  std::string content_type;
  std::string authorization;
  std::string if_none_match;
  std::string accept;
  std::string last_event_id;
  std::string body;
};

}  // namespace muster::broker::http
