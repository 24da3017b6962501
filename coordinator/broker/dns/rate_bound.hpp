/// How many questions a second one address may ask over UDP, where a sender may be forged and the
/// answer, larger than the question, goes to somebody else.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

struct sockaddr;

namespace muster::broker::dns {

/// A bucket for each IPv4 address or IPv6 /64, in a table of fixed size; those that fall together
/// share one. Loopback is not bounded: whoever is there needs no forging.
///
/// Threads: one.
class RateBound {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `per_second` 0: no bound. A burst may be as large as a second's questions.
  RateBound(std::uint32_t per_second, std::uint64_t seed);

  [[nodiscard]] bool allows(const sockaddr& from, Time now);

 private:
  struct Bucket {
    double left = 0;
    Time filled;
  };
  static constexpr std::size_t buckets = 4'096;

  const std::uint32_t per_second_;
  const std::uint64_t seed_;
  std::vector<Bucket> table_;
};

/// Whether the address is of this machine.
[[nodiscard]] bool is_loopback(const sockaddr& from);

}  // namespace muster::broker::dns
