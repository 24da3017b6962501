#include "nemesis.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
constexpr Stamp tenth = second / 10;
/// The shortest session timeout of the workers and of the sentinels.
constexpr Stamp shortest_session = second;

std::string seconds(Stamp time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", static_cast<double>(time) / second);
  return text;
}

std::size_t open_descriptors(pid_t pid) {
  const auto folder = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

}  // namespace

const std::vector<Nemesis::Kind>& Nemesis::kinds() {
  static const std::vector<Kind> all{
      {"broker kill", "namespaces", &Nemesis::kill_broker},
      {"broker kill while it loads", "namespaces", &Nemesis::kill_recovery},
      {"broker pause", "namespaces", &Nemesis::pause_briefly},
      {"broker pause beyond S", "namespaces", &Nemesis::pause_beyond},
      {"broker pause of 5 - 20 S", "namespaces", &Nemesis::pause_for_long},
      {"broker pause and network cut", "packet filter", &Nemesis::pause_in_the_dark},
      {"second broker", "namespaces", &Nemesis::second_broker},
      {"power cut", "preloaded shim", &Nemesis::cut_power},
      {"failing sync", "preloaded shim", &Nemesis::fail_sync},
      {"failing write", "preloaded shim", &Nemesis::fail_write},
      {"slow disk", "preloaded shim", &Nemesis::slow_disk},
      {"disk full", "tmpfs", &Nemesis::fill_disk},
      {"disk nearly full", "tmpfs", &Nemesis::nearly_fill_disk},
      {"wall clock jump", "preloaded shim", &Nemesis::jump_wall},
      {"steady clock jump", "preloaded shim", &Nemesis::jump_steady},
      {"worker clock jump", "preloaded shim", &Nemesis::jump_worker},
      {"few descriptors", "namespaces", &Nemesis::few_descriptors},
      {"reconnect storm", "namespaces", &Nemesis::storm},
      {"rude peers", "namespaces", &Nemesis::rude_peers},
      {"network cut", "packet filter", &Nemesis::cut},
      {"requests lost", "packet filter", &Nemesis::lose_requests},
      {"answers lost", "packet filter", &Nemesis::lose_answers},
      {"resets", "packet filter: reset", &Nemesis::reset},
      {"half-open connections", "packet filter", &Nemesis::half_open},
      {"worker dies unheard", "packet filter", &Nemesis::die_unheard},
      {"packet loss", "packet filter: random loss", &Nemesis::lose_packets},
      {"narrow network", "traffic shaping", &Nemesis::narrow},
      {"swizzle", "packet filter", &Nemesis::swizzle},
      {"worker kill", "namespaces", &Nemesis::kill_worker},
      {"worker pause beyond S", "namespaces", &Nemesis::pause_worker},
      {"worker leave", "namespaces", &Nemesis::leave},
      {"worker join", "namespaces", &Nemesis::join},
  };
  return all;
}

Nemesis::Nemesis(Stage stage, const std::vector<Facility>& facilities, std::uint64_t seed,
                 const std::string& only)
    : stage_(stage), random_(seed), began_(boot_stamp()) {
  std::set<std::string> wanted;
  std::istringstream names(only);
  for (std::string name; std::getline(names, name, ',');) wanted.insert(name);
  for (const Kind& kind : kinds()) {
    if (!only.empty() && wanted.erase(kind.name) == 0) {
      skipped_[kind.name] = "not asked for";
      continue;
    }
    const Facility& facility = find(facilities, kind.needs);
    if (facility.there) {
      available_.push_back(&kind);
      struck_[kind.name] = 0;
    } else {
      skipped_[kind.name] = std::string(facility.name) + ": " + facility.reason;
    }
  }
  if (!wanted.empty()) throw std::invalid_argument("there is no fault " + *wanted.begin());
}

void Nemesis::start_fleet(std::size_t workers) {
  for (std::size_t i = 0; i < workers; ++i) {
    const bool spared = i < 2;
    new_worker(spared ? place::home : any_field(), spared);
  }
}

