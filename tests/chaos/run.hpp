/// One torture run from its first process to its verdicts.
#pragma once

#include "history.hpp"

#include <string>

namespace muster::chaos {

struct RunOptions {
  int seconds = 60;
  std::uint64_t seed = 0;
  std::size_t workers = 6;
  std::int32_t partitions = 24;
  std::string musterd;
  std::string folder;  ///< Exists, and is empty.
};

/// Plays the run. Throws std::exception if it cannot be played to its end.
[[nodiscard]] History play(const RunOptions& options);

/// Prints the verdicts and the closing line; true if all hold.
bool report(const RunOptions& options, const History& history);

}  // namespace muster::chaos
