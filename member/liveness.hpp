/// When a member beats, what each beat reports, and until when it may work: the arithmetic of
/// self-fencing, in one place.
///
/// Both sides count the same silence, from two ends. The broker expels S after a heartbeat
/// *arrived*; the member stops S less 0.1 % after an answered heartbeat was *sent*. A beat is sent
/// before it arrives, so the member stops first, however long the network took; the 0.1 % covers
/// clocks that drift apart by up to 500 ppm each. Progress is counted alike: the broker from the
/// arrival of the first beat that reported it, the member from the progress itself, once a beat
/// that reported it is answered.
#pragma once

#include "dice.hpp"
#include "grant.hpp"

#include <muster/messages.hpp>

#include <deque>
#include <optional>

namespace muster::member {

/// S less what two clocks may drift apart in it.
constexpr Millis less_drift(Millis timeout) {
  return timeout - timeout / 1000;
}

class Liveness {
 public:
  Liveness(Millis max_poll_interval, std::uint64_t seed, Mono now)
      : max_poll_interval_(max_poll_interval),
        dice_(seed),
        progress_at_(now),
        progress_base_(now) {}

  // What the application's thread does: it is inside poll() or a blocking commit, or it is not.
  void enter(Mono now) { note_progress(now), ++inside_; }
  void exit(Mono now) { --inside_, note_progress(now); }
  [[nodiscard]] bool inside() const { return inside_ > 0; }

  /// The Join or Resume that was sent at `sent_at` has been answered: the broker heard us then.
  void bind(Mono sent_at, Millis session_timeout);
  /// The session is not bound any more: no beats until the next bind.
  void unbind();
  /// A Join is being sent: a new member starts, and what was heard of an old one counts for
  /// nothing.
  void start_over(Mono now);
  /// A Resume is being sent. The broker counts progress anew from its arrival.
  void resuming(Mono now);

  /// Makes the next beat and notes when it was sent. The caller adds session and epoch.
  [[nodiscard]] Heartbeat beat(Mono now);
  /// The broker heard the beat. A new S counts at once: a longer one already does at the broker, a
  /// shorter one does there only once a beat has echoed it.
  void answered(std::uint32_t sequence, Millis session_timeout);
  /// The broker refused the beat: it does not count as heard.
  void refused(std::uint32_t sequence);

  [[nodiscard]] bool bound() const { return bound_; }
  [[nodiscard]] Millis session_timeout() const { return session_timeout_; }
  [[nodiscard]] Millis interval() const { return heartbeat_interval(session_timeout_); }

  /// When the next beat is due: an interval after the last one, less jitter; earlier when progress
  /// that was not reported for half of max.poll.interval is to be told. `never` while unbound.
  [[nodiscard]] Mono beat_due() const;
  /// When the connection counts as stalled: the oldest beat on it is unanswered for an interval.
  [[nodiscard]] Mono stalled_at() const;
  /// Silence ends the work here.
  [[nodiscard]] Mono silence_fence() const;
  /// Lack of progress ends the work here.
  [[nodiscard]] Mono progress_fence() const;
  /// Whether the application itself has made no progress for max.poll.interval.
  [[nodiscard]] bool stuck(Mono now) const;

  /// When the member sent the beat that the broker names as the last it heard; if that is not known
  /// any more, a time that is certainly no later.
  [[nodiscard]] Mono sent_at(std::uint32_t sequence) const;

  Dice& dice() { return dice_; }

 private:
  struct Sent {
    std::uint32_t sequence;
    Mono at;
    Mono progress_at;
    bool open;  // on this connection, neither answered nor refused
  };
  void note_progress(Mono now) { progress_at_ = now, ++progress_; }
  Sent* find(std::uint32_t sequence);

  Millis max_poll_interval_;
  Dice dice_;
  Millis session_timeout_{0};
  bool bound_ = false;
  std::uint32_t sequence_ = 0;
  std::deque<Sent> sent_;  // the newest `kept` beats
  Mono next_beat_ = never;
  Mono heard_sent_at_{};  // send time of the newest message known to be heard
  Mono bound_sent_at_{};  // send time of the Join or Resume of this session
  Mono first_sent_at_{};  // send time of this member's Join
  bool ever_bound_ = false;

  int inside_ = 0;
  std::uint32_t progress_ = 0;  // the number that beats carry
  Mono progress_at_;            // the latest progress, reported or not
  Mono progress_base_;          // the latest progress known to be reported
  Mono progress_bound_;         // the latest progress when the last Join or Resume was sent
  Mono progress_sent_;          // the latest progress that a beat carries
};

}  // namespace muster::member
