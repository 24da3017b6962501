#include "broker.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace muster::chaos {
namespace {

constexpr std::chrono::minutes patience{1};
constexpr std::chrono::milliseconds between_looks{2};

std::string native_address(const std::string& ready_file) {
  const std::string key = "native=";
  std::ifstream file(ready_file);
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with(key)) return line.substr(key.size());
  throw std::runtime_error(ready_file + " does not name the native door");
}

}  // namespace

Broker::Broker(BrokerOptions options) : options_(std::move(options)), address_(options_.listen) {}

void Broker::start(int threads) {
  launch(threads);
  await_ready();
}

void Broker::launch(int threads) {
  const std::string ready = options_.folder + "/ready";
  std::filesystem::remove(ready);
  child_ = std::make_unique<Child>(words(address_, ready, threads),
                                   options_.folder + "/musterd.log", options_.surroundings);
  stopped_ = false;
}

std::vector<std::string> Broker::words(const std::string& listen, const std::string& ready,
                                       int threads) const {
  std::vector<std::string> all{options_.program,
                               "--data",
                               options_.data,
                               "--listen",
                               listen,
                               "--http-listen",
                               "off",
                               "--dns-listen",
                               "off",
                               "--ready-file",
                               ready,
                               "--threads",
                               std::to_string(threads)};
  all.insert(all.end(), options_.flags.begin(), options_.flags.end());
  return all;
}

std::unique_ptr<Child> Broker::rival() const {
  const std::string ready = options_.folder + "/rival-ready";
  return std::make_unique<Child>(words("127.0.0.1:0", ready, 1), options_.folder + "/rival.log",
                                 Child::Surroundings{.network = options_.surroundings.network});
}

void Broker::await_ready() {
  const std::string ready = options_.folder + "/ready";
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!std::filesystem::exists(ready)) {
    if (child_->ended()) throw std::runtime_error("musterd " + *child_->ended() + " at its start");
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("musterd is not ready after a minute");
    std::this_thread::sleep_for(between_looks);
  }
  address_ = native_address(ready);
  present();
  starts_.push_back(boot_stamp());
}

void Broker::kill() {
  if (!alive()) return;
  absent();
  child_->signal(SIGKILL);
  child_->wait();
  stopped_ = false;
}

void Broker::stop() {
  absent();
  child_->signal(SIGSTOP);
  stopped_ = true;
}

void Broker::go_on() {
  child_->signal(SIGCONT);
  stopped_ = false;
  present();
}

void Broker::end() {
  if (!alive()) return;
  child_->signal(SIGTERM);
  if (const std::string& how = child_->wait(); how != "exited with 0")
    ends_.push_back(how + " after SIGTERM");
}

std::optional<std::string> Broker::await_end(Stamp limit) {
  const Stamp until = boot_stamp() + limit;
  while (running()) {
    if (boot_stamp() > until) return std::nullopt;
    std::this_thread::sleep_for(between_looks);
  }
  if (!away_since_) away_since_ = std::max(seen_running_, starts_.back());
  return child_->ended();
}

bool Broker::running() {
  const Stamp now = boot_stamp();
  if (child_->ended()) return false;
  seen_running_ = now;
  return true;
}

bool Broker::alive() {
  const auto& end = child_->ended();
  const bool noted = !ends_.empty();
  if (end && !noted) ends_.push_back(*end + " by itself");
  return !end;
}

void Broker::absent() {
  if (!away_since_) away_since_ = boot_stamp();
}

void Broker::present() {
  if (away_since_) away_.push_back({*away_since_, boot_stamp()});
  away_since_.reset();
}

}  // namespace muster::chaos
