#include "space_watch.hpp"

#include "log.hpp"

#include <chrono>

namespace muster::broker {

using namespace std::chrono_literals;

SpaceWatch::SpaceWatch(const store::Store& store, const StoreThread& thread, std::uint64_t min_free)
    : store_(store), store_thread_(thread), min_free_(min_free), free_(store.free_bytes()) {}

SpaceWatch::~SpaceWatch() {
  finish();
}

void SpaceWatch::start() {
  thread_ = std::thread([this] { run(); });
}

void SpaceWatch::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  ended_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void SpaceWatch::look() {
  look_at_space();
  look_at_sync();
}

void SpaceWatch::run() {
  std::unique_lock lock(mutex_);
  while (!finishing_) {
    lock.unlock();
    look();
    lock.lock();
    ended_.wait_for(lock, 1s, [this] { return finishing_; });
  }
}

void SpaceWatch::look_at_space() {
  const std::uint64_t free = store_.free_bytes();
  free_ = free;
  const bool now_low = free < min_free_;
  if (now_low && !was_low_) {
    log::warning("free space is below the reserve: requests that add state are refused",
                 {{"free_bytes", free}, {"min_free_bytes", min_free_}});
  } else if (!now_low && was_low_) {
    log::info("free space is above the reserve again", {{"free_bytes", free}});
  }
  was_low_ = now_low;
}

void SpaceWatch::look_at_sync() {
  const auto running = store_thread_.running_for();
  const bool slow = running > 1s;
  if (slow && !was_slow_) {
    log::warning(
        "a sync of the store takes long: answers that depend on it wait",
        {{"running_ms", running.count()}, {"unsynced_bytes", store_thread_.unsynced_bytes()}});
  } else if (!slow && was_slow_) {
    log::info("the store syncs again");
  }
  was_slow_ = slow;
}

}  // namespace muster::broker
