#include "check_text.hpp"

#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace muster::cli {
namespace {

/// Takes a port from the front of the text; false: there is something else there.
bool take_port(std::string_view& text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || port == 0) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_interval(std::string_view& text, Check& check) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return true;
  const auto interval = parse_duration(text.substr(at + 1));
  if (!interval) return false;
  text = text.substr(0, at);
  check.interval = *interval;
  check.timeout = std::min(check.timeout, check.interval);
  check.slow = std::min(check.slow, check.timeout);
  return true;
}

}  // namespace

std::optional<Check> parse_check(std::string_view text) {
  Check check;
  if (!take_interval(text, check)) return std::nullopt;
  if (text == "tcp") return check;
  if (text.starts_with("tcp:")) {
    text.remove_prefix(4);
    if (!take_port(text, check.port) || !text.empty()) return std::nullopt;
    return check;
  }
  if (!text.starts_with("http:")) return std::nullopt;
  text.remove_prefix(5);
  check.kind = Check::Kind::http;
  if (!text.starts_with('/') && !take_port(text, check.port)) return std::nullopt;
  if (!text.starts_with('/')) return std::nullopt;
  check.path = std::string{text};
  return check;
}

}  // namespace muster::cli
