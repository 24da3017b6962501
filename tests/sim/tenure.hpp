/// What the broker heard of one instance or node, whichever process spoke for it: the yardstick for
/// its ladder.
#pragma once

#include "life.hpp"

#include <deque>
#include <string>

namespace muster::sim {

struct Tenure {
  /// Something that was heard and accepted.
  struct Heard {
    Instant arrived;            ///< It reached the broker's socket.
    Instant taken;              ///< The broker read it.
    std::int64_t answered = 0;  ///< In steady time.
  };
  std::int64_t session_ms = 0;
  std::deque<Heard> heard;  ///< The newest few, for a decision is seen only once it is durable.
  Instant taken;            ///< The newest request, whatever became of it.
  Instant told;  ///< When what its answer waited for became durable: its silence begins there.
  /// Requests that the disk may hold were taken, and nobody saw their answers leave.
  std::uint32_t unanswered = 0;
  std::int64_t there_since = -1;  ///< In simulated time: durably registered; -1: it is not.
  std::uint32_t ends = 0;
};

/// More than beats can come while a disk stands still for as long as it ever does.
inline constexpr std::size_t heard_kept = 64;

}  // namespace muster::sim
