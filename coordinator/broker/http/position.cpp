#include "position.hpp"

#include <charconv>

namespace muster::broker::http {
namespace {

constexpr std::size_t store_digits = 8;

template <class Number>
bool take_number(std::string_view& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string print(const Position& position) {
  std::string out = position.store + "-";
  for (std::size_t shard = 0; shard < position.numbers.size(); ++shard) {
    if (position.numbers[shard] == 0) continue;
    if (out.back() != '-') out += ',';
    out.append(std::to_string(shard)).append(":").append(std::to_string(position.numbers[shard]));
  }
  return out;
}

std::optional<Position> parse_position(std::string_view text, std::uint32_t shards) {
  if (text.size() <= store_digits) return std::nullopt;
  Position out{std::string{text.substr(0, store_digits)}, std::vector<std::uint64_t>(shards)};
  if (out.store.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  text.remove_prefix(store_digits);
  if (!take(text, '-')) return std::nullopt;
  while (!text.empty()) {
    std::uint32_t shard = 0;
    std::uint64_t number = 0;
    if (!take_number(text, shard) || !take(text, ':') || !take_number(text, number))
      return std::nullopt;
    if (shard >= shards) return std::nullopt;
    out.numbers[shard] = number;
    if (!text.empty() && (!take(text, ',') || text.empty())) return std::nullopt;
  }
  return out;
}

}  // namespace muster::broker::http
