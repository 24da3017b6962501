/// How soon and how often a program is started again.
#pragma once

#include "spec.hpp"

#include "../dice.hpp"

#include <deque>
#include <optional>

namespace muster::agent {

/// Exponential with full jitter, and a budget: past it, a program that fails again and again is
/// left alone for a while, instead of burning its host.
class Restarts {
 public:
  Restarts(const RestartSpec& spec, std::uint64_t seed) : spec_(spec), dice_(seed) {}

  /// The wait before the restart that is due now, which counts from here on. Nothing: the budget
  /// is spent.
  [[nodiscard]] std::optional<Millis> next(Mono now);
  /// An operator said so, or the window is over: what was counted is forgotten.
  void forget() { counted_.clear(); }
  /// How many count at the moment.
  [[nodiscard]] std::size_t counted() const { return counted_.size(); }
  void set(const RestartSpec& spec) { spec_ = spec; }

 private:
  RestartSpec spec_;
  member::Dice dice_;
  std::deque<Mono> counted_;  // at most budget of them
};

}  // namespace muster::agent
