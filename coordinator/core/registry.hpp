/// What of the registry lives only in this run: its timers, and what is known of other shards.
#pragma once

#include "sessions.hpp"

#include <muster/core/pack.hpp>
#include <muster/types.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muster::core {

/// (service, instance).
using InstanceKey = std::pair<std::string, std::string>;

/// How often an instance has failed lately (damping.hpp).
struct Damping {
  std::uint32_t score = 0;       ///< Thousandths of a failure.
  SessionTime halves_at = 0;     ///< When half of it is forgotten.
  SessionTime rising_since = 0;  ///< When it was heard again after it was critical; 0: never.
};

/// What an instance's checks have found, one entry a check (probes.hpp).
struct Probes {
  struct One {
    std::uint8_t missed = 0;  ///< In a row, as bad and passed are.
    std::uint8_t bad = 0;
    std::uint8_t passed = 0;
    Status status = Status::healthy;
    SessionTime answered = 0;  ///< When it last answered in this run, well or not; 0: never.
  };
  Incarnation incarnation = 0;
  std::vector<One> checks;
};

struct Registry {
  std::map<InstanceKey, Damping> damping;
  std::set<std::pair<SessionTime, InstanceKey>> halvings;

  struct Protection {
    SessionTime until = 0;
    bool ending = false;  ///< Most are heard again: `until` is near, for the last of them.
  };
  std::map<std::string, Protection> protections;  ///< By service.

  struct ForeignNode {
    ShardIndex from = 0;
    Status status = Status::starting;
  };
  std::map<std::string, ForeignNode> nodes;  ///< Of other shards.
  /// Nodes that are not there: when those that live with them go.
  std::set<std::pair<SessionTime, std::string>> orphans;

  /// Instances that are gone, in the order in which they are forgotten.
  struct Gone {
    SessionTime until = 0;
    InstanceKey who;
    std::uint64_t number = 0;
  };
  std::deque<Gone> gone;

  std::map<InstanceKey, Probes> probes;  ///< Of those that were probed in this run.

  std::set<std::string> unsure;  ///< Services of which nobody was heard or judged in this run.

  [[nodiscard]] std::optional<SessionTime> next_deadline() const;

  void pack(Packer& out) const;
  void unpack(Unpacker& in);
};

}  // namespace muster::core
