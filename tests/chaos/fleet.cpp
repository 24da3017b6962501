#include "fleet.hpp"

#include "journal.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_looks{2};

}  // namespace

void Fleet::start(Millis session_timeout, std::uint64_t seed, const Seat& seat) {
  const std::string name = options_.folder + "/worker-" + std::to_string(workers_.size());
  One one;
  one.journal = name + ".journal";
  one.spared = seat.spared;
  one.host = seat.host;
  one.life.session_timeout = session_timeout;
  one.life.started = boot_stamp();
  const std::vector<std::string> words{own_program(),  "worker",
                                       "--server",     seat.server,
                                       "--sink",       options_.sink,
                                       "--journal",    one.journal,
                                       "--session-ms", std::to_string(session_timeout.count()),
                                       "--seed",       std::to_string(seed)};
  one.child = std::make_unique<Child>(words, name + ".log", seat.surroundings);
  one.life.pid = one.child->pid();
  if (!seat.judged) touch(one);
  workers_.push_back(std::move(one));
}

void Fleet::touch_host(std::size_t host) {
  for (One& one : workers_)
    if (one.host == host) touch(one);
}

std::vector<std::size_t> Fleet::targets() {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    One& one = workers_[i];
    const bool free = !one.spared && !one.stopped && !one.asked;
    if (free && is_up(one) && !one.child->ended()) all.push_back(i);
  }
  return all;
}

std::size_t Fleet::running() {
  return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(), [](One& one) {
    return !one.asked && !one.child->ended();
  }));
}

void Fleet::kill(std::size_t worker) {
  One& one = workers_.at(worker);
  touch(one);
  one.killed = true;
  one.child->signal(SIGKILL);
  one.child->wait();
}

void Fleet::stop(std::size_t worker) {
  One& one = workers_.at(worker);
  touch(one);
  one.stopped = true;
  one.child->signal(SIGSTOP);
}

void Fleet::go_on(std::size_t worker) {
  workers_.at(worker).stopped = false;
  workers_.at(worker).child->signal(SIGCONT);
}

void Fleet::ask_to_leave(std::size_t worker) {
  One& one = workers_.at(worker);
  touch(one);
  one.asked = true;
  one.child->signal(SIGTERM);
}

Millis Fleet::session_timeout(std::size_t worker) const {
  return workers_.at(worker).life.session_timeout;
}

void Fleet::end() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    go_on(i);
    while (!is_up(workers_[i]) && !workers_[i].child->ended())
      std::this_thread::sleep_for(between_looks);
    if (workers_[i].child->ended()) continue;
    ask_to_leave(i);
  }
  for (One& one : workers_) one.child->wait();
}

void Fleet::tell(History& history) {
  for (One& one : workers_) {
    const std::string& how = one.child->wait();
    if (!one.killed && !(one.asked && how == "exited with 0"))
      one.life.end = how + (one.asked ? " when it was asked to leave" : " by itself");
    read_journal(one.journal, one.life, history);
    history.workers.push_back(one.life);
  }
}

/// It opens its journal once it handles SIGTERM.
bool Fleet::is_up(const One& one) {
  return std::filesystem::exists(one.journal);
}

void Fleet::touch(One& one) {
  if (!one.life.touched) one.life.touched = boot_stamp();
}

}  // namespace muster::chaos
