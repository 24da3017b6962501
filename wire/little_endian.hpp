/// Little-endian numbers in byte buffers. The caller checks the bounds.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace muster::wire {

/// Swaps the bytes where the machine is not little-endian; the same both ways.
template <std::unsigned_integral T>
constexpr T little_endian(T value) {
  if constexpr (std::endian::native == std::endian::little) return value;
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>(swapped << 8) | static_cast<T>((value >> (8 * i)) & 0xff);
  }
  return swapped;
}

template <std::unsigned_integral T>
T load(const std::byte* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return little_endian(value);
}

template <std::unsigned_integral T>
void store(std::byte* to, T value) noexcept {
  value = little_endian(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace muster::wire
