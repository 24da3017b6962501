#include "segment_list.hpp"

#include <charconv>
#include <cstdio>

namespace backup {
namespace {

/// Reads one hexadecimal number that ends at `stop` (or the end of the text), and steps over both.
std::optional<std::uint64_t> take_number(std::string_view& text, char stop) {
  const std::string_view digits = text.substr(0, text.find(stop));
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  text.remove_prefix(digits.size() < text.size() ? digits.size() + 1 : text.size());
  return value;
}

}  // namespace

std::string encode(const SegmentList& segments) {
  std::string text;
  char one[40];
  for (const auto& segment : segments) {
    std::snprintf(one, sizeof one, "%s%llx:%llx", text.empty() ? "" : ",",
                  static_cast<unsigned long long>(segment.token),
                  static_cast<unsigned long long>(segment.length));
    text += one;
  }
  return text;
}

std::optional<SegmentList> decode(std::string_view text) {
  SegmentList segments;
  if (text.ends_with(',')) return std::nullopt;
  while (!text.empty()) {
    const auto token = take_number(text, ':');
    if (!token || text.empty()) return std::nullopt;
    const auto length = take_number(text, ',');
    if (!length) return std::nullopt;
    segments.push_back({*token, *length});
  }
  return segments;
}

std::string segment_name(int partition, std::uint64_t token) {
  char name[64];
  std::snprintf(name, sizeof name, "p%02d-%016llx.tar.zst", partition,
                static_cast<unsigned long long>(token));
  return name;
}

}  // namespace backup
