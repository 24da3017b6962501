/// How far somebody has read the events: one number a shard, as one word that a client keeps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::http {

struct Position {
  std::string store;                   ///< The first 8 digits of the store's uuid.
  std::vector<std::uint64_t> numbers;  ///< By shard: the last that was read.
  friend bool operator==(const Position&, const Position&) = default;
};

/// "00112233-0:17,3:5": shards of which nothing was read are left out.
[[nodiscard]] std::string print(const Position& position);
/// Nothing if it is malformed or names a shard that does not exist.
[[nodiscard]] std::optional<Position> parse_position(std::string_view text, std::uint32_t shards);

}  // namespace muster::broker::http
