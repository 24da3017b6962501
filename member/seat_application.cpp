/// The application's side of a Seat: waiting, taking news, committing.
#include "seat.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace muster::member {

Seat::Inside::Inside(Seat& seat) : seat_(seat) {
  Lock lock(seat_.mutex_);
  seat_.session_.enter(boot_now());
  seat_.kick(std::move(lock));
}

Seat::Inside::~Inside() {
  Lock lock(seat_.mutex_);
  seat_.session_.exit(boot_now());
  seat_.kick(std::move(lock));
}

void Seat::kick(Lock lock) {
  collect();
  const bool due = !frames_.empty() || !lost_now_.empty() || session_.next_deadline() < armed_;
  lock.unlock();
  if (due && kick_) kick_();
}

Seat::Woke Seat::wait(Mono until) {
  Lock lock(mutex_);
  wait_for(lock, until, [&] { return has_news() || !finished_.empty() || woken_ || ended_; });
  if (has_news() || !finished_.empty()) return Woke::news;
  if (std::exchange(woken_, false)) return Woke::wakeup;
  return ended_ ? Woke::ended : Woke::timeout;
}

bool Seat::wait_joined(Mono until) {
  Lock lock(mutex_);
  return wait_for(lock, until, [&] { return joined_ || ended_; });
}

bool Seat::wait_ended(Mono until) {
  Lock lock(mutex_);
  return wait_for(lock, until, [&] { return ended_.has_value(); });
}

bool Seat::wait_for(Lock& lock, Mono until, const std::function<bool()>& ready) {
  while (!ready()) {
    const Mono now = boot_now();
    if (now >= until) return false;
    changed_.wait_for(lock, std::min(until - now, Millis{60'000}));
  }
  return true;
}

void Seat::wakeup() {
  const Lock lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool Seat::named(const News& news) {
  return news.kind != News::Kind::assigned ||
         std::all_of(news.grants.begin(), news.grants.end(), [](const GrantPtr& grant) {
           return !grant->topic.empty() || grant->ended.load();
         });
}

bool Seat::has_news() const {
  return !news_.empty() && named(news_.front());
}

std::optional<News> Seat::next_news() {
  Lock lock(mutex_);
  while (has_news()) {
    News news = std::move(news_.front());
    news_.pop_front();
    if (auto narrow = narrowed(std::move(news))) {
      kick(std::move(lock));
      return narrow;
    }
  }
  kick(std::move(lock));
  return std::nullopt;
}

std::optional<News> Seat::narrowed(News news) {
  switch (news.kind) {
    case News::Kind::assigned:
      std::erase_if(news.grants, [](const GrantPtr& grant) { return grant->ended.load(); });
      told_.insert(news.grants.begin(), news.grants.end());
      break;
    case News::Kind::revoked:
      split_late(news);
      if (news.grants.empty()) session_.released(news.ticket, boot_now());
      break;
    case News::Kind::lost:
      std::erase_if(news.grants, [&](const GrantPtr& grant) { return told_.erase(grant) == 0; });
      break;
  }
  if (news.grants.empty()) return std::nullopt;
  return news;
}

/// What is to be revoked but has run out meanwhile was lost: that is told next, and needs no
/// consent.
void Seat::split_late(News& news) {
  News lost{News::Kind::lost, {}, 0};
  std::erase_if(news.grants, [&](const GrantPtr& grant) {
    if (!told_.contains(grant)) return true;
    if (grant->valid()) return false;
    grant->end();
    lost.grants.push_back(grant);
    return true;
  });
  if (!lost.grants.empty()) news_.push_front(std::move(lost));
}

void Seat::released(const News& revoked) {
  Lock lock(mutex_);
  for (const GrantPtr& grant : revoked.grants) {
    grant->end();  // before the Release can be sent
    told_.erase(grant);
  }
  session_.released(revoked.ticket, boot_now());
  kick(std::move(lock));
}

std::vector<Ownership> Seat::told() const {
  std::vector<GrantPtr> all;
  {
    const Lock lock(mutex_);
    all.assign(told_.begin(), told_.end());
  }
  std::sort(all.begin(), all.end(), [](const GrantPtr& a, const GrantPtr& b) {
    return std::tie(a->topic, a->partition) < std::tie(b->topic, b->partition);
  });
  return {all.begin(), all.end()};
}

// ---------------------------------------------------------------------------------------------
// Commits and the end

Outcome<std::uint32_t> Seat::commit(const std::vector<OffsetToCommit>& offsets, CommitDone done) {
  std::vector<OffsetCommit> commits;
  for (const OffsetToCommit& offset : offsets)
    commits.push_back({offset.partition.topic_partition(), offset.partition.token(), offset.offset,
                       offset.leader_epoch, offset.metadata});
  Lock lock(mutex_);
  const Result<std::uint32_t> sequence = session_.commit(std::move(commits), boot_now());
  if (sequence && done)
    waiting_[*sequence] = std::move(done);
  else if (sequence)
    blocking_[*sequence] = std::nullopt;
  kick(std::move(lock));
  if (sequence) return *sequence;
  return Error{static_cast<Errc>(sequence.error().value()), ""};
}

Outcome<void> Seat::await_commit(std::uint32_t sequence, Mono until) {
  Lock lock(mutex_);
  const bool answered = wait_for(lock, until, [&] { return blocking_.at(sequence).has_value(); });
  const std::optional<Error> error = std::move(blocking_.extract(sequence).mapped());
  if (!answered) {
    session_.abandon(sequence);
    return Error{Errc::deadline_passed, "no answer to the commit in time, its outcome is unknown"};
  }
  if (error->code != Errc::ok) return *error;
  return {};
}

void Seat::finish_commit(CommitDone done, Error error) {
  const Lock lock(mutex_);
  finished_.emplace_back(std::move(done), std::move(error));
}

std::vector<std::pair<Seat::CommitDone, Error>> Seat::finished_commits() {
  const Lock lock(mutex_);
  return std::exchange(finished_, {});
}

void Seat::leave() {
  Lock lock(mutex_);
  for (const auto& [partition, grant] : grants_) grant->end();
  for (const GrantPtr& grant : told_) grant->end();
  grants_.clear();
  told_.clear();
  news_.clear();
  session_.leave(boot_now());
  kick(std::move(lock));
}

std::optional<Error> Seat::ended() const {
  const Lock lock(mutex_);
  return ended_;
}

}  // namespace muster::member
