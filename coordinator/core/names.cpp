#include "names.hpp"

namespace muster::core {
namespace {

constexpr std::size_t longest_name = 249;

/// Length of the UTF-8 sequence at the front of `text`, 0 if it is none. Overlong forms, surrogates
/// and numbers above U+10FFFF are none (RFC 3629).
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                             : (first & 0xf0) == 0xe0         ? 3
                             : first >= 0xf0 && first <= 0xf4 ? 4
                                                              : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80) return 0;
  const unsigned char second = at(1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return length;
}

bool is_control(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;  // C1 controls
}

bool clean_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0 || is_control(text.substr(0, length))) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

bool valid_id(std::string_view id) {
  return !id.empty() && id.size() <= longest_name && clean_utf8(id);
}

bool valid_topic_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name || name == "." || name == "..") return false;
  for (const char c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) return false;
  }
  return true;
}

bool valid_service_name(std::string_view name) {
  constexpr std::size_t longest_label = 63;
  if (name.empty() || name.size() > longest_label || name.front() == '-' || name.back() == '-')
    return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  return true;
}

bool valid_text(std::string_view text, std::size_t most) {
  return text.size() <= most && clean_utf8(text);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest_shown = 80;
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text.substr(0, longest_shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out += c;
    } else {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  out += text.size() > longest_shown ? "…\"" : "\"";
  return out;
}

std::string hex_id(std::uint64_t high, std::uint64_t low) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (int i = 15; i >= 0; --i, high >>= 4, low >>= 4) {
    out[static_cast<std::size_t>(i)] = digits[high & 15];
    out[static_cast<std::size_t>(i) + 16] = digits[low & 15];
  }
  return out;
}

}  // namespace muster::core
