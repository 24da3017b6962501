#include "unit.hpp"

#include "../grant.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace muster::agent {

using member::never;

namespace {

constexpr Millis between_orders{1'000};
// While a program starts its checks are tried sooner, so that it is handed out as soon as it can.
constexpr Millis first_looks{100};
// What does not end by SIGKILL, a process in a disk's queue say, is told again.
constexpr Millis between_kills{1'000};

}  // namespace

std::string ProcessEnd::words() const {
  return by_signal ? "was ended by signal " + std::to_string(number)
                   : "exited with " + std::to_string(number);
}

std::string_view to_string(Phase phase) {
  switch (phase) {
    case Phase::stopped:
      return "stopped";
    case Phase::waiting:
      return "waiting";
    case Phase::starting:
      return "starting";
    case Phase::running:
      return "running";
    case Phase::draining:
      return "draining";
    case Phase::stopping:
      return "stopping";
    case Phase::crash_loop:
      return "crash_loop";
    case Phase::finished:
      return "finished";
    case Phase::superseded:
      return "superseded";
  }
  return "?";
}

Unit::Unit(ServiceSpec spec, Incarnation last, std::uint64_t seed)
    : spec_(std::move(spec)), restarts_(spec_.restart, seed), dice_(~seed), incarnation_(last) {}

void Unit::say(std::string words) {
  words_ = std::move(words);
  notes_.push_back(words_);
}

bool Unit::has_process() const {
  return phase_ == Phase::starting || phase_ == Phase::running || phase_ == Phase::draining;
}

bool Unit::is_leaving() const {
  return phase_ == Phase::draining || phase_ == Phase::stopping;
}

bool Unit::at_rest() const {
  return phase_ == Phase::stopped || phase_ == Phase::finished || phase_ == Phase::superseded;
}

// ---------------------------------------------------------------------------------------------
// Starting and ending

void Unit::start(Instant now) {
  if (!has_process() && phase_ != Phase::stopping) spawn(now);
}

void Unit::spawn(Instant now) {
  // The time of the start, as anybody would choose; but never less than what is known.
  const auto clock = static_cast<Incarnation>(std::max<std::int64_t>(now.wall.ms, 1));
  incarnation_ = std::max({incarnation_ + 1, newest_known_ + 1, clock});
  phase_ = Phase::starting;
  started_ = now.mono;
  until_ = now.mono + spec_.start_timeout;
  was_well_ = false;
  ++starts_;
  begin_checks(now.mono);
  acts_.push_back({Act::Kind::start, incarnation_, 0});
}

void Unit::spawned(Instant now, int pid) {
  pid_ = pid;
  if (!has_process()) return;
  say("started as process " + std::to_string(pid));
  look_at_checks(now);
}

void Unit::not_started(Instant now, const std::string& why) {
  pid_ = 0;
  if (!has_process()) return;
  say("could not be started: " + why);
  last_end_ = ProcessEnd{false, 127};  // as a shell has it
  phase_ = Phase::stopping;
  then_ = after_end(*last_end_);
  after_stop(now);
}

Unit::Then Unit::after_end(const ProcessEnd& end) const {
  if (spec_.restart.policy == RestartPolicy::never) return Then::finish;
  if (spec_.restart.policy == RestartPolicy::on_failure && end.ok()) return Then::finish;
  return Then::restart;
}

void Unit::exited(Instant now, ProcessEnd end) {
  pid_ = 0;
  last_end_ = end;
  if (phase_ == Phase::stopping) return;  // as it was told to
  if (!has_process()) return;
  const Then then = phase_ == Phase::draining ? then_ : after_end(end);
  say(end.words());
  // What it has started must not live beside its successor.
  terminate(now, then);
}

void Unit::terminate(Instant now, Then then) {
  then_ = then;
  phase_ = Phase::stopping;
  until_ = now.mono + spec_.stop_grace;
  acts_.push_back({Act::Kind::terminate, incarnation_, 0});
}

void Unit::gone(Instant now) {
  if (phase_ != Phase::stopping) return;
  pid_ = 0;
  after_stop(now);
}

void Unit::after_stop(Instant now) {
  switch (then_) {
    case Then::restart:
      return wait_for_restart(now);
    case Then::restart_at_once:
      return spawn(now);
    case Then::stop:
      phase_ = Phase::stopped;
      return;
    case Then::finish:
      phase_ = Phase::finished;
      return notes_.push_back("has ended for good, as its restart policy " +
                              std::string(to_string(spec_.restart.policy)) + " says");
    case Then::supersede:
      phase_ = Phase::superseded;
      return;
  }
}

void Unit::wait_for_restart(Instant now) {
  if (const auto wait = restarts_.next(now.mono)) {
    phase_ = Phase::waiting;
    until_ = now.mono + *wait;
    if (wait->count() == 0) spawn(now);
    return;
  }
  phase_ = Phase::crash_loop;
  // Told under a number of its own: the broker keeps the words of an incarnation's first report of
  // a status, and those were of its last failure.
  ++incarnation_;
  until_ = now.mono + spec_.restart.window;
  say("crash loop: " + std::to_string(spec_.restart.budget) + " restarts within " +
      std::to_string(spec_.restart.window.count()) + " ms, the last time it " +
      (words_.empty() ? "ended" : words_));
}

// ---------------------------------------------------------------------------------------------
// Checks

void Unit::begin_checks(Mono now) {
  checks_.clear();
  rounds_.clear();
  for (const CheckSpec& check : spec_.checks) {
    checks_.emplace_back(check);
    rounds_.push_back({now, false});
  }
}

void Unit::checked(Instant now, Incarnation incarnation, std::size_t check, Outcome outcome) {
  if (incarnation != incarnation_ || check >= checks_.size()) return;
  Round& round = rounds_[check];
  round.under_way = false;
  checks_[check].note(std::move(outcome));
  const Millis interval = spec_.checks[check].interval;
  // Spread over a tenth of the interval, so that checks that began together part.
  const Millis next = phase_ == Phase::starting ? std::min(first_looks, interval)
                                                : interval - dice_.up_to(interval / 10);
  round.due = now.mono + next;
  look_at_checks(now);
}

void Unit::look_at_checks(Instant now) {
  if (phase_ != Phase::starting && phase_ != Phase::running) return;
  const Health health = worst(checks_);
  if (phase_ == Phase::starting) {
    if (health <= Health::overloaded) {
      phase_ = Phase::running;
      was_well_ = true;
      // From now on at its own pace, each check at a place of its own in the interval.
      for (std::size_t i = 0; i < rounds_.size(); ++i)
        if (!rounds_[i].under_way)
          rounds_[i].due = now.mono + dice_.up_to(spec_.checks[i].interval);
      notes_.push_back("is up after " + std::to_string((now.mono - started_).count()) + " ms");
    }
    return;
  }
  if (health == Health::dead) hang(now);
}

void Unit::hang(Instant now) {
  if (spec_.restart.policy == RestartPolicy::never) return;
  restart(now, "it hangs: " + why(checks_));
}

void Unit::restart(Instant now, const std::string& why) {
  say("is restarted: " + why);
  terminate(now, Then::restart);
}

void Unit::tick_checks(Mono now) {
  for (std::size_t i = 0; i < rounds_.size(); ++i) {
    if (rounds_[i].under_way || rounds_[i].due > now) continue;
    rounds_[i].under_way = true;
    acts_.push_back({Act::Kind::check, incarnation_, i});
  }
}

// ---------------------------------------------------------------------------------------------
// Time

void Unit::tick(Instant now) {
  if ((phase_ == Phase::starting || phase_ == Phase::running) && pid_ != 0) tick_checks(now.mono);
  if (now.mono < until_) return;
  switch (phase_) {
    case Phase::waiting:
      return spawn(now);
    case Phase::crash_loop:
      restarts_.forget();
      say("is tried again: its crash loop has rested");
      return spawn(now);
    case Phase::draining:
      return terminate(now, then_);
    case Phase::stopping:
      until_ = now.mono + between_kills;
      return acts_.push_back({Act::Kind::kill, incarnation_, 0});
    case Phase::starting:
      if (spec_.restart.policy != RestartPolicy::never)
        return restart(now, "it was not up within its start timeout of " +
                                std::to_string(spec_.start_timeout.count()) +
                                " ms: " + why(checks_));
      until_ = never;
      return;
    default:
      return;
  }
}

Mono Unit::due() const {
  const bool timed = phase_ == Phase::waiting || phase_ == Phase::starting ||
                     phase_ == Phase::draining || phase_ == Phase::stopping ||
                     phase_ == Phase::crash_loop;
  Mono out = timed ? until_ : never;
  if ((phase_ == Phase::starting || phase_ == Phase::running) && pid_ != 0)
    for (const Round& round : rounds_)
      if (!round.under_way) out = std::min(out, round.due);
  return out;
}

// ---------------------------------------------------------------------------------------------
// Orders

Acknowledgement Unit::order_restart(Instant now, OrderedBy by, const std::string& why) {
  if (last_order_ && now.mono - *last_order_ < between_orders)
    return {false, "it was ordered restarted " + std::to_string((now.mono - *last_order_).count()) +
                       " ms ago; once in " + std::to_string(between_orders.count()) +
                       " ms is the most"};
  if (is_leaving() && (then_ == Then::stop || then_ == Then::supersede))
    return {false, "it is being stopped for good"};
  if (by == OrderedBy::broker && (at_rest() || phase_ == Phase::crash_loop))
    return {false, "it is " + std::string(to_string(phase_)) + ": " + words_};
  last_order_ = now.mono;
  const Then then = by == OrderedBy::broker ? Then::restart : Then::restart_at_once;
  if (by == OrderedBy::operator_) restarts_.forget();
  say("is restarted: " + why);
  if (is_leaving()) {
    then_ = then;
  } else if (!has_process()) {
    spawn(now);
  } else if (was_well_ && spec_.drain.count() > 0) {
    then_ = then;
    phase_ = Phase::draining;
    until_ = now.mono + spec_.drain;
  } else {
    terminate(now, then);
  }
  return {true,
          "instance " + spec_.instance.value + " of " + spec_.service.value + " is restarted"};
}

void Unit::zombie(Instant now, const std::string& why) {
  if (phase_ != Phase::starting && phase_ != Phase::running) return;
  restart(now, "the broker takes it for a zombie: " + why);
}

void Unit::supersede(Instant now, const std::string& why) {
  if (at_rest()) return;
  say("is superseded: " + why);
  if (phase_ == Phase::stopping)
    then_ = Then::supersede;
  else if (has_process())
    terminate(now, Then::supersede);
  else
    phase_ = Phase::superseded;
}

void Unit::outdated(Instant now, Incarnation newest) {
  newest_known_ = std::max(newest_known_, newest);
  if (!has_process()) return;
  say("is restarted: incarnation " + std::to_string(newest) + " of it is known already");
  terminate(now, Then::restart_at_once);
}

void Unit::stop(Instant now, bool drain, const std::string& why) {
  if (phase_ == Phase::stopped) return;
  say(why);
  if (phase_ == Phase::stopping || phase_ == Phase::draining) {
    then_ = Then::stop;
    if (phase_ == Phase::draining && !drain) terminate(now, Then::stop);
  } else if (!has_process()) {
    phase_ = Phase::stopped;
  } else if (drain && was_well_ && spec_.drain.count() > 0) {
    then_ = Then::stop;
    phase_ = Phase::draining;
    until_ = now.mono + spec_.drain;
  } else {
    terminate(now, Then::stop);
  }
}

void Unit::change(Instant now, ServiceSpec spec) {
  const auto process = [](const ServiceSpec& s) {
    return std::tie(s.command, s.environment, s.directory, s.user);
  };
  const bool anew = process(spec) != process(spec_);
  const bool other_checks = spec.checks != spec_.checks;
  const bool was_to_stop = phase_ == Phase::stopped || (is_leaving() && then_ == Then::stop);
  spec_ = std::move(spec);
  restarts_.set(spec_.restart);
  if (other_checks) begin_checks(now.mono);
  if (!anew && !was_to_stop) return look_at_checks(now);
  last_order_.reset();  // the file is no order, and waits for none
  if (is_leaving()) then_ = Then::restart_at_once;
  static_cast<void>(order_restart(now, OrderedBy::operator_, "its settings have changed"));
}

// ---------------------------------------------------------------------------------------------

Standing Unit::standing() const {
  Standing out;
  out.incarnation = incarnation_;
  out.ours =
      phase_ != Phase::superseded && !(phase_ == Phase::stopping && then_ == Then::supersede);
  const bool comes_back = then_ == Then::restart || then_ == Then::restart_at_once;
  out.wanted = !at_rest() && (!is_leaving() || comes_back);
  out.words = words_;
  if (phase_ == Phase::starting) {
    out.status = Status::starting;
    out.words = "it is starting";
    if (const std::string evidence = why(checks_); !evidence.empty()) out.words += ": " + evidence;
    return out;
  }
  if (phase_ != Phase::running) {
    out.status = Status::critical;
    return out;
  }
  const Health health = worst(checks_);
  // Unknown: its checks are new ones, and it was well by the old.
  out.status = health == Health::overloaded ? Status::overloaded
               : health <= Health::unknown  ? Status::healthy
                                            : Status::critical;
  out.words = out.status == Status::healthy ? std::string{} : why(checks_);
  out.kept = out.status != Status::critical;
  return out;
}

}  // namespace muster::agent
