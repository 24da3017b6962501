#include "seat.hpp"

#include <algorithm>
#include <utility>

namespace muster::member {

Seat::Seat(SessionOptions options, std::function<void(const std::vector<Ownership>&)> on_lost_now)
    : group_(options.join.group),
      on_lost_now_(std::move(on_lost_now)),
      session_(std::move(options), boot_now()) {}

// ---------------------------------------------------------------------------------------------
// The heartbeat thread

Seat::Frames Seat::connected() {
  Lock lock(mutex_);
  session_.connected(boot_now());
  return finish(std::move(lock));
}

Seat::Frames Seat::disconnected() {
  Lock lock(mutex_);
  frames_.clear();  // made for the connection that is gone
  session_.disconnected(boot_now());
  return finish(std::move(lock));
}

Seat::Frames Seat::answer(std::uint64_t correlation, const ReplyBody& body) {
  Lock lock(mutex_);
  session_.answer(correlation, body, boot_now());
  return finish(std::move(lock));
}

Seat::Frames Seat::push(const PushBody& body) {
  Lock lock(mutex_);
  session_.push(body, boot_now());
  return finish(std::move(lock));
}

Seat::Frames Seat::tick(Millis early) {
  Lock lock(mutex_);
  session_.tick(boot_now(), early);
  return finish(std::move(lock));
}

Seat::Frames Seat::flush() {
  return finish(Lock(mutex_));
}

Seat::Frames Seat::finish(Lock lock) {
  collect();
  Frames frames = std::exchange(frames_, {});
  const std::vector<Ownership> lost = std::exchange(lost_now_, {});
  lock.unlock();
  if (!lost.empty() && on_lost_now_) on_lost_now_(lost);
  return frames;
}

Mono Seat::next_deadline() const {
  const Lock lock(mutex_);
  return armed_ = session_.next_deadline();
}

bool Seat::stalled() const {
  const Lock lock(mutex_);
  return session_.stalled(boot_now());
}

Millis Seat::interval() const {
  const Lock lock(mutex_);
  return heartbeat_interval(session_.session_timeout());
}

MemberId Seat::id() const {
  const Lock lock(mutex_);
  return session_.member();
}

std::vector<TopicName> Seat::topics_to_ask() const {
  const Lock lock(mutex_);
  if (news_.empty() || named(news_.front())) return {};
  return session_.topics();
}

void Seat::learn(const TopicNames& names) {
  const Lock lock(mutex_);
  for (News& news : news_) {
    if (news.kind != News::Kind::assigned) continue;
    for (const GrantPtr& grant : news.grants) {
      const auto name = names.find(grant->partition.topic);
      if (grant->topic.empty() && name != names.end()) grant->topic = name->second;
    }
  }
  if (has_news()) changed_.notify_all();
}

// ---------------------------------------------------------------------------------------------
// From the session's events to grants and news; the lock is held

void Seat::collect() {
  Session::Output out = session_.take();
  std::move(out.frames.begin(), out.frames.end(), std::back_inserter(frames_));
  for (SessionEvent& event : out.events) std::visit([&](auto& e) { take_in(e); }, event);
  // After the grants that ended: whoever sees the new fence sees them ended (grant.cpp).
  fence_->until.store(session_.fence_at().ms, std::memory_order_release);
  if (!out.events.empty()) changed_.notify_all();
}

void Seat::take_in(const Joined&) {
  joined_ = true;
}

void Seat::take_in(Assigned& event) {
  News news{News::Kind::assigned, {}, 0};
  for (const Held& held : event.partitions) {
    auto grant = std::make_shared<Grant>();
    grant->partition = held.partition;
    grant->token = held.token;
    grant->fence = fence_;
    grants_[held.partition] = grant;
    news.grants.push_back(std::move(grant));
  }
  news_.push_back(std::move(news));
}

void Seat::take_in(Revoked& event) {
  News news{News::Kind::revoked, {}, event.ticket};
  for (const Held& held : event.partitions) news.grants.push_back(grants_.at(held.partition));
  news_.push_back(std::move(news));
}

void Seat::take_in(Lost& event) {
  News news{News::Kind::lost, {}, 0};
  for (const Held& held : event.partitions) {
    const auto it = grants_.find(held.partition);
    if (it == grants_.end() || it->second->token != held.token) continue;
    it->second->end();
    if (told_.contains(it->second)) lost_now_.emplace_back(it->second);
    news.grants.push_back(std::move(it->second));
    grants_.erase(it);
  }
  news_.push_back(std::move(news));
}

void Seat::take_in(Committed& event) {
  if (const auto it = blocking_.find(event.sequence); it != blocking_.end()) {
    it->second = std::move(event.error);
  } else if (auto done = waiting_.extract(event.sequence)) {
    finished_.emplace_back(std::move(done.mapped()), std::move(event.error));
  }
}

void Seat::take_in(Ended& event) {
  ended_ = std::move(event.error);
}

}  // namespace muster::member
