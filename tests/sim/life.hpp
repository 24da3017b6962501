/// One identity of a member, from its first Join to its end, and what the broker heard of it: the
/// yardstick for expulsions.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace muster::sim {

/// A point of the broker's time: `session` is steady time less the broker's own gaps.
struct Instant {
  std::uint32_t run = 0;  ///< Which run of the broker; 0: never.
  std::int64_t mono = 0;
  std::int64_t session = 0;
};

struct Life {
  std::uint32_t number = 0;
  std::uint32_t node = 0;
  std::string group;
  std::string member;
  std::int64_t session_ms = 0;
  std::int64_t rebalance_ms = 0;
  std::int64_t max_poll_ms = 0;

  Instant accepted;  ///< The newest request that the broker has accepted: when it took it.
  Instant arrived;   ///< When that had reached its socket.
  std::int64_t newest_taken = 0;  ///< Steady time at which the newest request was taken.
  std::int64_t join_taken = -1;   ///< In simulated time: its newest Join.
  Instant taken;  ///< The newest request that the broker took, whatever became of it.
  /// When the broker took the first beat with new progress, or the Join, answered or not: the
  /// answer may be lost. The newest few, for a decision is seen only once it is durable.
  std::deque<Instant> progress;
  std::uint32_t progress_number = 0;
  std::uint32_t progress_run = 0;  ///< Of the broker, that these are of.
  /// When what its answer waited for became durable: its Join, or the end of a note that had called
  /// it silent. Its silence begins no earlier.
  Instant told;
  Instant revoking;  ///< When the broker decided to ask something back that it still has.
  SessionHandle handle;
  bool gone = false;          ///< Durably removed.
  std::int64_t gone_at = 0;   ///< In simulated time.
  std::uint32_t ends = 0;     ///< How often: a Join that is repeated may bring it back.
  Reason why = Reason::none;  ///< And why.
};

/// More than beats can come while a disk stands still for as long as it ever does.
inline constexpr std::size_t progress_kept = 64;

class Lives {
 public:
  Life& add(Life life) {
    life.number = static_cast<std::uint32_t>(all_.size());
    by_id_[life.member] = life.number;
    return all_.emplace_back(std::move(life));
  }
  [[nodiscard]] Life& operator[](std::uint32_t number) { return all_[number]; }
  /// Null for an id that no member of this world has had.
  [[nodiscard]] Life* find(const std::string& member) {
    const auto it = by_id_.find(member);
    return it == by_id_.end() ? nullptr : &all_[it->second];
  }
  [[nodiscard]] std::deque<Life>& all() { return all_; }

 private:
  std::deque<Life> all_;
  std::map<std::string, std::uint32_t> by_id_;
};

}  // namespace muster::sim
