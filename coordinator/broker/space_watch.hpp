/// Looks once a second, off the loops, at what may run out or hang: free space and a running sync.
#pragma once

#include "store_thread.hpp"

#include "../store/store.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace muster::broker {

class SpaceWatch {
 public:
  SpaceWatch(const store::Store& store, const StoreThread& thread, std::uint64_t min_free);
  ~SpaceWatch();
  SpaceWatch(const SpaceWatch&) = delete;
  SpaceWatch& operator=(const SpaceWatch&) = delete;

  void start();
  void finish();

  /// Any thread.
  [[nodiscard]] bool low() const { return free_.load(std::memory_order_relaxed) < min_free_; }
  [[nodiscard]] std::uint64_t free_bytes() const { return free_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t min_free_bytes() const { return min_free_; }

  /// Looks now, on the caller's thread.
  void look();

 private:
  void run();
  void look_at_space();
  void look_at_sync();

  const store::Store& store_;
  const StoreThread& store_thread_;
  const std::uint64_t min_free_;
  std::atomic<std::uint64_t> free_;
  bool was_low_ = false;
  bool was_slow_ = false;

  std::mutex mutex_;
  std::condition_variable ended_;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace muster::broker
