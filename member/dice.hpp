/// Pseudo-random numbers from a seed that is passed in: the same seed, the same numbers
/// (splitmix64).
#pragma once

#include <muster/types.hpp>

#include <cstdint>

namespace muster::member {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// Uniform in 0 … most, both included.
  Millis up_to(Millis most) {
    if (most <= Millis{0}) return Millis{0};
    return Millis{
        static_cast<std::int64_t>(next() % (static_cast<std::uint64_t>(most.count()) + 1))};
  }

 private:
  std::uint64_t state_;
};

/// Full jitter: anything from 0 to a window that doubles from 100 ms with each attempt, up to the
/// interval of heartbeats and 2 s. So a fleet that lost its broker does not come back in one wave.
[[nodiscard]] inline Millis backoff(std::uint32_t attempt, Millis interval, Dice& dice) {
  constexpr Millis first{100}, most{2'000};
  Millis window = first * (1U << (attempt < 5 ? attempt : 5U));
  if (window > most) window = most;
  if (interval > Millis{0} && window > interval) window = interval;
  return dice.up_to(window);
}

}  // namespace muster::member
