#include "duration.hpp"

#include <array>
#include <cmath>

namespace muster::broker::http {
namespace {

struct Unit {
  std::string_view name;
  double ms;
};
// "ms" before "m": the longer name wins.
constexpr std::array units{Unit{"ms", 1},  Unit{"us", 1e-3}, Unit{"ns", 1e-6},
                           Unit{"s", 1e3}, Unit{"m", 6e4},   Unit{"h", 3.6e6}};

/// Takes "12.5" from the front.
std::optional<double> take_number(std::string_view& text) {
  double number = 0;
  double scale = 0;  // of the next digit behind the point; 0: before it
  std::size_t digits = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && scale == 0) {
      scale = 0.1;
      continue;
    }
    if (c < '0' || c > '9') break;
    if (++digits > 18) return std::nullopt;
    if (scale == 0) {
      number = number * 10 + (c - '0');
    } else {
      number += (c - '0') * scale;
      scale /= 10;
    }
  }
  return digits == 0 ? std::nullopt : std::optional{number};
}

}  // namespace

std::optional<Millis> parse_duration(std::string_view text) {
  constexpr double longest = 365.0 * 24 * 3.6e6;
  double ms = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const Unit* found = nullptr;
    for (const Unit& unit : units)
      if (found == nullptr && text.starts_with(unit.name)) found = &unit;
    if (found == nullptr) return std::nullopt;
    text.remove_prefix(found->name.size());
    ms += *number * found->ms;
    if (ms > longest) return std::nullopt;
  }
  return Millis{std::llround(ms)};
}

}  // namespace muster::broker::http
