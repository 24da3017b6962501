#include "session.hpp"

#include <algorithm>
#include <utility>

namespace muster::member {

Session::Session(SessionOptions options, Mono now)
    : join_(std::move(options.join)),
      liveness_(join_.max_poll_interval, options.seed[0], now),
      ids_(options.seed[1]),
      lane_(std::uint64_t{options.lane} << 40) {
  join_.member = new_id();
}

// ---------------------------------------------------------------------------------------------
// The connection

void Session::connected(Mono now) {
  if (ended()) return;
  connected_ = true;
  check_fences(now);
  proceed(now);
}

void Session::disconnected(Mono now) {
  if (ended()) return;
  connected_ = false;
  pending_.clear();
  binding_ = 0;
  told_step_ = 0;
  liveness_.unbind();
  if (active()) state_ = State::resuming;
  for (auto& [sequence, commit] : commits_) {
    commit.correlation = 0;
    commit.uncertain = commit.tried;
  }
  if (leaving_ && state_ == State::joining) return end({});
  check_fences(now);
}

void Session::answer(std::uint64_t correlation, const ReplyBody& body, Mono now) {
  check_fences(now);  // first: an answer that comes too late revives nothing
  const auto it = pending_.find(correlation);
  if (it == pending_.end()) return;
  const Pending pending = it->second;
  pending_.erase(it);
  if (pending.binds()) {
    if (correlation != binding_) return;  // superseded meanwhile
    binding_ = 0;
  }
  std::visit([&](const auto& b) { handle(pending, b, now); }, body);
}

void Session::push(const PushBody& body, Mono now) {
  check_fences(now);
  std::visit([&](const auto& b) { handle(b, now); }, body);
}

void Session::tick(Mono now, Millis early) {
  if (ended()) return;
  check_fences(now);
  if (liveness_.beat_due() != never && liveness_.beat_due() <= now + early) {
    // An answer told of a step that never came: only a Resume brings it.
    if (told_step_ > holdings_.step() && !fenced_) return resume(now);
    send_beat(now);
  }
  proceed(now);
}

bool Session::stalled(Mono now) const {
  if (!connected_ || ended()) return false;
  return now >= (binding_ != 0 ? binding_sent_at_ + bind_patience() : liveness_.stalled_at());
}

Mono Session::next_deadline() const {
  if (ended()) return never;
  Mono next = liveness_.beat_due();
  if (fence_at().ms != 0) next = std::min(next, fence_at());
  if (!connected_) return next;
  if (binding_ != 0) return std::min(next, binding_sent_at_ + bind_patience());
  if (!active() && !parked_) return std::min(next, retry_at_);
  return std::min(next, liveness_.stalled_at());
}

Millis Session::bind_patience() const {
  // A Join waits for the disk, and a repeat would start it over; an unanswered Resume is repeated
  // so soon that the repeats themselves keep the session alive.
  if (state_ == State::joining) return std::max(join_.session_timeout, Millis{5'000});
  return liveness_.interval();
}

// ---------------------------------------------------------------------------------------------
// The application

void Session::enter(Mono now) {
  check_fences(now);
  liveness_.enter(now);
  if (!parked_ || ended()) return;
  parked_ = false;
  if (active()) return resume(now);
  proceed(now);
}

void Session::exit(Mono now) {
  liveness_.exit(now);
}

void Session::released(std::uint32_t ticket, Mono now) {
  check_fences(now);
  holdings_.confirm(ticket);
  send_release();
}

Result<std::uint32_t> Session::commit(std::vector<OffsetCommit> offsets, Mono now) {
  check_fences(now);
  if (ended() || leaving_) return Errc::fenced_member;
  for (const OffsetCommit& offset : offsets)
    if (!holds(offset.partition, offset.token, now)) return Errc::stale_token;
  if (commits_.size() >= max_open_commits) return Errc::overloaded;
  const std::uint32_t sequence = ++commit_sequence_;
  commits_[sequence].offsets = std::move(offsets);
  if (active()) send_commit(sequence);
  return sequence;
}

void Session::abandon(std::uint32_t sequence) {
  commits_.erase(sequence);
}

void Session::leave(Mono now) {
  if (ended() || leaving_) return;
  check_fences(now);
  leaving_ = true;
  parked_ = false;
  holdings_.clear();
  if (active()) return send_leave();
  // A Join that is out, and a Resume, give a session to leave with once they are answered.
  if (state_ == State::joining && binding_ == 0) return end({});
  proceed(now);
}

Session::Output Session::take() {
  return std::exchange(out_, {});
}

Mono Session::fence_at() const {
  if (fenced_ || leaving_ || state_ == State::joining || ended()) return {};
  return std::min(
      {liveness_.silence_fence(), liveness_.progress_fence(), holdings_.release_until()});
}

bool Session::holds(const TopicPartition& partition, Token token, Mono now) const {
  return now < fence_at() && holdings_.holds(partition, token);
}

Millis Session::session_timeout() const {
  return active() ? liveness_.session_timeout() : join_.session_timeout;
}

// ---------------------------------------------------------------------------------------------
// Sending

std::uint64_t Session::send(Request request, Pending pending) {
  const std::uint64_t correlation = lane_ | ++correlation_;
  out_.frames.push_back({correlation, std::move(request)});
  pending.correlation = correlation;
  if (pending.what != Pending::What::other) pending_.emplace(correlation, pending);
  return correlation;
}

void Session::proceed(Mono now) {
  if (!connected_ || active() || ended() || binding_ != 0 || parked_ || now < retry_at_) return;
  binding_sent_at_ = now;
  if (state_ == State::joining) {
    liveness_.start_over(now);
    holdings_.start_over();
    binding_ = send(join_, {Pending::What::join});
  } else {
    liveness_.resuming(now);
    Resume resume{join_.group, join_.member, holdings_.epoch(), fenced_};
    binding_ = send(std::move(resume), {Pending::What::resume, 0, fenced_});
  }
}

void Session::send_beat(Mono now) {
  Heartbeat beat = liveness_.beat(now);
  beat.session = session_;
  beat.member_epoch = holdings_.epoch();
  send(beat, {Pending::What::beat, beat.sequence});
}

void Session::send_commit(std::uint32_t sequence) {
  OpenCommit& commit = commits_.at(sequence);
  commit.correlation =
      send(Commit{session_, sequence, commit.offsets}, {Pending::What::commit, sequence});
  commit.tried = true;
}

void Session::send_leave() {
  send(Leave{session_}, {Pending::What::leave});
}

void Session::send_release() {
  if (!active() || fenced_) return;
  if (const auto step = holdings_.take_release())
    send(Release{session_, *step}, {Pending::What::release, *step});
}

}  // namespace muster::member
