#include "guard.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

/// "name:80", "[::1]:80" and "name" without the port; empty if it is none of these.
std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos) return {};
    const std::string_view rest = host.substr(end + 1);
    return rest.empty() || rest.starts_with(':') ? host.substr(1, end - 1) : std::string_view{};
  }
  return host.substr(0, host.find(':'));
}

/// For an error message: printable, not too long.
std::string named(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c > 0x20 && c < 0x7f && c != '"' ? c : '?';
  return out;
}

std::string_view media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

bool is_same_origin(const Request& request) {
  const std::string origin = lower(request.origin);
  const std::string host = lower(request.host);
  return origin == "http://" + host || origin == "https://" + host;
}

std::optional<Denied> check_content_type(const Request& request) {
  const std::string type = lower(media_type(request.content_type));
  if (type.empty() || type == "application/json") return std::nullopt;
  // What `curl -d` says of itself. A form of a web page says the same, but not without the marks of
  // a browser.
  if (type == "application/x-www-form-urlencoded" && !request.from_browser) return std::nullopt;
  return Denied{Denial::content_type,
                failure(415, "unsupported_media_type",
                        "the Content-Type is " + named(type) + ", it must be application/json")};
}

}  // namespace

bool is_known_host(std::string_view host, const std::vector<std::string>& names) {
  const std::string name = lower(without_port(host));
  if (name == "localhost") return true;
  boost::system::error_code error;
  (void)boost::asio::ip::make_address(name, error);
  if (!error) return true;
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::optional<Denied> Guard::check(const Request& request, bool open, bool changes) const {
  if (open) return std::nullopt;
  if (!(request.is_1_0 && request.host.empty()) && !is_known_host(request.host, names)) {
    return Denied{Denial::host,
                  failure(421, "unknown_host",
                          "this broker does not answer to the name " + named(request.host) +
                              ": use its address, or start it with --http-host " +
                              named(without_port(request.host)))};
  }
  if (!request.origin.empty() && !is_same_origin(request)) {
    return Denied{Denial::origin,
                  failure(403, "foreign_origin",
                          "a page of " + named(request.origin) + " may not use this door")};
  }
  if (request.fetch_site == "cross-site" || request.fetch_site == "same-site") {
    return Denied{Denial::origin,
                  failure(403, "foreign_origin", "a page of another origin may not use this door")};
  }
  if (tokens != nullptr && !tokens->admits(request.authorization)) {
    Response response = failure(401, "no_token",
                                request.authorization.empty()
                                    ? "this door wants a token: Authorization: Bearer TOKEN"
                                    : "the token is not one of the broker's --token-file");
    response.fields += "WWW-Authenticate: Bearer\r\n";
    return Denied{Denial::token, std::move(response)};
  }
  return changes ? check_content_type(request) : std::nullopt;
}

}  // namespace muster::broker::http
