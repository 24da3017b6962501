#include "hub.hpp"

#include <algorithm>

namespace muster::broker::http {

using std::chrono::steady_clock;

Waiter::~Waiter() {
  leave();
}

void Waiter::leave() {
  if (hub_ != nullptr) hub_->remove(*this);
}

Hub::Hub(Host& host, std::uint32_t loop)
    : host_(host),
      loop_(loop),
      shards_(host.shards()),
      pause_timer_(host.loop(loop)),
      deadline_timer_(host.loop(loop)),
      armed_(SteadyTime::max()) {}

void Hub::wait(Waiter& waiter, const Subject& subject, std::uint64_t index,
               std::optional<SteadyTime> until) {
  const auto [place, fresh] = places_.try_emplace(subject);
  place->second.push_back(&waiter);
  waiter.hub_ = this;
  waiter.index_ = index;
  waiter.place_ = place;
  waiter.at_ = std::prev(place->second.end());
  waiter.ready_ = false;
  waiting_.set(waiting_.value() + 1);
  if (until) {
    waiter.deadline_ = deadlines_.emplace(*until, &waiter);
    arm_deadline();
  }
  if (fresh) {
    for (const ShardIndex shard : shards_of(subject, host_)) {
      shards_[shard].subjects.insert(subject);
      watch(shard);
    }
  }
  // It may have changed since the caller has seen it, without another change to tell of it.
  if (index_of(subject, host_) != index) make_ready(waiter);
}

void Hub::remove(Waiter& waiter) {
  if (waiter.deadline_) deadlines_.erase(*waiter.deadline_);
  waiter.deadline_.reset();
  if (waiter.ready_) {
    ready_.erase(waiter.at_);
  } else {
    waiter.place_->second.erase(waiter.at_);
    if (waiter.place_->second.empty()) forget(waiter.place_);
  }
  waiter.hub_ = nullptr;
  waiting_.set(waiting_.value() - 1);
}

void Hub::forget(Places::iterator place) {
  for (const ShardIndex shard : shards_of(place->first, host_)) {
    Shard& one = shards_[shard];
    one.subjects.erase(place->first);
    if (one.subjects.empty() && one.watch != 0) host_.unwatch(shard, std::exchange(one.watch, 0));
  }
  places_.erase(place);
}

// Changes
// ---------------------------------------------------------------------------------------------

void Hub::watch(ShardIndex shard) {
  Shard& one = shards_[shard];
  if (one.watch != 0 || one.due) return;
  one.seen = host_.view(shard)->revision;
  one.watch = host_.changed(loop_, shard, one.seen, [this, shard] { fired(shard); });
}

void Hub::fired(ShardIndex shard) {
  Shard& one = shards_[shard];
  one.watch = 0;
  if (one.subjects.empty()) return;
  if (steady_clock::now() - one.looked >= pause) return look(shard);
  one.due = true;
  arm_pause();
}

void Hub::look(ShardIndex shard) {
  Shard& one = shards_[shard];
  one.due = false;
  one.looked = steady_clock::now();
  if (one.subjects.empty()) return;
  watch(shard);  // before the look, so that nothing falls between the two
  for (auto it = one.subjects.begin(); it != one.subjects.end();) {
    const auto next = std::next(it);  // a subject without waiters goes
    look_at(Subject(*it));
    it = next;
  }
}

void Hub::look_at(const Subject& subject) {
  const auto place = places_.find(subject);
  if (place == places_.end()) return;
  const std::uint64_t index = index_of(subject, host_);
  auto& list = place->second;
  for (auto it = list.begin(); it != list.end();) {
    Waiter& waiter = **it++;
    if (waiter.index_ == index) continue;
    const bool last = list.size() == 1;
    make_ready(waiter);
    if (last) return;  // the list has gone with it
  }
}

void Hub::make_ready(Waiter& waiter) {
  auto& list = waiter.place_->second;
  waiter.ready_ = true;
  ready_.splice(ready_.end(), list, waiter.at_);
  if (list.empty()) forget(waiter.place_);
  wake_later();
}

void Hub::wake_later() {
  if (waking_) return;
  waking_ = true;
  host_.defer(loop_, [this] { wake_some(); });
}

void Hub::wake_some() {
  waking_ = false;
  wake_rounds_.add();
  int n = 0;
  for (; n < batch && !ready_.empty(); ++n) {
    Waiter& waiter = *ready_.front();
    remove(waiter);
    wakes_.add();
    waiter.woken(true);
  }
  for (; n < batch && ready_.empty() && !behind_.empty(); ++n) {
    const auto next = std::move(behind_.front());
    behind_.pop_front();
    behind_count_.set(behind_.size());
    next();
  }
  if (!ready_.empty() || !behind_.empty()) wake_later();
}

void Hub::after_wakes(std::function<void()> next) {
  behind_.push_back(std::move(next));
  behind_count_.set(behind_.size());
  wake_later();
}

void Hub::arm_pause() {
  if (pausing_) return;
  pausing_ = true;
  pause_timer_.expires_after(pause);
  pause_timer_.async_wait([this](const boost::system::error_code& ended) {
    if (ended) return;
    pausing_ = false;
    for (ShardIndex shard = 0; shard < shards_.size(); ++shard)
      if (shards_[shard].due) look(shard);
  });
}

// Deadlines
// -------------------------------------------------------------------------------------------

void Hub::arm_deadline() {
  const SteadyTime first = deadlines_.begin()->first;
  if (first >= armed_) return;
  armed_ = first;
  deadline_timer_.expires_at(first);
  deadline_timer_.async_wait([this](const boost::system::error_code& ended) {
    if (!ended) end_waits();
  });
}

void Hub::end_waits() {
  armed_ = SteadyTime::max();
  const auto now = steady_clock::now();
  for (int n = 0; n < batch && !deadlines_.empty(); ++n) {
    if (deadlines_.begin()->first > now) break;
    Waiter& waiter = *deadlines_.begin()->second;
    remove(waiter);
    waiter.woken(false);
  }
  if (!deadlines_.empty()) arm_deadline();
}

}  // namespace muster::broker::http
