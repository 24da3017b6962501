/// The clocks of the broker, in one place so that a test can hand in its own.
#pragma once

#include <muster/types.hpp>

#include <atomic>
#include <cstdint>

namespace muster::broker {

/// Threads: `mono` and `wall` from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Mono mono() const = 0;
  [[nodiscard]] virtual Wall wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Mono mono() const override;
  [[nodiscard]] Wall wall() const override;
};

/// Stands still until it is told.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Mono mono() const override { return {mono_.load()}; }
  [[nodiscard]] Wall wall() const override { return {wall_.load()}; }
  void advance(Millis by) {
    mono_ += by.count();
    wall_ += by.count();
  }
  void jump_wall(Wall to) { wall_ = to.ms; }

 private:
  std::atomic<std::int64_t> mono_{1};
  std::atomic<std::int64_t> wall_{1'700'000'000'000};
};

}  // namespace muster::broker
