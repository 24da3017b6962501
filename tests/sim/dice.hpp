/// Chance, from one seed: splitmix64, in independent streams, so that one stream that draws more
/// shifts no other.
#pragma once

#include <cstdint>
#include <string_view>

namespace muster::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed = 0) : state_(seed) {}
  /// A stream of its own.
  Dice(std::uint64_t seed, std::string_view stream, std::uint64_t number = 0) : state_(seed) {
    for (const char c : stream) state_ = next() ^ static_cast<unsigned char>(c);
    state_ = next() ^ number;
    next();
  }

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// 0 … n-1; 0 for n below 1.
  std::int64_t below(std::int64_t n) {
    return n <= 1 ? 0 : static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
  }
  /// Both ends included.
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + below(most - least + 1);
  }
  bool permille(std::int64_t p) { return below(1'000) < p; }
  bool half() { return (next() & 1) != 0; }
  /// Mostly small, now and then many times the mean, never more than 8 times.
  std::int64_t around(std::int64_t mean) {
    const int shape = static_cast<int>(below(16));
    return shape == 0 ? between(0, 8 * mean) : between(0, mean + mean / 2);
  }

 private:
  std::uint64_t state_;
};

}  // namespace muster::sim
