#include "liveness.hpp"

#include <muster/mutant.hpp>

#include <algorithm>

namespace muster::member {

namespace {
// Enough to find the beat that a revoke names even if the broker's disk stalled for 20 session
// timeouts.
constexpr std::size_t kept = 64;
}  // namespace

void Liveness::bind(Mono sent_at, Millis session_timeout) {
  bound_ = true;
  session_timeout_ = session_timeout;
  bound_sent_at_ = sent_at;
  heard_sent_at_ = std::max(heard_sent_at_, sent_at);
  progress_base_ = std::max(progress_base_, progress_bound_);
  if (!ever_bound_) {
    ever_bound_ = true;
    first_sent_at_ = sent_at;
  }
  next_beat_ = sent_at;  // at once: it echoes S and tells the epoch
}

void Liveness::unbind() {
  bound_ = false;
  next_beat_ = never;
  for (Sent& beat : sent_) beat.open = false;
}

void Liveness::start_over(Mono now) {
  unbind();
  sent_.clear();
  ever_bound_ = false;
  heard_sent_at_ = {};
  if (inside()) note_progress(now);
  progress_bound_ = progress_at_;
  progress_base_ = progress_at_;  // no later than the Join, from whose arrival the broker counts
  progress_sent_ = {};
}

void Liveness::resuming(Mono now) {
  if (inside()) note_progress(now);
  progress_bound_ = progress_at_;
}

Heartbeat Liveness::beat(Mono now) {
  if (inside()) note_progress(now);
  sent_.push_back({++sequence_, now, progress_at_, true});
  if (sent_.size() > kept) sent_.pop_front();
  progress_sent_ = progress_at_;
  next_beat_ = now + (interval() - dice_.up_to(interval() / 20));
  Heartbeat beat;
  beat.sequence = sequence_;
  beat.progress = progress_;
  beat.session_timeout_ms = static_cast<std::uint32_t>(session_timeout_.count());
  return beat;
}

void Liveness::answered(std::uint32_t sequence, Millis session_timeout) {
  if (Sent* beat = find(sequence)) {
    beat->open = false;
    heard_sent_at_ = std::max(heard_sent_at_, beat->at);
    progress_base_ = std::max(progress_base_, beat->progress_at);
  }
  if (session_timeout > Millis{0}) session_timeout_ = session_timeout;
  // A shorter S also brings the next beat forward.
  if (bound_ && !sent_.empty()) next_beat_ = std::min(next_beat_, sent_.back().at + interval());
}

void Liveness::refused(std::uint32_t sequence) {
  if (Sent* beat = find(sequence)) beat->open = false;
}

Mono Liveness::beat_due() const {
  if (!bound_) return never;
  if (!inside())
    return progress_at_ - progress_sent_ > max_poll_interval_ / 2 ? progress_at_ : next_beat_;
  return std::min(next_beat_, progress_sent_ + max_poll_interval_ / 2);
}

Mono Liveness::stalled_at() const {
  const auto oldest =
      std::find_if(sent_.begin(), sent_.end(), [](const Sent& s) { return s.open; });
  return oldest == sent_.end() ? never : oldest->at + interval();
}

Mono Liveness::silence_fence() const {
  const Millis late = MUSTER_MUTANT(member_fences_late) ? session_timeout_ / 2 : Millis{0};
  return ever_bound_ ? heard_sent_at_ + less_drift(session_timeout_) + late : never;
}

Mono Liveness::progress_fence() const {
  return ever_bound_ ? progress_base_ + less_drift(max_poll_interval_) : never;
}

bool Liveness::stuck(Mono now) const {
  return !inside() && now >= progress_at_ + less_drift(max_poll_interval_);
}

Mono Liveness::sent_at(std::uint32_t sequence) const {
  if (sequence == 0) return bound_sent_at_;
  const auto it = std::find_if(sent_.begin(), sent_.end(),
                               [&](const Sent& s) { return s.sequence == sequence; });
  return it == sent_.end() ? first_sent_at_ : it->at;
}

Liveness::Sent* Liveness::find(std::uint32_t sequence) {
  const auto it = std::find_if(sent_.begin(), sent_.end(),
                               [&](const Sent& s) { return s.sequence == sequence; });
  return it == sent_.end() ? nullptr : &*it;
}

}  // namespace muster::member
