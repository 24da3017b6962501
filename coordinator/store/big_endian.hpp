/// Big-endian numbers in strings of bytes: their byte order is their numeric order.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::store {

template <std::unsigned_integral T>
void put_big_endian(std::string& out, T value) {
  for (std::size_t shift = sizeof(T) * 8; shift != 0;) {
    shift -= 8;
    out.push_back(static_cast<char>(static_cast<unsigned char>(value >> shift)));
  }
}

/// Takes a number off the front of `in`; nothing, and `in` unchanged, if it is too short.
template <std::unsigned_integral T>
std::optional<T> take_big_endian(std::string_view& in) {
  if (in.size() < sizeof(T)) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = (value << 8) | static_cast<unsigned char>(in[i]);
  in.remove_prefix(sizeof(T));
  return static_cast<T>(value);
}

}  // namespace muster::store
