#include "tally.hpp"

#include <cinttypes>
#include <cstdio>

namespace kafka_example {

void Tally::add(std::string_view line) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  ++lines;
  bytes += line.size();
  sum += hash;
}

std::string to_text(const Tally& tally) {
  return "lines=" + std::to_string(tally.lines) + " bytes=" + std::to_string(tally.bytes) +
         " sum=" + std::to_string(tally.sum);
}

std::optional<Tally> tally_from(const std::string& text) {
  Tally tally;
  const int read = std::sscanf(text.c_str(), "lines=%" SCNu64 " bytes=%" SCNu64 " sum=%" SCNu64,
                               &tally.lines, &tally.bytes, &tally.sum);
  return read == 3 ? std::optional(tally) : std::nullopt;
}

}  // namespace kafka_example
