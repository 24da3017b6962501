/// IP addresses as DNS carries them.
#pragma once

#include "query.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::broker::dns {

struct Address {
  std::array<char, 16> bytes{};
  std::uint8_t size = 0;  ///< 4 or 16.

  [[nodiscard]] std::string_view data() const { return {bytes.data(), size}; }
  /// Of the record that carries it.
  [[nodiscard]] Type type() const { return size == 4 ? Type::a : Type::aaaa; }
  [[nodiscard]] std::string hex() const;
  friend auto operator<=>(const Address&, const Address&) = default;
};

/// "10.0.0.1" or "fd00::1", also in brackets; nothing for all else.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
/// 8 hex digits for an IPv4 address, 32 for IPv6.
[[nodiscard]] std::optional<Address> parse_hex_address(std::string_view digits);

/// "host:port", "1.2.3.4:port" or "[fd00::1]:port" in its two parts; without a port, 0.
struct HostPort {
  std::string_view host;
  std::uint16_t port = 0;
};
[[nodiscard]] HostPort split_host_port(std::string_view text);

}  // namespace muster::broker::dns
