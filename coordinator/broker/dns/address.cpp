#include "address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace muster::broker::dns {

std::string Address::hex() const {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : data()) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']')
    text = text.substr(1, text.size() - 2);
  std::array<char, INET6_ADDRSTRLEN> zero_ended{};
  if (text.empty() || text.size() >= zero_ended.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), zero_ended.begin());
  Address address;
  const bool six = text.find(':') != std::string_view::npos;
  if (::inet_pton(six ? AF_INET6 : AF_INET, zero_ended.data(), address.bytes.data()) != 1)
    return std::nullopt;
  address.size = six ? 16 : 4;
  return address;
}

std::optional<Address> parse_hex_address(std::string_view digits) {
  if (digits.size() != 8 && digits.size() != 32) return std::nullopt;
  Address address;
  for (; !digits.empty(); digits.remove_prefix(2)) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, byte, 16);
    if (error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    address.bytes[address.size++] = static_cast<char>(byte);
  }
  return address;
}

HostPort split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool bare_six = text.find(':') != colon && !text.starts_with('[');
  if (colon == std::string_view::npos || bare_six || text.ends_with(']')) return {text, 0};
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return {text, 0};
  return {text.substr(0, colon), port};
}

}  // namespace muster::broker::dns
