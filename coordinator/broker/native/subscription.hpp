/// Connections that follow the events: further answers to one ReadEvents as the views change.
#pragma once

#include "../host.hpp"

#include <muster/messages.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace muster::broker::native {

/// Where the answers go: a connection.
class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Sends one answer. False: the peer is behind, nothing more should come for now.
  virtual bool send_events(std::uint64_t correlation, const ReplyBody& body) = 0;
  /// The same of an answer that was written for many: a whole frame.
  virtual bool send_frame(std::uint64_t correlation, std::span<const std::byte> frame) = 0;
  /// Writes what was sent, in one go.
  virtual void flush() = 0;
  /// A call that is dropped if the connection has gone meanwhile, and written out behind it.
  virtual std::function<void()> guarded(std::function<void()> call) = 0;
};

/// What a connection follows. It keeps positions, not events: a reader that falls behind costs
/// nothing, and finds a gap in the numbers if the ring went on without it. On the connection's
/// loop.
class Subscriptions {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;
  static constexpr std::size_t max_per_connection = 16;

  Subscriptions(Host& host, std::uint32_t loop, EventSink& sink)
      : host_(host), loop_(loop), sink_(sink) {}
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  /// Begins to follow and sends the first answer; or says why not.
  std::optional<Refusal> add(std::uint64_t correlation, ReadEvents query);
  /// The peer has taken what waited: goes on with those that were held up.
  void resume();
  /// Ends those that have been held up since before `since`, and tells them why. Gives how many.
  std::size_t cut(SteadyTime since);
  /// Must be called before the host ends, if anything is still followed.
  void clear();

 private:
  struct One {
    std::uint64_t correlation = 0;
    ReadEvents query;
    std::vector<std::uint64_t> watches;  // by shard; 0: not watched
    bool held_up = false;
    SteadyTime held_since;
  };
  using Views = std::vector<std::shared_ptr<const core::View>>;

  /// Sends what is there; then watches for more. `first`: also answers with nothing.
  void pump(One& one, bool first);
  void watch(One& one, const Views& views);
  void fired(std::uint64_t correlation, ShardIndex shard);
  void unwatch(One& one);
  [[nodiscard]] One* find(std::uint64_t correlation);

  Host& host_;
  std::uint32_t loop_;
  EventSink& sink_;
  std::vector<std::unique_ptr<One>> list_;
};

}  // namespace muster::broker::native