void Nemesis::start_broker() {
  stage_.disk.note_durable(*stage_.broker_control);
  stage_.broker.start(static_cast<int>(between(1, 3)));
}

bool Nemesis::rage(Stamp until) {
  const auto missing = [this] {
    return std::any_of(struck_.begin(), struck_.end(), [](const auto& s) { return s.second == 0; });
  };
  const auto well = [this] { return faults_of_broker_.empty() && stage_.broker.alive(); };
  while ((boot_stamp() < until || missing()) && well()) {
    strike();
    wait_until(boot_stamp() + between(tenth, 12 * tenth));
  }
  while (intruders_ && well()) wait_until(boot_stamp());
  for (const Due& due : due_) due.then();
  due_.clear();
  last_ = boot_stamp();
  return well();
}

void Nemesis::tell(History& history) const {
  history.faults = struck_;
  history.skipped = skipped_;
  history.last_fault = last_;
  history.disk_slow = disk_slow_;
  history.broker_ends.insert(history.broker_ends.end(), faults_of_broker_.begin(),
                             faults_of_broker_.end());
  for (const auto& [name, count] : counts_) history.counts[name] += count;
}

void Nemesis::strike() {
  if (round_.empty()) {
    round_ = available_;
    std::shuffle(round_.begin(), round_.end(), random_);
  }
  now_ = round_.back();
  round_.pop_back();
  ++struck_[now_->name];
  (this->*now_->strike)();
}

// The broker's process
// -----------------------------------------------------------------------------------------------

void Nemesis::kill_broker() {
  say({});
  stage_.broker.kill();
  start_broker();
}

/// Again and again before it has loaded; the last one may.
void Nemesis::kill_recovery() {
  const Stamp times = between(2, 6);
  say(std::to_string(times) + " times");
  stage_.broker.kill();
  for (Stamp i = 0; i < times; ++i) {
    stage_.disk.note_durable(*stage_.broker_control);
    stage_.broker.launch(2);
    wait_until(boot_stamp() + between(0, 3 * tenth));
    stage_.broker.kill();
  }
  start_broker();
}

void Nemesis::pause_briefly() {
  pause_broker(between(shortest_session / 10, shortest_session * 9 / 10));
}

void Nemesis::pause_beyond() {
  pause_broker(between(shortest_session * 12 / 10, shortest_session * 5));
}

void Nemesis::pause_for_long() {
  pause_broker(scaled(5 * shortest_session, 20 * shortest_session));
}

void Nemesis::pause_broker(Stamp time) {
  say(seconds(time));
  stage_.broker.stop();
  wait_until(boot_stamp() + time);
  stage_.broker.go_on();
}

/// While it is stopped nothing reaches it either: no beat waits in a socket that could be read
/// before anybody is expelled, so only the credit for the gap keeps the crowd alive.
void Nemesis::pause_in_the_dark() {
  const Stamp time = between(11 * second, 13 * second);  // beyond the longest session of the crowd
  say(seconds(time));
  for (std::size_t host = place::first_field; host <= place::crowd; ++host) {
    stage_.fleet.touch_host(host);
    stage_.hosts.trouble(host, Trouble::cut);
    troubled_[host] = true;
  }
  stage_.broker.stop();
  wait_until(boot_stamp() + time);
  stage_.broker.go_on();
  for (std::size_t host = place::first_field; host <= place::crowd; ++host)
    heal_later(host, 3 * tenth);
}

/// On the same folder: it has to refuse.
void Nemesis::second_broker() {
  say({});
  const auto rival = stage_.broker.rival();
  const Stamp until = boot_stamp() + 10 * second;
  while (!rival->ended() && boot_stamp() < until) wait_until(boot_stamp() + tenth / 10);
  if (rival->ended() && *rival->ended() != "exited with 0")
    ++counts_["second brokers refused"];
  else
    faults_of_broker_.push_back("shares its folder with a second one");
}

// Its disk
// -----------------------------------------------------------------------------------------------

void Nemesis::cut_power() {
  stage_.broker.kill();
  const std::uint64_t gone = stage_.disk.cut_power(*stage_.broker_control, random_);
  say(std::to_string(gone) + " unsynced bytes gone");
  counts_["unsynced bytes gone in power cuts"] += gone;
  start_broker();
}

