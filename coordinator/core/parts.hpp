/// What a shard is made of: the durable state, and beside it what lives only in this run.
#pragma once

#include "plan.hpp"
#include "registry.hpp"
#include "replay.hpp"
#include "sessions.hpp"
#include "state.hpp"

#include <muster/core/effects.hpp>
#include <muster/core/shard.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace muster::core {

/// Changes that are gathered before one target is computed for all of them.
struct Gather {
  Mono first;        ///< When the first one came.
  Millis window{0};  ///< Doubles with each further change.
  Mono due;
  Reason reason = Reason::none;
  std::string trigger;
  std::uint32_t changes = 0;
};

/// How far a group's rebalance is. Volatile: rebuilt from the records after a restart.
struct Rebalance {
  std::optional<Gather> gather;
  /// Members whose holdings are not their target yet.
  std::set<std::string, std::less<>> unsettled;
  std::uint32_t revoking = 0;         ///< Members that have not yet released what was asked back.
  Epoch open_epoch = 0;               ///< Whose history entry still waits for its end; 0: none.
  Mono target_at;                     ///< When its target was computed.
  std::optional<Millis> revoked;      ///< From there to the last release, once it has come.
  std::unique_ptr<LevelCache> cache;  ///< Of a large group of like members.
  Departed departed;       ///< Targets of members that went since the last one was computed.
  bool held_back = false;  ///< The target left out a member that takes nothing new.
};

/// The time that a member has to release what is asked back. It runs from when the step that asks
/// is durable, for no member hears of it before: until then the core looks again and again.
struct Revocation {
  SessionTime at = 0;  ///< The deadline; or, while `after` is not durable, the next look.
  Revision after = 0;  ///< 0: the time runs.
};

/// Rebalances by group. Steps concern one group again and again: the last one is at hand.
class RebalanceMap {
 public:
  Rebalance& operator[](const std::string& group) {
    if (last_ == nullptr || last_->first != group) last_ = &*map_.try_emplace(group).first;
    return last_->second;
  }
  void erase(const std::string& group) {
    last_ = nullptr;
    map_.erase(group);
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }
  /// In no order: it must not show.
  [[nodiscard]] auto begin() { return map_.begin(); }
  [[nodiscard]] auto begin() const { return map_.begin(); }
  [[nodiscard]] auto end() { return map_.end(); }
  [[nodiscard]] auto end() const { return map_.end(); }

 private:
  std::unordered_map<std::string, Rebalance> map_;
  std::pair<const std::string, Rebalance>* last_ = nullptr;  // of map_
};

/// What waits for a time, in order of time. Sets, so that equal times have an order too.
struct Rebalances {
  RebalanceMap groups;
  std::set<std::pair<Mono, std::string>> due;                   ///< Targets to compute.
  std::set<std::pair<SessionTime, std::uint32_t>> revocations;  ///< (at, slot).
  std::map<std::uint32_t, Revocation> revocation_of;            ///< By slot.
};

/// Requests that cannot be answered yet.
struct Parked {
  Mono until;
  std::uint64_t version = 0;
  Input input;
};
struct Waiting {
  std::list<Parked> joins;  ///< For a newer catalogue; in order of arrival, hence of time.
};

/// Sessions that have not been heard since the start, and what they were given then.
struct Unheard {
  struct Entry {
    std::uint32_t slot = 0;
    RecordKey key;  // of its silence
    Millis budget{0};
  };
  std::vector<Entry> entries;
  std::size_t next = 0;  ///< Where the present round of notes stands.
  Mono loaded_at;
  std::optional<Mono> note_at;  ///< Nothing: nobody is unheard.
};

struct Parts {
  explicit Parts(ShardOptions o) : options(o), sessions(options.index, options.limits) {}

  [[nodiscard]] std::uint64_t ring_bytes() const { return options.limits.event_ring_bytes; }

  ShardOptions options;
  State state;
  Replay replay{state};
  Sessions sessions;
  Rebalances rebalances;
  Waiting waiting;
  Unheard unheard;
  Registry registry;
  ShardStats stats;
  std::uint64_t token_counter = 0;
  Revision revision_floor = 0;
  bool exhausted = false;       ///< The term is at its limit: nothing can be done any more.
  std::vector<WheelEntry> due;  // reused by each Tick
  std::shared_ptr<View> view;
};

}  // namespace muster::core
