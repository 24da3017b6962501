/// The fault schedule: what strikes next, and when. Seeded, so that a run can be repeated as far as
/// real processes allow.
#pragma once

#include "broker.hpp"
#include "fleet.hpp"
#include "relay.hpp"

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace muster::chaos {

class Faults {
 public:
  Faults(Broker& broker, Relay& relay, Fleet& fleet, std::uint64_t seed, std::size_t workers);

  /// Starts the fleet; two of its workers are spared for the whole run.
  void start_fleet();
  /// Strikes until `until`, and until every kind has struck; then lets everybody go on. False if
  /// the broker ended by itself.
  bool rage(Stamp until);

  [[nodiscard]] const std::map<std::string, int>& counts() const { return counts_; }
  [[nodiscard]] Stamp last() const { return last_; }

 private:
  struct Due {
    Stamp at;
    std::function<void()> then;
  };
  using Kind = void (Faults::*)();

  void strike();
  void kill_broker();
  void pause_broker_briefly();
  void pause_broker_for_long();
  void cut_network();
  void kill_worker();
  void pause_worker();
  void leave();
  void join();

  void pause_broker(Stamp time);
  void new_worker();
  void count(const char* kind);
  void later(Stamp time, std::function<void()> then);
  void wait_until(Stamp time);
  [[nodiscard]] Stamp between(Stamp low, Stamp high);
  [[nodiscard]] std::size_t any_target();

  Broker& broker_;
  Relay& relay_;
  Fleet& fleet_;
  std::mt19937_64 random_;
  const std::size_t workers_;
  std::vector<Kind> round_;  // what is still to strike before all kinds begin again
  std::vector<Due> due_;
  std::map<std::string, int> counts_;
  std::uint64_t started_ = 0;  // workers
  Stamp last_ = 0;
};

}  // namespace muster::chaos