/// What was not synced is lost, as a failed sync loses it although a later one would succeed.
void Nemesis::fail_sync() {
  const bool full = between(0, 1) == 0;
  say(full ? "ENOSPC" : "EIO");
  stage_.broker_control->sync_errno = full ? ENOSPC : EIO;
  stage_.broker.expect_end();
  stage_.broker_control->sync_errors = 1;
  expect_store_failure("a failed sync", 20 * second, true);
  stage_.broker_control->sync_errors = 0;
  counts_["unsynced bytes gone in power cuts"] +=
      stage_.disk.cut_power(*stage_.broker_control, random_);
  start_broker();
}

/// A short one, or the one after a hundred: in the log, or wherever it falls.
void Nemesis::fail_write() {
  const auto before = static_cast<std::int32_t>(between(0, 100));
  say("after " + std::to_string(before) + " more");
  stage_.broker_control->write_device = stage_.disk.device();
  stage_.broker_control->writes_before = before;
  stage_.broker.expect_end();
  stage_.broker_control->write_errors = static_cast<std::int32_t>(between(1, 3));
  expect_store_failure("a failed write", 20 * second, true);
  stage_.broker_control->write_errors = 0;
  start_broker();
}

void Nemesis::slow_disk() {
  const Stamp each = scaled(tenth / 4, 3 * second);
  const Stamp time = between(2 * second, 6 * second);
  say(seconds(each) + " a sync for " + seconds(time));
  const Stamp from = boot_stamp();
  stage_.broker_control->sync_delay_ms = each / 1'000;
  wait_until(from + time);
  stage_.broker_control->sync_delay_ms = 0;
  disk_slow_.push_back({from, boot_stamp() + each});
}

void Nemesis::fill_disk() {
  const auto left = static_cast<std::uint64_t>(between(0, 1) * between(0, 16 << 10));
  say(std::to_string(left) + " bytes left");
  const Stamp from = boot_stamp();
  stage_.disk.fill(left);
  expect_store_failure("a full disk", 8 * second, false);
  stage_.disk.make_room();
  disk_slow_.push_back({from, boot_stamp()});
  if (!stage_.broker.running()) start_broker();
}

/// Below the reserve: what adds state is refused, everything else goes on.
void Nemesis::nearly_fill_disk() {
  const Stamp time = between(2 * second, 5 * second);
  say(seconds(time));
  stage_.disk.fill(12 << 20);
  wait_until(boot_stamp() + time);
  stage_.disk.make_room();
}

void Nemesis::expect_store_failure(const char* after, Stamp patience, bool must) {
  const Stamp until = boot_stamp() + patience;
  while (stage_.broker.running() && boot_stamp() < until) wait_until(boot_stamp());
  const auto how = stage_.broker.await_end(0);
  if (how && *how == "exited with 75")
    ++counts_[std::string("exits with 75 after ") + after];
  else if (how)
    faults_of_broker_.push_back(*how + " after " + after + ", not with 75");
  else if (must)
    faults_of_broker_.push_back(std::string("went on after ") + after);
  if (!how && must) stage_.broker.kill();
}

// Clocks
// -----------------------------------------------------------------------------------------------

/// Back to 1970, too, but not before: the kernel lets nobody set that.
void Nemesis::jump_wall() {
  constexpr std::int64_t year = 31'557'600, day = 86'400, hour = 3'600;
  const std::int64_t to_1970 = 1 - static_cast<std::int64_t>(std::time(nullptr));
  const std::int64_t jumps[] = {1,   -1,   60,        -60,        hour,    -hour,
                                day, -day, 10 * year, -10 * year, to_1970, 0};
  const std::int64_t to = jumps[between(0, std::ssize(jumps) - 1)];
  say("to " + std::to_string(to) + " s from the truth");
  stage_.broker_control->wall = to * 1'000'000'000;
}

void Nemesis::jump_steady() {
  const Stamp by = scaled(tenth, 60 * shortest_session);
  say("by " + seconds(by));
  stage_.broker_control->steady += by * 1'000;
}

