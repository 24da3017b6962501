/// Those who wait for a newer result of a service, or of the list of services.
#pragma once

#include <muster/core/view.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace muster::broker {

/// Costs nothing while nothing is published that a watcher waits for: a heartbeat moves no index,
/// and a publication in which no index has risen is passed over.
///
/// Threads: all calls from any thread.
class ResultWatches {
 public:
  /// The newest durable pictures of all shards, in their order.
  using Views = std::vector<std::shared_ptr<const core::View>>;
  /// Runs `f` on the loop of this number.
  using RunOn = std::function<void(std::uint32_t loop, std::function<void()> f)>;

  ResultWatches(std::function<Views()> views, RunOn run_on)
      : views_(std::move(views)), run_on_(std::move(run_on)) {}

  /// Calls `f` once, on `loop`, when the service's index is above `than`; at once if it is. An
  /// empty name is the list of services.
  std::uint64_t watch(std::uint32_t loop, const std::string& service, std::uint64_t than,
                      std::function<void()> f);
  /// After this `f` is not called, unless it is already on its way to its loop.
  void unwatch(std::uint64_t watch);

  /// A newer picture of a shard has been published in the place of `old` (null: the first).
  void published(const core::View* old, const core::View& view);

  [[nodiscard]] std::size_t watchers() const;
  /// How many were called so far.
  [[nodiscard]] std::uint64_t woken() const { return woken_; }

 private:
  struct Watch {
    std::uint64_t id = 0;
    std::uint32_t loop = 0;
    std::uint64_t than = 0;
    std::function<void()> call;
  };
  using List = std::vector<Watch>;

  [[nodiscard]] std::uint64_t index_of(const std::string& service) const;
  /// Takes those that wait for less than `index` out of the list of this name.
  void take(const std::string& service, std::uint64_t index, List& out);
  void wake(List&& woken);

  std::function<Views()> views_;
  RunOn run_on_;
  mutable std::mutex mutex_;
  std::map<std::string, List> lists_;           // by service; the empty name: the list of services
  std::map<std::uint64_t, std::string> names_;  // by id
  std::uint64_t last_id_ = 0;
  std::atomic<std::uint64_t> woken_{0};
};

}  // namespace muster::broker
