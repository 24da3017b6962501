#include "faults.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
constexpr Stamp tenth = second / 10;
constexpr std::size_t spared_workers = 2;
/// Pauses of the broker are measured in this session timeout, the shortest of the fleet.
constexpr Stamp shortest_session = second;

constexpr const char* kinds[] = {"broker kill",  "broker pause", "broker pause beyond S",
                                 "network cut",  "worker kill",  "worker pause beyond S",
                                 "worker leave", "worker join"};

}  // namespace

Faults::Faults(Broker& broker, Relay& relay, Fleet& fleet, std::uint64_t seed, std::size_t workers)
    : broker_(broker), relay_(relay), fleet_(fleet), random_(seed), workers_(workers) {
  for (const char* kind : kinds) counts_[kind] = 0;
}

void Faults::start_fleet() {
  for (std::size_t i = 0; i < workers_; ++i) new_worker();
}

bool Faults::rage(Stamp until) {
  const auto missing = [this] {
    return std::any_of(counts_.begin(), counts_.end(), [](const auto& c) { return c.second == 0; });
  };
  while ((boot_stamp() < until || missing()) && broker_.alive()) {
    strike();
    wait_until(boot_stamp() + between(tenth, 12 * tenth));
  }
  for (const Due& due : due_) due.then();
  due_.clear();
  last_ = boot_stamp();
  return broker_.alive();
}

/// Every kind once, two of them twice, in an order of chance; then again.
void Faults::strike() {
  if (round_.empty()) {
    round_ = {&Faults::kill_broker,  &Faults::pause_broker_briefly, &Faults::pause_broker_for_long,
              &Faults::cut_network,  &Faults::kill_worker,          &Faults::pause_worker,
              &Faults::pause_worker, &Faults::kill_broker,          &Faults::leave,
              &Faults::join};
    std::shuffle(round_.begin(), round_.end(), random_);
  }
  const Kind kind = round_.back();
  round_.pop_back();
  (this->*kind)();
}

void Faults::kill_broker() {
  broker_.kill();
  count("broker kill");
  broker_.start(static_cast<int>(between(1, 3)));
}

void Faults::pause_broker_briefly() {
  pause_broker(between(shortest_session / 10, shortest_session * 9 / 10));
  count("broker pause");
}

void Faults::pause_broker_for_long() {
  pause_broker(between(shortest_session * 12 / 10, shortest_session * 5));
  count("broker pause beyond S");
}

void Faults::pause_broker(Stamp time) {
  broker_.stop();
  wait_until(boot_stamp() + time);
  broker_.go_on();
}

/// From a hiccup to longer than any session.
void Faults::cut_network() {
  relay_.cut();
  count("network cut");
  later(between(3 * tenth, 45 * tenth), [this] { relay_.mend(); });
}

void Faults::kill_worker() {
  fleet_.kill(any_target());
  count("worker kill");
  new_worker();
}

void Faults::pause_worker() {
  const std::size_t worker = any_target();
  const Stamp session = fleet_.session_timeout(worker).count() * 1'000;
  fleet_.stop(worker);
  count("worker pause beyond S");
  later(session + between(5 * tenth, 15 * tenth), [this, worker] { fleet_.go_on(worker); });
}

void Faults::leave() {
  fleet_.ask_to_leave(any_target());
  count("worker leave");
}

void Faults::join() {
  new_worker();
  count("worker join");
}

void Faults::new_worker() {
  const Millis session{between(1'000, 3'000)};
  const std::uint64_t number = started_++;
  const bool spared = number < spared_workers;
  const bool far_away = !spared && number % 2 == 1;
  Fleet::Seat seat{far_away ? relay_.address() : broker_.address()};
  seat.spared = spared;
  seat.judged = !far_away;  // a thread of this program stands in its way
  // A seed of 63 bits is a number to any parser.
  fleet_.start(session, random_() >> 1, seat);
}

void Faults::count(const char* kind) {
  ++counts_[kind];
  std::printf("  %-24s %d\n", kind, counts_[kind]);
  std::fflush(stdout);
}

void Faults::later(Stamp time, std::function<void()> then) {
  due_.push_back({boot_stamp() + time, std::move(then)});
}

/// Does on its way what has come due.
void Faults::wait_until(Stamp time) {
  for (Stamp now = boot_stamp(); now < time; now = boot_stamp()) {
    for (std::size_t i = 0; i < due_.size();) {
      if (due_[i].at > now) {
        ++i;
        continue;
      }
      due_[i].then();
      due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

Stamp Faults::between(Stamp low, Stamp high) {
  return std::uniform_int_distribution<Stamp>(low, high)(random_);
}

/// A worker that runs and may be hurt. If there is none, a new one is started and awaited.
std::size_t Faults::any_target() {
  auto targets = fleet_.targets();
  if (targets.empty()) new_worker();
  while (targets.empty()) {
    wait_until(boot_stamp() + tenth);
    targets = fleet_.targets();
  }
  return targets.at(static_cast<std::size_t>(between(0, static_cast<Stamp>(targets.size()) - 1)));
}

}  // namespace muster::chaos
