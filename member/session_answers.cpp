/// What a Session does with answers and pushes, and how it loses what it had.
#include "session.hpp"

#include <muster/mutant.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace muster::member {
namespace {

Error unknown_outcome(const std::string& message) {
  return {Errc::connection_lost, "no answer to the commit, its outcome is unknown: " + message};
}

}  // namespace

// ---------------------------------------------------------------------------------------------
// Answers

void Session::handle(const Pending& pending, const JoinOk& ok, Mono now) {
  if (pending.what != Pending::What::join) return;
  out_.events.push_back(Joined{join_.member});
  bound(ok.session, ok.session_timeout, now);
}

void Session::handle(const Pending& pending, const ResumeOk& ok, Mono now) {
  if (pending.what != Pending::What::resume) return;
  if (pending.fenced) fenced_ = false;
  bound(ok.session, ok.session_timeout, now);
}

void Session::bound(SessionHandle session, Millis session_timeout, Mono now) {
  state_ = State::active;
  session_ = session;
  attempts_ = 0;
  told_step_ = 0;
  liveness_.bind(binding_sent_at_, session_timeout);
  if (leaving_) return send_leave();
  check_fences(now);  // the answer may have taken longer than S
  if (!active()) return;
  if (fenced_ && !parked_ && !MUSTER_MUTANT(bound_though_fenced))
    return resume(now);  // it stopped its work after it had asked for this
  send_beat(now);
  for (const auto& [sequence, commit] : commits_) send_commit(sequence);
}

void Session::handle(const Pending& pending, const HeartbeatOk& ok, Mono now) {
  if (pending.what != Pending::What::beat || ok.session != session_ || !active()) return;
  liveness_.answered(pending.sequence, Millis{ok.session_timeout_ms});
  told_step_ = std::max(told_step_, ok.told_step);
  check_fences(now);  // a shorter S may have ended it
}

void Session::handle(const Pending& pending, const Done&, Mono) {
  if (pending.what == Pending::What::leave) return end({});
  if (pending.what == Pending::What::release) return holdings_.release_answered(pending.sequence);
  if (pending.what != Pending::What::commit || commits_.erase(pending.sequence) == 0) return;
  out_.events.push_back(Committed{pending.sequence, {}});
}

void Session::handle(const Pending& pending, const Refusal& refusal, Mono now) {
  using What = Pending::What;
  if (pending.binds()) return refused_to_bind(pending, refusal, now);
  if (pending.what == What::leave) return end({});
  if (pending.what == What::beat) liveness_.refused(pending.sequence);
  if (refusal.code == Errc::unknown_session) {
    // An open commit is sent again then; one that already was needs no second Resume.
    const auto commit = commits_.find(pending.sequence);
    const bool old =
        pending.what == What::commit &&
        (commit == commits_.end() || commit->second.correlation != pending.correlation);
    if (pending.what == What::commit && !old) commit->second.tried = commit->second.uncertain;
    if (active() && !old) resume(now);
    return;
  }
  if (pending.what == What::commit) refused_commit(pending.sequence, refusal);
  if (!active() || leaving_) return;
  if (refusal.code == Errc::unknown_member || refusal.code == Errc::fenced_member)
    return start_anew(Reason::none, refusal.message, now);
  if (pending.what == What::beat && refusal.code == Errc::stale_epoch) resume(now);
}

/// A try that was not answered may have taken effect, and the partition may have been given to
/// others since: then its repetition is refused, and the outcome is still unknown.
void Session::refused_commit(std::uint32_t sequence, const Refusal& refusal) {
  const auto commit = commits_.extract(sequence);
  if (!commit) return;
  Error error{refusal.code, refusal.message};
  if (commit.mapped().uncertain && !MUSTER_MUTANT(refused_repeat_is_final))
    error = unknown_outcome(refusal.message);
  out_.events.push_back(Committed{sequence, std::move(error)});
}

void Session::refused_to_bind(const Pending& pending, const Refusal& refusal, Mono now) {
  if (retriable(refusal.code)) return retry_later(now);
  if (leaving_) return end({});
  if (pending.what == Pending::What::resume) return start_anew(Reason::none, refusal.message, now);
  if (refusal.code != Errc::fenced_member && refusal.code != Errc::unknown_member)
    return end({refusal.code, refusal.message});
  join_.member = new_id();
  retry_later(now);
}

// ---------------------------------------------------------------------------------------------
// Pushes

