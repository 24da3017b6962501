/// One chaos run from its first process to its history.
#pragma once

#include "facilities.hpp"
#include "history.hpp"

#include <string>
#include <vector>

namespace muster::chaos {

struct SceneOptions {
  int seconds = 120;
  std::uint64_t seed = 0;
  std::size_t workers = 8;
  std::int32_t partitions = 24;
  std::size_t crowd = 1'000;
  std::string only;  ///< Names of faults, separated by commas; empty: all.
  std::string musterd;
  std::string folder;  ///< Exists, and is empty.
};

/// Plays the run. Throws std::exception if it cannot be played to its end.
[[nodiscard]] History play(const SceneOptions& options, const std::vector<Facility>& facilities);

/// Prints verdicts, counts and the closing line; true if all hold.
bool report(const History& history);

}  // namespace muster::chaos
