#include "allow_list.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <charconv>

namespace muster::broker::probe {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6 widen(const ip::address& address) {
  return address.is_v6() ? address.to_v6() : ip::make_address_v6(ip::v4_mapped, address.to_v4());
}

bool same_prefix(const ip::address_v6& a, const ip::address_v6& b, std::uint32_t bits) {
  const auto left = a.to_bytes();
  const auto right = b.to_bytes();
  const std::size_t whole = bits / 8;
  if (!std::equal(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(whole), right.begin()))
    return false;
  const std::uint32_t rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<std::uint8_t>(0xffU << (8 - rest));
  return (left[whole] & mask) == (right[whole] & mask);
}

}  // namespace

bool AllowList::add(std::string_view network) {
  const std::size_t slash = network.find('/');
  const auto address = parse_address(std::string{network.substr(0, slash)});
  if (!address) return false;
  const std::uint32_t most = address->is_v4() ? 32 : 128;
  std::uint32_t bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view digits = network.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc{} || end != digits.data() + digits.size() || bits > most) return false;
  }
  networks_.push_back({widen(*address), bits + (128 - most)});
  return true;
}

bool AllowList::contains(const ip::address& address) const {
  const ip::address_v6 wide = widen(address);
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return same_prefix(network.address, wide, network.bits);
  });
}

std::optional<ip::address> parse_address(const std::string& text) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(text, error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::optional<Refusal> refuse_checks(const Request& request, const std::string& from,
                                     const AllowList& allowed) {
  const auto* const registered = std::get_if<Register>(&request);
  if (registered == nullptr || registered->info.checks.empty()) return std::nullopt;
  const std::string& text = registered->info.address;
  const auto address = parse_address(text);
  if (!address)
    return Refusal{Errc::invalid_request, "checks need an IP address, and \"" + text.substr(0, 80) +
                                              "\" is none: the broker looks up no names"};
  if (address == parse_address(from) || allowed.contains(*address)) return std::nullopt;
  return Refusal{Errc::not_allowed, "checks of " + text + " are not allowed to " +
                                        (from.empty() ? "whoever has no address" : from) +
                                        ": let it register itself, or start musterd with "
                                        "--probe-allow " +
                                        text};
}

}  // namespace muster::broker::probe