void Session::handle(const Step& step, Mono) {
  if (step.group != join_.group || step.member != join_.member) return;
  // Before ResumeOk, and after fencing, a step may still speak of grants that are void: the answer
  // to the Resume is followed by the whole present step.
  if (!active() || fenced_ || leaving_ || step.number < holdings_.step()) return;
  const Mono until = liveness_.sent_at(step.heard_sequence) + Millis{step.revoke_ms_left};
  Holdings::Difference change = holdings_.apply(step, until);
  if (!change.lost.empty())
    lose(std::move(change.lost), Reason::none, "taken away, or granted anew, by the coordinator");
  if (!change.revoked.empty())
    out_.events.push_back(Revoked{change.ticket, std::move(change.revoked)});
  if (!change.assigned.empty()) out_.events.push_back(Assigned{std::move(change.assigned)});
  send_release();  // what it revokes and we do not have
}

void Session::handle(const Ping& ping, Mono) {
  if (active() && ping.session == session_) send(Pong{session_, ping.nonce}, {});
}

void Session::handle(const Expelled& expelled, Mono now) {
  if (ended() || expelled.group != join_.group || expelled.member != join_.member) return;
  if (leaving_) return end({});
  if (expelled.reason == Reason::static_member_replaced) {
    lose(holdings_.clear(), expelled.reason, expelled.detail);
    return end({Errc::fenced_member,
                "replaced by a newer member of the same instance id: " + expelled.detail});
  }
  start_anew(expelled.reason, expelled.detail, now);
}

// ---------------------------------------------------------------------------------------------
// Losing it

void Session::check_fences(Mono now) {
  const Mono at = fence_at();
  if (at.ms == 0 || now < at) return;
  const bool stuck = now >= liveness_.progress_fence() && !liveness_.inside();
  const auto ms = [](Millis time) { return std::to_string(time.count()) + " ms"; };
  if (stuck)
    return fence("no progress for max_poll_interval " + ms(join_.max_poll_interval), true, now);
  if (now >= liveness_.silence_fence())
    return fence("no heartbeat answered within session_timeout " + ms(liveness_.session_timeout()),
                 false, now);
  if (now >= holdings_.release_until())
    return fence("what was revoked is not known to be released within rebalance_timeout " +
                     ms(join_.rebalance_timeout),
                 false, now);
  fence("no progress was reported for max_poll_interval " + ms(join_.max_poll_interval), false,
        now);
}

void Session::fence(std::string detail, bool park, Mono now) {
  fenced_ = true;
  parked_ = park;
  lose(holdings_.clear(), Reason::member_fenced_itself, std::move(detail));
  if (!park) resume(now);
}

void Session::resume(Mono now) {
  state_ = State::resuming;
  binding_ = 0;
  told_step_ = 0;
  // Answers to what was sent with the old handle mean nothing now, except those of commits.
  std::erase_if(pending_, [](const auto& p) { return p.second.what != Pending::What::commit; });
  for (auto& [sequence, commit] : commits_) commit.correlation = 0;
  liveness_.unbind();
  proceed(now);
}

void Session::start_anew(Reason reason, const std::string& detail, Mono now) {
  lose(holdings_.clear(), reason, detail);
  end_commits(Errc::fenced_member, "the member was expelled: " + detail);
  pending_.clear();
  liveness_.unbind();
  binding_ = 0;
  session_ = {};
  fenced_ = false;
  parked_ = liveness_.stuck(now) || (reason == Reason::progress_stalled && !liveness_.inside());
  state_ = State::joining;
  join_.member = new_id();
  retry_later(now);
}

void Session::lose(std::vector<Held> lost, Reason reason, std::string detail) {
  if (!lost.empty()) out_.events.push_back(Lost{std::move(lost), reason, std::move(detail)});
}

void Session::end(Error error) {
  if (ended()) return;
  state_ = State::ended;
  liveness_.unbind();
  end_commits(Errc::fenced_member, "the member has left the group");
  out_.events.push_back(Ended{std::move(error)});
}

void Session::end_commits(Errc code, const std::string& message) {
  for (const auto& [sequence, commit] : std::exchange(commits_, {})) {
    Error error{code, message};
    if (commit.tried) error = unknown_outcome(message);
    out_.events.push_back(Committed{sequence, std::move(error)});
  }
}

void Session::retry_later(Mono now) {
  retry_at_ =
      now + backoff(attempts_++, heartbeat_interval(join_.session_timeout), liveness_.dice());
  proceed(now);
}

MemberId Session::new_id() {
  char id[33];
  const unsigned long long high = ids_.next();
  const unsigned long long low = ids_.next();
  std::snprintf(id, sizeof id, "%016llx%016llx", high, low);
  return MemberId{std::string_view{id, 32}};
}

}  // namespace muster::member
