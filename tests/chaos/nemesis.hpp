/// The faults of a chaos run: what strikes next, whom, and for how long; drawn from the seed.
///
/// Every kind that this machine can play strikes once before any strikes again. Faults of the
/// broker and its disk are over when the next one begins; those of the network and the workers
/// last as long as they last, under whatever comes next.
#pragma once

#include "broker.hpp"
#include "disk.hpp"
#include "facilities.hpp"
#include "fleet.hpp"
#include "hosts.hpp"
#include "intruders.hpp"
#include "steered.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace muster::chaos {

/// Which machine is for what.
namespace place {
inline constexpr std::size_t home = 0;         ///< Of the run, the spared, the sentinels.
inline constexpr std::size_t first_field = 1;  ///< Workers, from here
inline constexpr std::size_t last_field = 3;   ///< to here; on this one their clocks can be moved.
inline constexpr std::size_t crowd = 4;
inline constexpr std::size_t intruders = 5;
inline constexpr std::size_t count = 6;
}  // namespace place

/// All that a fault can get hold of.
struct Stage {
  const Hosts& hosts;
  Broker& broker;
  Disk& disk;
  Steered& broker_control;
  Steered& worker_control;
  Fleet& fleet;
  Child& crowd;
};

class Nemesis {
 public:
  /// `only`: the names of kinds, separated by commas; empty: all. Throws std::invalid_argument for
  /// a name that is none.
  Nemesis(Stage stage, const std::vector<Facility>& facilities, std::uint64_t seed,
          const std::string& only);

  void start_fleet(std::size_t workers);
  /// Starts the broker as a power cut needs it.
  void start_broker();
  /// Strikes until `until`, and until every kind has struck; then heals everything. False if the
  /// broker ended by itself.
  bool rage(Stamp until);
  /// What it has done, and since when all is well.
  void tell(History& history) const;
  [[nodiscard]] Stamp last() const { return last_; }

 private:
  struct Due {
    Stamp at;
    std::function<void()> then;
  };
  struct Kind {
    const char* name;
    const char* needs;  ///< A facility.
    void (Nemesis::*strike)();
  };
  static const std::vector<Kind>& kinds();

  void strike();

  // Of the broker's process.
  void kill_broker();
  void kill_recovery();
  void pause_briefly();
  void pause_beyond();
  void pause_for_long();
  void pause_in_the_dark();
  void second_broker();
  // Of its disk.
  void cut_power();
  void fail_sync();
  void fail_write();
  void slow_disk();
  void fill_disk();
  void nearly_fill_disk();
  // Of clocks.
  void jump_wall();
  void jump_steady();
  void jump_worker();
  // Of those who come to it.
  void few_descriptors();
  void storm();
  void rude_peers();
  // Of the network.
  void cut();
  void lose_requests();
  void lose_answers();
  void reset();
  void half_open();
  void die_unheard();
  void lose_packets();
  void narrow();
  void swizzle();
  // Of workers.
  void kill_worker();
  void pause_worker();
  void leave();
  void join();

  void say(const std::string& detail);
  void pause_broker(Stamp time);
  /// The broker has to end with 75 by itself.
  void expect_store_failure(const char* after, Stamp patience, bool must);
  void trouble(Trouble trouble, Stamp low, Stamp high);
  void heal_later(std::size_t host, Stamp time);
  void new_worker(std::size_t host, bool spared);
  void finish_intruders();
  void later(Stamp time, std::function<void()> then);
  void wait_until(Stamp time);
  [[nodiscard]] Stamp between(Stamp low, Stamp high);
  [[nodiscard]] Stamp scaled(Stamp low, Stamp high);
  [[nodiscard]] std::size_t any_field();
  [[nodiscard]] std::size_t any_target();

  Stage stage_;
  std::mt19937_64 random_;
  const Stamp began_;
  std::vector<const Kind*> available_;
  std::vector<const Kind*> round_;
  const Kind* now_ = nullptr;
  std::vector<Due> due_;
  std::vector<bool> troubled_ = std::vector<bool>(place::count, false);
  std::unique_ptr<Intruders> intruders_;
  std::map<std::string, int> struck_;
  std::map<std::string, std::string> skipped_;
  std::map<std::string, std::uint64_t> counts_;
  std::vector<std::string> faults_of_broker_;
  std::vector<Span> disk_slow_;
  std::size_t next_field_ = place::first_field;
  std::uint64_t lost_bytes_ = 0;
  Stamp last_ = 0;
};

}  // namespace muster::chaos
