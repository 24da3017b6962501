/// Runs worlds: one by one, many at a time in processes of their own (a broken assertion ends only
/// its process), twice to compare, and ever smaller.
#pragma once

#include "marks.hpp"
#include "plan.hpp"
#include "witness.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace muster::sim {

struct Outcome {
  Violation violation;  ///< An empty invariant: all promises were kept.
  Marks marks{};
  std::uint64_t events = 0;
  Time time = 0;
  std::uint64_t hash = 0;
  std::uint64_t actions = 0;
  Time settled_after = -1;
};

/// In this process: a broken assertion of the core ends it.
[[nodiscard]] Outcome run(const Case& story, bool loud = false);
/// In a process of its own: a broken assertion, or a crash, is the invariant "assertion".
[[nodiscard]] Outcome run_apart(const Case& story);

struct Found {
  std::uint64_t seed = 0;
  Violation violation;
};
struct SwarmOptions {
  std::uint64_t from = 1;
  std::uint64_t seeds = 3'000;
  double seconds = 0;  ///< If above 0: as many seeds as fit.
  unsigned jobs = std::max(1U, std::thread::hardware_concurrency());
  unsigned most_found = 10;  ///< Broken promises after which it ends.
  unsigned twice = 100;      ///< Each n-th seed is run again and must be the same to the bit.
};
struct SwarmResult {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::uint64_t actions = 0;
  Time time = 0;
  double wall_seconds = 0;
  double cpu_seconds = 0;
  Time longest_settling = 0;
  std::uint64_t compared = 0;
  Marks marks{};
  std::vector<Found> found;
};
[[nodiscard]] SwarmResult swarm(const SwarmOptions& options);

/// A smaller case that breaks the same promise, found within `seconds`.
[[nodiscard]] Case shrink(const Case& story, const std::string& invariant, double seconds);

}  // namespace muster::sim
