/// What goes wrong in a world: the actions of its plan, and ambushes that wait for their moment.
/// Once the world is calm, nothing does.
#pragma once

#include "ambushes.hpp"
#include "plan.hpp"

#include <cstdint>
#include <vector>

namespace muster::sim {

class World;

class Trouble {
 public:
  explicit Trouble(World& world) : world_(world) {}

  void act(const Action& action);
  /// This is happening at a member: an ambush may have waited for it.
  void bait(Bait bait, std::int32_t who);
  /// The trap of an ambush whose moment came: What::sprung, by number.
  void spring(std::uint32_t trap);
  /// Now and then: what has lasted long enough ends.
  void look();
  /// No ambush waits any more.
  void end() { ambushes_.clear(); }

 private:
  struct Sprung {
    Trap trap;
    std::int32_t who;
    Time span;
  };

  void act_on_member(const Action& action);
  void act_on_server(const Action& action);

  World& world_;
  Ambushes ambushes_;
  std::vector<Sprung> sprung_;
  Time full_until_ = 0;
};

}  // namespace muster::sim
