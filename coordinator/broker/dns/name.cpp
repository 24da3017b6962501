#include "name.hpp"

#include <algorithm>
#include <cstring>

namespace muster::broker::dns {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes what stands behind a backslash off the front.
std::optional<char> take_escape(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  if (!is_digit(rest[0])) {
    const char c = rest[0];
    rest.remove_prefix(1);
    return c;
  }
  if (rest.size() < 3 || !is_digit(rest[1]) || !is_digit(rest[2])) return std::nullopt;
  const int byte = (rest[0] - '0') * 100 + (rest[1] - '0') * 10 + (rest[2] - '0');
  if (byte > 255) return std::nullopt;
  rest.remove_prefix(3);
  return static_cast<char>(byte);
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view special = R"(."\();@$)";
  if (c > ' ' && c < 0x7f) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += {'\\', static_cast<char>('0' + byte / 100), static_cast<char>('0' + byte / 10 % 10),
          static_cast<char>('0' + byte % 10)};
}

}  // namespace

std::optional<Name> Name::parse(std::string_view text) {
  Name name;
  if (text == ".") return name;
  std::string label;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '.') {
      if (!name.append(label)) return std::nullopt;
      label.clear();
      continue;
    }
    const auto byte = c == '\\' ? take_escape(text) : c;
    if (!byte) return std::nullopt;
    label += *byte;
  }
  if (!label.empty() && !name.append(label)) return std::nullopt;
  return name;
}

Name Name::of_wire(std::span<const std::uint8_t> wire) {
  Name name;
  name.size_ = std::min(wire.size(), max_size);
  std::memcpy(name.bytes_.data(), wire.data(), name.size_);
  return name;
}

bool Name::append(std::string_view label) {
  if (label.empty() || label.size() > max_label || size_ + label.size() + 1 > max_size)
    return false;
  bytes_[size_ - 1] = static_cast<std::uint8_t>(label.size());
  std::memcpy(&bytes_[size_], label.data(), label.size());
  size_ += label.size() + 1;
  bytes_[size_ - 1] = 0;
  return true;
}

bool Name::append(const Name& tail) {
  if (size_ - 1 + tail.size_ > max_size) return false;
  std::memcpy(&bytes_[size_ - 1], tail.bytes_.data(), tail.size_);
  size_ += tail.size_ - 1;
  return true;
}

std::vector<std::string_view> Name::labels() const {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; bytes_[at] != 0; at += bytes_[at] + 1U)
    out.push_back(bytes().substr(at + 1, bytes_[at]));
  return out;
}

Name Name::in_lower_case() const {
  // Lengths are below 'A', so the whole name may be treated as letters.
  Name name;
  name.size_ = size_;
  std::transform(
      bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_), name.bytes_.begin(),
      [](std::uint8_t byte) { return static_cast<std::uint8_t>(lower(static_cast<char>(byte))); });
  return name;
}

std::string Name::text() const {
  std::string out;
  for (const std::string_view label : labels()) {
    for (const char c : label) append_escaped(out, c);
    out += '.';
  }
  return out.empty() ? "." : out;
}

std::string in_lower_case(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool same_letters(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace muster::broker::dns
