/// What the workers count, small enough to lie beside a committed offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kafka_example {

struct Tally {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::uint64_t sum = 0;  ///< Of 32-bit hashes: the same in whatever order the lines come.

  void add(std::string_view line);
};

/// "lines=3 bytes=17 sum=99", and back.
[[nodiscard]] std::string to_text(const Tally& tally);
[[nodiscard]] std::optional<Tally> tally_from(const std::string& text);

}  // namespace kafka_example
