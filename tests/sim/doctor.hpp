/// The simulated prober: asks those that have checks whether they serve, and judges the verdict.
#pragma once

#include "agenda.hpp"

#include <muster/core/effects.hpp>
#include <muster/core/registry_record.hpp>
#include <muster/events.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muster::sim {

class World;

class Doctor {
 public:
  explicit Doctor(World& world) : world_(world) {}

  /// Asks everybody whose time has come, as readers see them.
  void round();
  /// V2: who has missed three probes in a row is not handed out, as soon as nothing is under way.
  void look();
  /// V1: nobody is said to be unreachable who has not.
  void hear_event(const Event& event);
  void begin_run() { patients_.clear(); }

 private:
  struct Patient {
    Incarnation incarnation = 0;
    Wall registered_at;
    Status found_before = Status::healthy;  ///< In an earlier run: it goes on from there.
    Time next = 0;
    Time told_at = 0;
    std::uint32_t missed = 0;  ///< In a row.
  };

  World& world_;
  std::map<std::pair<std::string, std::string>, Patient> patients_;
};

}  // namespace muster::sim
