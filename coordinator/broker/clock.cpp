#include "clock.hpp"

#include <chrono>

namespace muster::broker {

Mono SystemClock::mono() const {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Millis>(since).count()};
}

Wall SystemClock::wall() const {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Millis>(since).count()};
}

}  // namespace muster::broker
