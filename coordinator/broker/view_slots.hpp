/// The published pictures of all shards, and those who wait for a newer one.
#pragma once

#include <muster/core/view.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace muster::broker {

/// Threads: all calls from any thread.
class ViewSlots {
 public:
  /// Runs `f` on the loop of this number.
  using RunOn = std::function<void(std::uint32_t loop, std::function<void()> f)>;

  ViewSlots(std::uint32_t shards, RunOn run_on) : slots_(shards), run_on_(std::move(run_on)) {}

  /// Called with every publication, on the publisher's thread. Before the first one.
  void on_publish(std::function<void()> f) { told_ = std::move(f); }

  /// Only what is durable. Wakes the watchers of older pictures.
  void publish(ShardIndex shard, std::shared_ptr<const core::View> view);

  [[nodiscard]] std::shared_ptr<const core::View> of(ShardIndex shard) const;
  [[nodiscard]] std::vector<std::shared_ptr<const core::View>> all() const;

  /// Calls `f` on `loop` once a picture newer than `than` is published; at once if it already is.
  std::uint64_t watch(std::uint32_t loop, ShardIndex shard, Revision than, std::function<void()> f);
  /// After this `f` is not called, unless it is already on its way to its loop.
  void unwatch(ShardIndex shard, std::uint64_t watch);

  [[nodiscard]] std::size_t watchers() const;
  [[nodiscard]] std::uint64_t published() const;

 private:
  struct Watch {
    std::uint64_t id = 0;
    std::uint32_t loop = 0;
    Revision than = 0;
    std::function<void()> call;
  };
  struct Slot {
    mutable std::mutex mutex;
    std::shared_ptr<const core::View> view;
    std::vector<Watch> watches;
    std::uint64_t last_id = 0;
    std::uint64_t published = 0;
  };

  std::vector<Slot> slots_;
  RunOn run_on_;
  std::function<void()> told_;
};

}  // namespace muster::broker
