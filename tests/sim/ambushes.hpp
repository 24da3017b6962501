/// Ambushes: a disturbance that waits for its moment. What is drawn by time alone seldom falls
/// between a request and its answer; these always do.
#pragma once

#include "plan.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace muster::sim {

/// What an ambush waits for, at any member.
enum class Bait : std::uint8_t {
  revocation_told,
  commit_taken,
  resume_taken,
  join_taken,
  released
};
inline constexpr std::int64_t baits = 5;

/// And what befalls that member, or the broker, then.
enum class Trap : std::uint8_t {
  cut,            ///< Its connection breaks.
  cut_and_apart,  ///< And it cannot make another for a while.
  cut_and_stall,  ///< And the disk stands still.
  cut_and_hold,   ///< And the others of its group give nothing up until just before it is back.
  crash,          ///< The broker's process ends.
  pause_member,
};
inline constexpr std::int64_t traps = 6;

/// An action of the plan as what it waits for and what it does.
struct Ambush {
  Bait bait = Bait::revocation_told;
  Trap trap = Trap::cut;
  Time span = 0;
};

class Ambushes {
 public:
  void lay(const Ambush& ambush) { laid_.push_back(ambush); }
  /// The oldest that waited for this; it waits no longer.
  [[nodiscard]] std::optional<Ambush> take(Bait bait) {
    for (auto it = laid_.begin(); it != laid_.end(); ++it) {
      if (it->bait != bait) continue;
      const Ambush found = *it;
      laid_.erase(it);
      return found;
    }
    return std::nullopt;
  }
  void clear() { laid_.clear(); }

 private:
  std::deque<Ambush> laid_;
};

}  // namespace muster::sim
