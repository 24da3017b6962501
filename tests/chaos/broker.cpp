#include "broker.hpp"

#include <signal.h>

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

Broker::Broker(std::string program, std::string folder)
    : program_(std::move(program)), folder_(std::move(folder)) {}

void Broker::start(int threads) {
  const std::string ready = folder_ + "/ready";
  std::filesystem::remove(ready);
  const std::vector<std::string> words{
      program_, "--data",    folder_ + "/data",       "--listen",   address_, "--ready-file",
      ready,    "--threads", std::to_string(threads), "--min-free", "0"};
  child_ = std::make_unique<Child>(words, folder_ + "/musterd.log");
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!std::filesystem::exists(ready)) {
    if (child_->ended()) throw std::runtime_error("musterd " + *child_->ended() + " at its start");
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("musterd is not ready after a minute");
    std::this_thread::sleep_for(between_looks);
  }
  address_ = native_address(ready);
  present();
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
