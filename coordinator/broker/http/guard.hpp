/// Who may be answered: no web page that a browser shows, and nobody without the token.
///
/// A page cannot reach a door on loopback by its name, because the Host would be that of the page
/// (DNS rebinding); nor make a browser send what changes something, because that carries an Origin,
/// or needs a Content-Type that a browser asks about first, or is recognised as a browser's.
#pragma once

#include "request.hpp"
#include "response.hpp"
#include "tokens.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::http {

enum class Denial { host, origin, token, content_type };
inline constexpr std::array<std::string_view, 4> denial_names{"host", "origin", "token",
                                                              "content_type"};

struct Denied {
  Denial why;
  Response response;
};

/// IP addresses, localhost and the configured names, with any port. `host` is lower case or not.
[[nodiscard]] bool is_known_host(std::string_view host, const std::vector<std::string>& names);

struct Guard {
  std::vector<std::string> names;  ///< --http-host, lower case.
  const TokenFile* tokens = nullptr;

  /// `open`: everybody may ask this (livez, readyz); `changes`: it changes something.
  [[nodiscard]] std::optional<Denied> check(const Request& request, bool open, bool changes) const;
};

}  // namespace muster::broker::http
