#include "target.hpp"

namespace muster::broker::http {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = digit(text[i + 1]);
      const int low = digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

Error wrong(std::string_view what) {
  return {Errc::malformed, "the request's target " + std::string{what}};
}

/// Calls f for each part between separators; stops when it gives false.
template <class F>
bool split(std::string_view text, char separator, F&& f) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!f(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool read_path(std::string_view text, Target& out) {
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.empty()) return true;
  return split(text, '/', [&](std::string_view part) {
    auto segment = decoded(part, false);
    if (segment) out.path.push_back(std::move(*segment));
    return segment.has_value();
  });
}

bool read_parameters(std::string_view text, Target& out) {
  return split(text, '&', [&](std::string_view part) {
    if (part.empty()) return true;
    const std::size_t equals = part.find('=');
    auto name = decoded(part.substr(0, equals), true);
    auto value =
        equals == std::string_view::npos ? std::string{} : decoded(part.substr(equals + 1), true);
    if (!name || !value) return false;
    out.parameters.emplace_back(std::move(*name), std::move(*value));
    return out.parameters.size() <= max_parameters;
  });
}

}  // namespace

std::variant<Target, Error> parse_target(std::string_view text) {
  Target out;
  if (!text.starts_with('/')) return wrong("does not begin with a slash");
  const std::size_t fragment = text.find('#');
  if (fragment != std::string_view::npos) return wrong("has a fragment (#)");
  const std::size_t query = text.find('?');
  if (!read_path(text.substr(1, query == std::string_view::npos ? query : query - 1), out))
    return wrong("has a % that no two hexadecimal digits follow, or a zero byte");
  if (query != std::string_view::npos && !read_parameters(text.substr(query + 1), out)) {
    if (out.parameters.size() > max_parameters)
      return wrong("has more than " + std::to_string(max_parameters) + " parameters");
    return wrong("has a parameter with a % that no two hexadecimal digits follow, or a zero byte");
  }
  return out;
}

}  // namespace muster::broker::http
