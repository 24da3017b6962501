/// What the loops of one host share. Built by Host, which owns it.
#pragma once

#include "host.hpp"
#include "result_watches.hpp"
#include "space_watch.hpp"
#include "store_thread.hpp"
#include "view_slots.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace muster::broker {

class Loop;
class ShardDriver;

struct Shared {
  HostOptions options;
  const Clock* clock = nullptr;
  std::vector<std::unique_ptr<ShardDriver>> drivers;  // by shard
  std::unique_ptr<ViewSlots> views;
  std::unique_ptr<ResultWatches> results;
  std::unique_ptr<StoreThread> store;
  std::unique_ptr<SpaceWatch> space;
  std::vector<std::unique_ptr<Loop>> loops;  // by thread

  /// Makes a durable picture the newest, and wakes who waits for it.
  void publish(ShardIndex shard, std::shared_ptr<const core::View> view) {
    const auto old = views->of(shard);
    views->publish(shard, view);
    results->published(old.get(), *view);
  }

  /// A write has failed: nothing is sent any more.
  std::atomic<bool> silent{false};
  /// The host ends: nothing new is taken.
  std::atomic<bool> stopping{false};
  /// How many shards have sessions: while there are some, every loop wakes often.
  std::atomic<std::uint32_t> shards_with_sessions{0};

  /// The newest connection's (connection_table.hpp).
  std::atomic<std::uint32_t> connection_ordinals{0};

  std::vector<std::uint32_t> loop_of_shard;  // in turn over the loops

  [[nodiscard]] std::uint32_t loop_of(ShardIndex shard) const { return loop_of_shard[shard]; }
  /// A handle of a shard that does not exist is no handle; any shard can say so.
  [[nodiscard]] ShardIndex known_shard(ShardIndex shard) const {
    return shard < drivers.size() ? shard : 0;
  }
  [[nodiscard]] std::uint32_t shards() const { return static_cast<std::uint32_t>(drivers.size()); }
};

}  // namespace muster::broker
