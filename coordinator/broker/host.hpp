/// The host: drives the pure cores on real threads, and pays what they owe.
///
/// One loop (an io_context with its thread) drives several shards. A turn of a loop is: `Woke` for
/// each of its shards, the requests that gathered, `Tick` for those that are due; then the records
/// go to the store's thread, replies that depend on nothing leave at once, and the others when the
/// store has synced. Doors see only this header.
#pragma once

#include <muster/core/shard.hpp>
#include <muster/messages.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::store {
class Store;
struct EventNote;
struct EventRange;
}  // namespace muster::store

namespace muster::broker {

class Clock;
class OwnerTables;

/// Where answers and pushes for one connection go: implemented by a door's connection. All calls
/// come on the connection's own loop.
class Peer {
 public:
  virtual ~Peer() = default;
  /// The answer to the request that was submitted with this correlation.
  virtual void answer(std::uint64_t correlation, const ReplyBody& body) = 0;
  /// An unasked message. False: the peer does not read and its bound is reached; the host then
  /// tells the core (PushStalled) and the connection closes itself.
  [[nodiscard]] virtual bool push(const PushBody& body) = 0;
  /// A group of calls has ended: write what has gathered, in one go.
  virtual void flush() = 0;
};

class MetricsText;
namespace probe {
class AllowList;
}
namespace recorder {
class Recorder;
}

struct HostOptions {
  std::uint32_t threads = 1;
  core::Limits limits;
  std::uint64_t min_free_bytes = 256ULL << 20;  ///< Below it, requests that add state are refused.
  std::uint32_t max_queue = 1'000'000;  ///< Requests waiting for one shard; more are refused.
  std::uint64_t max_unsynced_bytes = 256ULL
                                     << 20;      ///< Waiting for the disk; more state is refused.
  std::shared_ptr<recorder::Recorder> recorder;  ///< Null: nothing is recorded.
  std::shared_ptr<const probe::AllowList> probe_allow;  ///< Null: who registers, and nobody else.
  std::uint64_t seed = 0;  ///< Of all random bits, so that a run can be repeated; 0: the system's.
  /// Called once, from any thread, when a write or sync has failed: nothing is sent any more.
  std::function<void(std::string)> on_store_failure;
};

class Host {
 public:
  /// Loads every shard from the store and raises its term; throws store::StoreError. `clock` and
  /// `store` outlive the host.
  Host(HostOptions options, const Clock& clock, store::Store& store);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] std::uint32_t threads() const;
  [[nodiscard]] std::uint32_t shards() const;

  /// The loop's io_context: doors accept and read on it.
  [[nodiscard]] boost::asio::io_context& loop(std::uint32_t thread);
  /// The loop that drives the shard of this group.
  [[nodiscard]] std::uint32_t loop_of(std::string_view group) const;

  /// Starts the loops' threads and the store's; sessions get their time from now on.
  void start();
  /// Ends: nothing new is taken, what is durable is answered, threads are joined. Idempotent.
  void stop();

  // The four calls for doors
  // -----------------------------------------------------------------------

  /// Makes a connection known; calls come back on loop `thread`. Gives its id, never 0.
  [[nodiscard]] std::uint64_t attach(std::uint32_t thread, std::shared_ptr<Peer> peer);
  /// The connection is gone: its parked requests are dropped, its sessions live on until they
  /// expire.
  void detach(std::uint32_t thread, std::uint64_t connection);

  /// Hands a request to its shard; the answer comes through Peer::answer. Call it on the
  /// connection's loop. The shard is that of the request's group, service or node; heartbeats and
  /// others that carry only a handle name their shard in the handle's top bits (core makes handles
  /// so).
  void submit(std::uint32_t thread, std::uint64_t connection, std::uint64_t correlation,
              Request&& request, const core::Principal& principal);

  /// The same for an anonymous heartbeat, the one request that comes by the million.
  void submit(std::uint32_t thread, std::uint64_t connection, std::uint64_t correlation,
              const Heartbeat& beat);
  /// What probes of checks found, on its way into their shards. Any thread.
  void probed(std::vector<core::Probed>&& results);
  /// On loop `thread`: does `work` behind a turn, once nothing more urgent is ready, a few
  /// milliseconds at a time with all that was deferred. For what costs time and moves nothing.
  void defer(std::uint32_t thread, std::function<void()> work);

  /// The newest durable pictures of all shards. Any thread.
  [[nodiscard]] std::vector<std::shared_ptr<const core::View>> views() const;
  /// That of one shard.
  [[nodiscard]] std::shared_ptr<const core::View> view(ShardIndex shard) const;

  /// Who holds each partition in those pictures. On loop `thread`.
  [[nodiscard]] OwnerTables& owners(std::uint32_t thread);

  /// Tells `thread`'s loop once the shard's published view is newer than `than`: calls `f` there. A
  /// watcher that no longer wants it says `unwatch`.
  std::uint64_t changed(std::uint32_t thread, ShardIndex shard, Revision than,
                        std::function<void()> f);
  void unwatch(ShardIndex shard, std::uint64_t watch);

  /// The contract of lookups: calls `f` once on `thread`'s loop when the result of this service
  /// (an empty name: of the list of services) has an index above `than`, as the views show it; at
  /// once if it has. Who waits no longer says `unwatch_result`; deadlines are the door's own.
  std::uint64_t result_changed(std::uint32_t thread, const std::string& service, std::uint64_t than,
                               std::function<void()> f);
  void unwatch_result(std::uint64_t watch);

  /// Prometheus text of everything the host counts, and of what was added. Any thread.
  [[nodiscard]] std::string metrics() const;
  /// A door's own counters, written at the end of metrics(). Before start(); `write` runs on any
  /// thread.
  void add_metrics(std::function<void(MetricsText&)> write);

  /// Called whenever a newer picture is published, on a loop: it must be short. Before start().
  void on_published(std::function<void()> f);
  /// Store::note, on the store's thread; after stop() on the caller's. Any thread.
  void note_events(std::vector<store::EventNote>&& notes, std::vector<store::EventRange>&& removed);

  /// A write to the store has failed: a door sends nothing any more. Any thread.
  [[nodiscard]] bool silent() const;

  // For musterd itself
  // -----------------------------------------------------------------------------

  /// Copies the store into the new folder `path` while everything goes on; waits for the outcome.
  [[nodiscard]] Result<void> backup(const std::string& path);
  /// Whether every loop has run within this time: what the watchdog is told. Any thread.
  [[nodiscard]] bool responsive(Millis within) const;
  /// The term of a shard in this run.
  [[nodiscard]] Term term_of(ShardIndex shard) const;

  // For a simulator, which runs the loops and the store by hand instead of start()
  // -----------------------------------------------------------------------------

  struct Parts;  // host_parts.hpp
  [[nodiscard]] Parts& parts() { return *parts_; }

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::broker
