/// Which addresses the broker may probe: a registry must not be a port scanner for strangers.
#pragma once

#include <muster/errc.hpp>
#include <muster/messages.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::probe {

/// Networks in CIDR notation. Threads: as any const object.
class AllowList {
 public:
  /// "10.0.0.0/8", "fd00::/8", or one address. Nothing: the text is none of these.
  [[nodiscard]] bool add(std::string_view network);
  [[nodiscard]] bool contains(const boost::asio::ip::address& address) const;

 private:
  struct Network {
    boost::asio::ip::address_v6 address;  // IPv4 as ::ffff:a.b.c.d
    std::uint32_t bits = 128;
  };
  std::vector<Network> networks_;
};

/// The address if it is one, IPv4 in IPv6 as IPv4.
[[nodiscard]] std::optional<boost::asio::ip::address> parse_address(const std::string& text);

/// Refuses a registration whose checks would have the broker call somebody else than who registers
/// (`from`, an IP address) and the list allows.
[[nodiscard]] std::optional<Refusal> refuse_checks(const Request& request, const std::string& from,
                                                   const AllowList& allowed);

}  // namespace muster::broker::probe
