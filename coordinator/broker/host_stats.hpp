/// What the host counts: written on its loops, read by metrics() from any thread.
#pragma once

#include "metrics.hpp"

#include <muster/core/shard.hpp>

#include <mutex>

namespace muster::broker {

struct LoopStats {
  Counter turns;
  Counter requests;  ///< Submitted by this loop's connections.
  Counter crossed;   ///< Of those, to shards of other loops.
  Counter replies;   ///< Handed to this loop's connections.
  Counter pushes;
  Counter pushes_refused;  ///< The peer did not read.
  Counter gaps;            ///< Times this loop was away for longer than a gap.
  Counter gap_ms;
  Counter longest_gap_ms;
  Counter drain_rounds;  ///< Before ticks.
  Counter connections;   ///< Now.
};

struct DriverStats {
  Counter held;            ///< Now: replies and pushes that wait for the disk.
  Counter open_requests;   ///< Now: requests without an answer.
  Counter refused_full;    ///< Store full or disk behind.
  Counter durable;         ///< Newest durable revision.
  SharedCounter crossing;  ///< Now: requests on their way from other loops.
  SharedCounter refused_queue;

  mutable std::mutex mutex;  // of `core`
  core::ShardStats core;
};

}  // namespace muster::broker
