#include "response.hpp"

#include <json_writer.hpp>

#include <array>
#include <ctime>

namespace muster::broker::http {
namespace {

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace

Response json_response(std::string body, int status) {
  Response out;
  out.status = status;
  if (!body.ends_with('\n')) body += '\n';
  out.body = std::make_shared<const std::string>(std::move(body));
  return out;
}

Response failure(int status, std::string_view code, std::string_view message) {
  std::string body;
  wire::JsonWriter w(body);
  w.open('{');
  w.key("error");
  w.open('{');
  w.field("code", code);
  w.field("message", message);
  w.close('}');
  w.close('}');
  return json_response(std::move(body), status);
}

Response failure(Errc code, std::string_view message) {
  Response out = failure(status_of(code), to_string(code), message);
  if (retriable(code)) out.fields += "Retry-After: 1\r\n";
  return out;
}

int status_of(Errc code) {
  switch (code) {
    case Errc::ok:
      return 200;
    case Errc::malformed:
    case Errc::unsupported_version:
    case Errc::unknown_kind:
    case Errc::not_greeted:
    case Errc::invalid_name:
    case Errc::out_of_range:
    case Errc::invalid_request:
    case Errc::unknown_assignor:
      return 400;
    case Errc::not_allowed:
      return 403;
    case Errc::unknown_group:
    case Errc::unknown_member:
    case Errc::unknown_session:
    case Errc::unknown_topic:
    case Errc::unknown_partition:
    case Errc::unknown_epoch:
    case Errc::unknown_service:
    case Errc::unknown_instance:
    case Errc::unknown_node:
      return 404;
    case Errc::frame_too_large:
      return 413;
    case Errc::group_full:
    case Errc::limit_reached:
    case Errc::overloaded:
      return 429;
    case Errc::epoch_exhausted:
    case Errc::store_failed:
    case Errc::store_locked:
    case Errc::store_corrupt:
    case Errc::store_incompatible:
      return 500;
    case Errc::deadline_passed:
      return 504;
    default:  // not now, or the state forbids it
      return retriable(code) ? 503 : 409;
  }
}

void append_head(std::string& out, const Response& response, const HeadOptions& options) {
  out.append(options.is_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ")
      .append(std::to_string(response.status))
      .append(" ")
      .append(phrase(response.status))
      .append("\r\nDate: ")
      .append(options.date)
      .append("\r\n");
  if (options.chunked) {
    if (!options.is_1_0) out += "Transfer-Encoding: chunked\r\n";
  } else if (response.status != 304) {
    out.append("Content-Length: ")
        .append(std::to_string(response.body ? response.body->size() : 0))
        .append("\r\n");
  }
  if (response.body || options.chunked)
    out.append("Content-Type: ").append(response.type).append("\r\n");
  if (response.index != 0)
    out.append("X-Muster-Index: ").append(std::to_string(response.index)).append("\r\n");
  if (!response.etag.empty()) out.append("ETag: ").append(response.etag).append("\r\n");
  out += "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n";
  out += response.fields;
  if (!options.keep_alive) {
    out += "Connection: close\r\n";
  } else if (options.is_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

std::string http_date(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

}  // namespace muster::broker::http
