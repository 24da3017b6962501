/// `musterd replay FILE`: what a recording tells.
#pragma once

#include "../broker.hpp"

#include <muster/types.hpp>

#include <cstdint>
#include <string>

namespace muster::broker::recorder {

struct ReplayWish {
  std::string file;
  std::string group;   ///< Only what concerns it; empty: all.
  Epoch epoch = 0;     ///< With a group: only what led to this epoch and followed from it.
  std::string from;    ///< Prints from then on; what comes before is run silently.
  std::string until;   ///< Stops there.
  bool all = false;    ///< Steps without effects, too.
  bool state = false;  ///< At the end, who is there and owns what.
};

/// Prints to standard output; failed if a part cannot be read or a replay comes to another state
/// than the recording says.
[[nodiscard]] ExitCode replay(const ReplayWish& wish, const std::string& version);

}  // namespace muster::broker::recorder