/// As a suspend: all of that machine's workers wake up later than they believe.
void Nemesis::jump_worker() {
  const Stamp by = scaled(tenth, 10 * shortest_session);
  say("by " + seconds(by));
  stage_.fleet.touch_host(place::last_field);
  stage_.worker_control->steady += by * 1'000;
}

// Those who come
// -----------------------------------------------------------------------------------------------

void Nemesis::few_descriptors() {
  const pid_t pid = stage_.broker.pid();
  const Stamp time = between(2 * second, 4 * second);
  rlimit before{};
  // Connections must leave the store its 64: without them it could not go on, and says so.
  const rlim_t few = open_descriptors(pid) + 64 + static_cast<rlim_t>(between(0, 20));
  ::prlimit(pid, RLIMIT_NOFILE, nullptr, &before);
  const rlimit after{few, before.rlim_max};
  say(std::to_string(few) + " for " + seconds(time));
  ::prlimit(pid, RLIMIT_NOFILE, &after, nullptr);
  finish_intruders();
  Intruders many(stage_.hosts, place::intruders, 200, true, random_());
  wait_until(boot_stamp() + time);
  many.finish();
  ::prlimit(pid, RLIMIT_NOFILE, &before, nullptr);
  counts_["connections beyond the descriptors"] += many.cut_off();
}

void Nemesis::storm() {
  say("all of the crowd at once");
  stage_.crowd.signal(SIGUSR1);
}

void Nemesis::rude_peers() {
  const Stamp time = between(8 * second, 15 * second);
  say("250 for " + seconds(time));
  finish_intruders();
  intruders_ = std::make_unique<Intruders>(stage_.hosts, place::intruders, 250, false, random_());
  later(time, [this] { finish_intruders(); });
}

void Nemesis::finish_intruders() {
  if (!intruders_) return;
  intruders_->finish();
  counts_["rude peers"] += intruders_->connected();
  counts_["rude peers cut off"] += intruders_->cut_off();
  intruders_.reset();
}

// The network
// -----------------------------------------------------------------------------------------------

void Nemesis::cut() {
  trouble(Trouble::cut, 3 * tenth, 10 * second);
}
void Nemesis::lose_requests() {
  trouble(Trouble::requests_lost, 3 * tenth, 6 * second);
}
void Nemesis::lose_answers() {
  trouble(Trouble::answers_lost, 3 * tenth, 6 * second);
}
void Nemesis::reset() {
  trouble(Trouble::reset, tenth, 3 * second);
}
void Nemesis::half_open() {
  trouble(Trouble::connections_die, 2 * second, 8 * second);
}
void Nemesis::lose_packets() {
  trouble(Trouble::loss, second, 6 * second);
}
void Nemesis::narrow() {
  trouble(Trouble::narrow, second, 6 * second);
}

/// Neither its end nor a reset reaches the broker; a new one takes its place.
void Nemesis::die_unheard() {
  const std::size_t worker = any_target();
  const std::size_t host = stage_.fleet.host_of(worker);
  say("machine " + std::to_string(host));
  stage_.fleet.touch_host(host);
  stage_.hosts.heal(host);
  stage_.hosts.trouble(host, Trouble::silent_ends);
  stage_.fleet.kill(worker);
  new_worker(host, false);
  troubled_[host] = true;
  heal_later(host, between(second, 5 * second));
}

/// One link after the other, and back in another order.
void Nemesis::swizzle() {
  std::vector<std::size_t> hosts{1, 2, 3, 4};
  std::shuffle(hosts.begin(), hosts.end(), random_);
  say("all machines");
  Stamp at = 0;
  for (const std::size_t host : hosts) {
    stage_.fleet.touch_host(host);
    stage_.hosts.heal(host);
    stage_.hosts.trouble(host, Trouble::cut);
    troubled_[host] = true;
    wait_until(boot_stamp() + between(tenth, 5 * tenth));
  }
  std::shuffle(hosts.begin(), hosts.end(), random_);
  for (const std::size_t host : hosts) heal_later(host, at += between(tenth, second));
}

