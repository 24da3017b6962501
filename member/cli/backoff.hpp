/// Waiting between attempts: exponential, with full jitter, so that many tools do not come back at
/// once.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

namespace muster::cli {

class Backoff {
 public:
  void reset() { bound_ = first; }
  void sleep() {
    std::uniform_int_distribution<std::chrono::milliseconds::rep> wait(1, bound_.count());
    std::this_thread::sleep_for(std::chrono::milliseconds(wait(random_)));
    bound_ = std::min(bound_ * 2, most);
  }

 private:
  static constexpr std::chrono::milliseconds first{100};
  static constexpr std::chrono::milliseconds most{2'000};
  std::chrono::milliseconds bound_ = first;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace muster::cli
