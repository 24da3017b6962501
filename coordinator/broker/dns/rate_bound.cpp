#include "rate_bound.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace muster::broker::dns {
namespace {

/// The IPv4 address, or the first half of the IPv6 one; the family keeps them apart.
std::uint64_t network_of(const sockaddr& from) {
  if (from.sa_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in&>(from).sin_addr.s_addr;
  }
  const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
  std::uint64_t half = 0;
  // Mapped IPv4 addresses differ only in their last bytes.
  const std::size_t begin = IN6_IS_ADDR_V4MAPPED(&address) ? 8 : 0;
  std::memcpy(&half, &address.s6_addr[begin], sizeof half);
  return half + 1;
}

std::uint64_t mixed(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

RateBound::RateBound(std::uint32_t per_second, std::uint64_t seed)
    : per_second_(per_second), seed_(seed), table_(per_second == 0 ? 0 : buckets) {}

bool RateBound::allows(const sockaddr& from, Time now) {
  if (table_.empty() || is_loopback(from)) return true;
  Bucket& bucket = table_[mixed(network_of(from) ^ seed_) % buckets];
  const std::chrono::duration<double> since = now - bucket.filled;
  // Who comes to a bucket that nobody used for a second finds it full.
  bucket.left = std::min<double>(bucket.left + since.count() * per_second_, per_second_);
  bucket.filled = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

bool is_loopback(const sockaddr& from) {
  if (from.sa_family == AF_INET) {
    return ntohl(reinterpret_cast<const sockaddr_in&>(from).sin_addr.s_addr) >> 24 == 127;
  }
  const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(from).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) ||
         (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

}  // namespace muster::broker::dns