/// A machine with workers, or now and then that of the crowd.
void Nemesis::trouble(Trouble trouble, Stamp low, Stamp high) {
  const std::size_t host = between(0, 4) == 0 ? place::crowd : any_field();
  const Stamp time = scaled(low, high);
  say("machine " + std::to_string(host) + " for " + seconds(time));
  stage_.fleet.touch_host(host);
  if (troubled_[host]) stage_.hosts.heal(host);
  troubled_[host] = true;
  stage_.hosts.trouble(host, trouble);
  heal_later(host, time);
}

/// Whatever trouble it has by then: the shorter one wins.
void Nemesis::heal_later(std::size_t host, Stamp time) {
  later(time, [this, host] {
    stage_.hosts.heal(host);
    troubled_[host] = false;
  });
}

// Workers
// -----------------------------------------------------------------------------------------------

void Nemesis::kill_worker() {
  say({});
  stage_.fleet.kill(any_target());
  new_worker(any_field(), false);
}

void Nemesis::pause_worker() {
  const std::size_t worker = any_target();
  const Stamp session = stage_.fleet.session_timeout(worker).count() * 1'000;
  say(seconds(session) + " and more");
  stage_.fleet.stop(worker);
  later(session + between(5 * tenth, 15 * tenth), [this, worker] { stage_.fleet.go_on(worker); });
}

void Nemesis::leave() {
  say({});
  stage_.fleet.ask_to_leave(any_target());
  new_worker(any_field(), false);
}

void Nemesis::join() {
  say({});
  new_worker(any_field(), false);
  // Not ever more of them.
  if (stage_.fleet.running() > 12) stage_.fleet.ask_to_leave(any_target());
}

void Nemesis::new_worker(std::size_t host, bool spared) {
  Fleet::Seat seat{Hosts::broker_address(host), host, spared};
  seat.surroundings.network = stage_.hosts.network(host);
  if (host == place::last_field)
    seat.surroundings.environment = stage_.worker_control.environment();
  // A seed of 63 bits is a number to any parser.
  stage_.fleet.start(Millis{between(1'000, 3'000)}, random_() >> 1, seat);
}

// Tools
// -----------------------------------------------------------------------------------------------

void Nemesis::say(const std::string& detail) {
  std::printf("  %7.2f  %-28s %s\n", static_cast<double>(boot_stamp() - began_) / second,
              now_->name, detail.c_str());
  std::fflush(stdout);
}

void Nemesis::later(Stamp time, std::function<void()> then) {
  due_.push_back({boot_stamp() + time, std::move(then)});
}

/// Does on its way what has come due.
void Nemesis::wait_until(Stamp time) {
  do {
    const Stamp now = boot_stamp();
    for (std::size_t i = 0; i < due_.size();) {
      if (due_[i].at > now) {
        ++i;
        continue;
      }
      const auto then = std::move(due_[i].then);
      due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(i));
      then();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  } while (boot_stamp() < time);
}

Stamp Nemesis::between(Stamp low, Stamp high) {
  return std::uniform_int_distribution<Stamp>(low, high)(random_);
}

/// As often between 1 and 2 as between 10 and 20.
Stamp Nemesis::scaled(Stamp low, Stamp high) {
  const double exponent = std::uniform_real_distribution<double>(
      std::log(static_cast<double>(low)), std::log(static_cast<double>(high)))(random_);
  return static_cast<Stamp>(std::exp(exponent));
}

std::size_t Nemesis::any_field() {
  const std::size_t field = next_field_;
  next_field_ = field == place::last_field ? place::first_field : field + 1;
  return field;
}

/// A worker that runs and may be hurt. If there is none, a new one is started and awaited.
std::size_t Nemesis::any_target() {
  auto targets = stage_.fleet.targets();
  if (targets.empty()) new_worker(any_field(), false);
  while (targets.empty()) {
    wait_until(boot_stamp() + tenth);
    targets = stage_.fleet.targets();
  }
  return targets.at(static_cast<std::size_t>(between(0, static_cast<Stamp>(targets.size()) - 1)));
}

}  // namespace muster::chaos
