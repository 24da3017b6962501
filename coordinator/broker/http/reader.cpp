#include "reader.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>

#include <utility>

namespace muster::broker::http {
namespace {

namespace beast = boost::beast;
using Fields = beast::http::fields;
using Field = beast::http::field;

std::string text(const Fields& fields, Field field) {
  const auto value = fields[field];
  return {value.data(), value.size()};
}

Method method_of(beast::http::verb verb) {
  switch (verb) {
    case beast::http::verb::get:
      return Method::get;
    case beast::http::verb::head:
      return Method::head;
    case beast::http::verb::post:
      return Method::post;
    case beast::http::verb::put:
      return Method::put;
    case beast::http::verb::delete_:
      return Method::del;
    default:
      return Method::other;
  }
}

/// Pages cannot take these off or change them, unless our answer allowed it, which it never does.
bool is_from_browser(const Fields& fields) {
  const auto agent = fields[Field::user_agent];
  return fields.count(Field::origin) > 0 || fields.count(Field::referer) > 0 ||
         fields.count(Field::cookie) > 0 || fields.count("Sec-Fetch-Site") > 0 ||
         fields.count("Sec-Fetch-Mode") > 0 || agent.substr(0, 8) == "Mozilla/";
}

/// "http://HOST/PATH", as proxies send it: the host is taken from there, as RFC 9112 has it.
void take_absolute(Request& request) {
  constexpr std::string_view scheme = "http://";
  if (!request.target.starts_with(scheme)) return;
  const std::size_t end = request.target.find_first_of("/?", scheme.size());
  request.host = request.target.substr(
      scheme.size(), end == std::string::npos ? std::string::npos : end - scheme.size());
  request.target = end == std::string::npos ? "/" : request.target.substr(end);
  if (request.target.front() == '?') request.target.insert(0, "/");
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::del:
      return "DELETE";
    case Method::other:
      break;
  }
  return "OTHER";
}

struct RequestReader::Parser : beast::http::request_parser<beast::http::string_body> {
  explicit Parser(const ReaderLimits& limits) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.header));
    body_limit(limits.body);
  }
};

RequestReader::RequestReader(const ReaderLimits& limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

RequestReader::State RequestReader::read(std::string_view& bytes) {
  if (!parser_) {
    while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // RFC 9112, 2.2: be lenient
    if (bytes.empty() || bytes == "\r") return State::more;
    parser_ = std::make_unique<Parser>(limits_);
    continued_ = false;
  }
  return parsed(bytes);
}

RequestReader::State RequestReader::parsed(std::string_view& bytes) {
  while (!parser_->is_done()) {
    beast::error_code error;
    const std::size_t used =
        parser_->put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error == beast::http::error::need_more || (!error && used == 0)) return State::more;
    if (error == beast::http::error::header_limit) {
      return fail(
          431, "header_too_large",
          "the request's header is longer than " + std::to_string(limits_.header) + " bytes");
    }
    if (error == beast::http::error::body_limit) {
      return fail(413, "body_too_large",
                  "the request's body is longer than " + std::to_string(limits_.body) + " bytes");
    }
    if (error) return fail(400, "malformed", "this is no HTTP request: " + error.message());
    if (bytes.empty() && !parser_->is_done()) return State::more;
  }
  const auto& message = parser_->get();
  if (message.target().size() > limits_.target) {
    return fail(414, "target_too_long",
                "the request's target has " + std::to_string(message.target().size()) +
                    " bytes, at most " + std::to_string(limits_.target) + " may be");
  }
  const std::size_t hosts = message.count(Field::host);
  if (hosts > 1 || (hosts == 0 && message.version() == 11)) {
    return fail(400, "malformed",
                "a request has one Host, not " + std::to_string(hosts) + " of them");
  }
  return State::request;
}

Request RequestReader::take() {
  auto message = parser_->release();
  parser_.reset();
  Request out;
  out.method = method_of(message.method());
  out.keep_alive = message.keep_alive();
  out.is_1_0 = message.version() == 10;
  out.from_browser = is_from_browser(message);
  out.has_body = message.count(Field::content_length) > 0 || message.chunked();
  out.target = {message.target().data(), message.target().size()};
  out.host = text(message, Field::host);
  out.origin = text(message, Field::origin);
  const auto site = message["Sec-Fetch-Site"];
  out.fetch_site = {site.data(), site.size()};
  out.content_type = text(message, Field::content_type);
  out.authorization = text(message, Field::authorization);
  out.if_none_match = text(message, Field::if_none_match);
  out.accept = text(message, Field::accept);
  const auto last = message["Last-Event-ID"];
  out.last_event_id = {last.data(), last.size()};
  out.body = std::move(message.body());
  take_absolute(out);
  return out;
}

bool RequestReader::in_body() const {
  return parser_ && parser_->is_header_done() && !parser_->is_done();
}

bool RequestReader::wants_continue() {
  if (continued_ || !in_body() || parser_->get().version() == 10) return false;
  const auto expect = parser_->get()[Field::expect];
  if (!beast::iequals(expect, "100-continue")) return false;
  return continued_ = true;
}

RequestReader::State RequestReader::fail(int status, std::string_view code, std::string message) {
  failure_ = {status, code, std::move(message)};
  parser_.reset();
  return State::failed;
}

}  // namespace muster::broker::http
