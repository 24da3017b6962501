/// The coordinator's core: one shard of groups, as a plain single-threaded object.
///
/// The core is pure. Requests and time go in (`Input`, `Moment`); records, replies, pushes and
/// events come out (`Effects`). It reads no clock, opens no socket or file, starts no thread, draws
/// no random number, writes no log. The same inputs give the same effects, byte for byte:
/// simulation, the flight recorder and recovery rest on that.
///
/// Who uses it: the broker's host, which drains requests into it and pays what it owes
/// (effects.hpp); the simulator; and any program that embeds a coordinator of its own
/// (member/examples/embed.cpp).
///
///   Shard shard{{.index = 0}};
///   for (const Record& r : stored) shard.replay(r);      // what was durable
///   shard.step({.command = Loaded{}}, now, effects);      // raises the term, starts the sessions
///   shard.step({.id = 1, .command = Request{Join{…}}}, now, effects);
#pragma once

#include <muster/core/effects.hpp>
#include <muster/core/image.hpp>
#include <muster/core/limits.hpp>
#include <muster/core/view.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace muster::core {

struct ShardOptions {
  ShardIndex index = 0;
  Limits limits;
};

/// Counts since construction, for metrics. Plain numbers; read on the shard's own thread.
struct ShardStats {
  std::uint64_t sessions = 0;            // now
  std::uint64_t groups = 0;              // now
  std::uint64_t members = 0;             // now
  std::uint64_t profiles = 0;            // now: different ones among the members (member.hpp)
  std::uint64_t topics = 0;              // now
  std::uint64_t services = 0;            // now
  std::uint64_t instances = 0;           // now
  std::uint64_t nodes = 0;               // now
  std::uint64_t departed = 0;            // now: instances that are gone and remembered
  std::uint64_t protected_services = 0;  // now
  std::uint64_t flapping = 0;            // now: instances that failed lately
  std::uint64_t parked = 0;              // now: requests that wait
  std::uint64_t event_ring_bytes = 0;    // now
  std::uint64_t requests = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t refusals = 0;
  std::uint64_t expulsions = 0;
  std::uint64_t instances_expired = 0;
  std::uint64_t protections = 0;
  std::uint64_t targets_computed = 0;
  std::uint64_t partitions_moved = 0;
  std::uint64_t commits = 0;
  std::uint64_t events = 0;
  std::uint64_t events_dropped = 0;  // out of the ring
  std::uint64_t gaps_credited = 0;
  std::uint64_t gap_ms_credited = 0;

  friend bool operator==(const ShardStats&, const ShardStats&) = default;
};

/// What a shard is made of (parts.hpp).
struct Parts;

/// Threads  one at a time; the object has no locks.
/// Errors   a refused request is a Reply with a Refusal; `replay` refuses records that make no
/// sense.
class Shard {
 public:
  explicit Shard(ShardOptions options = {});
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Rebuilds the state: every durable record, before the first step; in revision order, or, from a
  /// compacted store, in any order in which a group comes before what belongs to it and topics come
  /// before groups (the order of RecordKind does).
  [[nodiscard]] Result<void> replay(const Record& record);

  /// Handles one input. Adds to `out`. Never throws but for lack of memory, never blocks.
  void step(const Input& input, const Moment& now, Effects& out);

  /// When a Tick is due at the latest; nothing while there is nothing to wait for.
  [[nodiscard]] std::optional<Mono> next_deadline() const;

  /// The present picture; the same object while nothing has changed. Publish it once its revision
  /// is durable.
  [[nodiscard]] std::shared_ptr<const View> view();

  /// Touches the session's memory ahead of its heartbeat: call it for a batch before stepping the
  /// batch.
  void prefetch(SessionHandle session) const noexcept;

  /// The whole shard. What it keeps only for speed is dropped, so that it goes on just as a shard
  /// restored from the image; costs a pass over all there is.
  [[nodiscard]] Image image();
  /// Instead of replay() and Loaded, on a fresh shard of the same options. Errors: store_corrupt if
  /// it is no image that this build took; the shard is then good for nothing.
  [[nodiscard]] Result<void> restore(const Image& image);

  [[nodiscard]] Revision revision() const;
  [[nodiscard]] ShardStats stats() const;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::core
