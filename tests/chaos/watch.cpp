#include "watch.hpp"

#include <unistd.h>
#include <chrono>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_looks{5};
constexpr Stamp gap_noticed = 50'000;  // as the broker's own credit for its gaps
constexpr Stamp told_again = 100'000;  // a killed worker's account misses no more than this

}  // namespace

Watch::Watch(Journal& journal) : journal_(journal), thread_([this] { run(); }) {}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  thread_.join();
  for (auto& [key, watched] : watched_) journal_.hold(watched.hold);
}

void Watch::add(const Ownership& mine) {
  const std::lock_guard lock(mutex_);
  const Stamp before = boot_stamp();
  if (!mine.valid()) return;
  const Hold hold{mine.partition(), mine.token(), ::getpid(), boot_stamp(), before};
  watched_.insert_or_assign({mine.partition(), mine.token()}, Watched{mine, hold, 0});
}

void Watch::run() {
  std::unique_lock lock(mutex_);
  Stamp last = boot_stamp();
  while (!stop_) {
    stopping_.wait_for(lock, between_looks);
    const Stamp now = boot_stamp();
    if (now - last > gap_noticed) journal_.gap({last, now});
    last = now;
    for (auto it = watched_.begin(); it != watched_.end();)
      it = look_at(it->second) ? std::next(it) : watched_.erase(it);
  }
}

/// False: it is over, and told.
bool Watch::look_at(Watched& watched) {
  const Stamp before = boot_stamp();
  const bool valid = watched.mine.valid();
  if (valid) watched.hold.to = before;
  if (!valid || before - watched.told > told_again) {
    journal_.hold(watched.hold);
    watched.told = before;
  }
  return valid;
}

}  // namespace muster::chaos
