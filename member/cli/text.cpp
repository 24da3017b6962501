#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>

namespace muster::cli {
namespace {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 1;  ///< In bytes.
  bool valid = false;
};

/// The code point that starts at `at`; not valid (length 1) where the bytes are no shortest-form
/// UTF-8.
CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return {first, 1, true};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > text.size()) return {};
  char32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80) return {};
    value = value << 6 | (byte(at + i) & 0x3FU);
  }
  const bool shortest =
      length == 2 || (length == 3 && value >= 0x800) || (length == 4 && value >= 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (!shortest || surrogate || value > 0x10FFFF) return {};
  return {value, length, true};
}

/// Code points that move the cursor, hide text or turn its direction (Unicode's "Trojan source"
/// set).
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

void append_hex(std::string& out, const char* format, unsigned value) {
  std::array<char, 16> buffer{};
  out.append(buffer.data(),
             static_cast<std::size_t>(std::snprintf(buffer.data(), buffer.size(), format, value)));
}

void append_shown(std::string& out, std::string_view text, std::size_t at, const CodePoint& c) {
  if (!c.valid) return append_hex(out, "\\x%02x", static_cast<unsigned char>(text[at]));
  if (c.value == U'\\')
    out += "\\\\";
  else if (c.value == U'\n')
    out += "\\n";
  else if (c.value == U'\t')
    out += "\\t";
  else if (c.value == U'\r')
    out += "\\r";
  else if (c.value < 0x80 && is_unsafe(c.value))
    append_hex(out, "\\x%02x", c.value);
  else if (is_unsafe(c.value))
    append_hex(out, "\\u{%x}", c.value);
  else
    out += text.substr(at, c.length);
}

std::tm local_time(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return parts;
}

std::string formatted(const std::tm& parts, const char* format) {
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), format, &parts)};
}

std::string two_units(std::int64_t value, std::int64_t per, const char* large, const char* small) {
  std::string text = std::to_string(value / per) + large;
  if (value % per != 0) text += " " + std::to_string(value % per) + small;
  return text;
}

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    append_shown(out, text, at, c);
    at += c.length;
  }
  return out;
}

std::string shown_or_dash(std::string_view text) {
  return text.empty() ? "-" : shown(text);
}

std::string shown_lines(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    if (c.valid && (c.value == U'\n' || c.value == U'\t' || c.value == U'\\'))
      out += text[at];
    else
      append_shown(out, text, at, c);
    at += c.length;
  }
  return out;
}

std::string shown_json(std::string_view json) {
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    const CodePoint c = code_point(json, at);
    if (!is_unsafe(c.value) || !c.valid) {
      out += json.substr(at, c.length);
    } else if (c.value < 0x10000) {
      append_hex(out, "\\u%04x", c.value);
    } else {
      append_hex(out, "\\u%04x", 0xD7C0 + (c.value >> 10));
      append_hex(out, "\\u%04x", 0xDC00 + (c.value & 0x3FFU));
    }
    at += c.length;
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    if (!c.valid) return false;
    at += c.length;
  }
  return true;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point(text, at);
    out += c.valid ? text.substr(at, c.length) : std::string_view{"\xEF\xBF\xBD"};
    at += c.length;
  }
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80;
  }));
}

std::string ranges(std::span<const PartitionIndex> partitions) {
  if (partitions.empty()) return "-";
  std::string out;
  for (std::size_t i = 0; i < partitions.size();) {
    std::size_t last = i;
    while (last + 1 < partitions.size() && partitions[last + 1] == partitions[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(partitions[i]);
    if (last > i) out += "-" + std::to_string(partitions[last]);
    i = last + 1;
  }
  return out;
}

std::optional<std::vector<PartitionIndex>> parse_ranges(std::string_view text, std::size_t most) {
  std::vector<PartitionIndex> out;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    const std::size_t dash = part.find('-');
    PartitionIndex first = 0;
    PartitionIndex last = 0;
    if (!parse_number(part.substr(0, dash), first) || first < 0) return std::nullopt;
    last = first;
    if (dash != std::string_view::npos && !parse_number(part.substr(dash + 1), last))
      return std::nullopt;
    if (last < first || static_cast<std::size_t>(last - first) >= most - out.size())
      return std::nullopt;
    for (PartitionIndex p = first; p < last; ++p) out.push_back(p);
    out.push_back(last);
    if (part.size() == text.size()) break;
    text.remove_prefix(part.size() + 1);
    if (out.size() >= most) return std::nullopt;
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string hex(const TopicId& id) {
  std::string out;
  for (const std::uint8_t byte : id.bytes) append_hex(out, "%02x", byte);
  return out;
}

std::string clock_time(Wall at, Wall now) {
  if (at.ms == 0) return "-";
  const std::tm then = local_time(at.ms);
  const std::tm today = local_time(now.ms);
  const bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  return formatted(then, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
}

std::string utc_time(Wall at) {
  std::int64_t ms = at.ms % 1000;
  if (ms < 0) ms += 1000;
  const auto seconds = static_cast<std::time_t>((at.ms - ms) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms));
  return formatted(parts, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

Wall wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Wall{std::chrono::duration_cast<Millis>(since).count()};
}

std::string duration(Millis d) {
  const std::int64_t ms = d.count();
  if (ms < 1'000) return std::to_string(ms) + " ms";
  if (ms < 60'000) {
    const std::string tenths = ms % 1'000 >= 100 ? "." + std::to_string(ms % 1'000 / 100) : "";
    return std::to_string(ms / 1'000) + tenths + " s";
  }
  if (ms < 3'600'000) return two_units(ms / 1'000, 60, " min", " s");
  return two_units(ms / 60'000, 60, " h", " min");
}

std::optional<Millis> parse_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1'000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                                            : 0;
  std::int64_t number = 0;
  if (factor == 0 || !parse_number(text.substr(0, digits), number)) return std::nullopt;
  // A year is more than any setting allows, and keeps all later sums far from overflow.
  constexpr std::int64_t most = std::int64_t{366} * 24 * 3'600'000;
  if (number > most / factor) return std::nullopt;
  return Millis{number * factor};
}

std::string count_of(std::uint64_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace muster::cli
