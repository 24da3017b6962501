#include "json_writer.hpp"

namespace muster::wire {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Length of the well-formed UTF-8 sequence at the front, 0 if it is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_high = first == 0xF4 && byte(1) >= 0x90;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

/// What stands as it is.
std::size_t plain_length(std::string_view value) {
  std::size_t n = 0;
  while (n < value.size()) {
    const auto c = static_cast<unsigned char>(value[n]);
    if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\') break;
    ++n;
  }
  return n;
}

/// The letter of a short escape, or 0.
char short_escape(unsigned char c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

}  // namespace

void JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  while (!value.empty()) {
    const std::size_t plain = plain_length(value);
    out_ += value.substr(0, plain);
    value.remove_prefix(plain);
    if (!value.empty()) escape(value);
  }
  out_ += '"';
}

void JsonWriter::id(const TopicId& value) {
  separate();
  out_ += '"';
  for (const std::uint8_t byte : value.bytes) {
    out_ += hex_digits[byte >> 4];
    out_ += hex_digits[byte & 15];
  }
  out_ += '"';
}

void JsonWriter::escape(std::string_view& value) {
  const auto c = static_cast<unsigned char>(value[0]);
  if (c >= 0x80) {
    const std::size_t length = sequence_length(value);
    out_ += length == 0 ? replacement : value.substr(0, length);
    value.remove_prefix(length == 0 ? 1 : length);
    return;
  }
  if (const char letter = short_escape(c); letter != 0) {
    out_ += '\\';
    out_ += letter;
  } else {
    out_ += "\\u00";
    out_ += hex_digits[c >> 4];
    out_ += hex_digits[c & 15];
  }
  value.remove_prefix(1);
}

}  // namespace muster::wire
