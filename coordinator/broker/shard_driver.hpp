/// One shard and what the host owes it: its queue, the requests without an answer, what waits for
/// the disk, the pictures that are not yet published.
#pragma once

#include "event_log.hpp"
#include "held.hpp"
#include "host_stats.hpp"
#include "mail.hpp"
#include "request_table.hpp"
#include "shared.hpp"

#include <muster/core/shard.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace muster::broker {

namespace recorder {
class ShardRecorder;
}

/// Where a driver's output goes: its loop.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void reply(std::uint64_t connection, std::uint64_t correlation, ReplyBody&& body) = 0;
  virtual void push(ShardIndex from, std::uint64_t connection, PushBody&& body) = 0;
  /// Into another shard.
  virtual void feed(Waiting&& change) = 0;
};

/// Time and chance of one turn.
struct TurnTime {
  Mono mono;
  Wall wall;
  std::uint64_t seed = 0;  ///< Fresh random bits; each step draws its own from them.
};

/// On the thread of its loop, after loading.
class ShardDriver {
 public:
  ShardDriver(ShardIndex index, Shared& shared);

  // Before the loops run
  // -----------------------------------------------------------------------------

  /// Replays what the store has, raises the term, and makes that durable. Throws store::StoreError.
  void load(store::Store& store, const TurnTime& now);
  /// Brings the whole catalogue of shard 0 into this shard, durably.
  void take_catalogue(store::Store& store, const core::View& catalogue, const TurnTime& now);
  void publish_first();
  /// Brings all nodes of another shard into this one, once all have published their first picture.
  void take_nodes(store::Store& store, const core::View& other, const TurnTime& now);

  // In a turn, in this order
  // -------------------------------------------------------------------------

  /// The store has synced: publishes, feeds the catalogue, releases what waited.
  void durable(Revision revision, Mono now, Outlet& out);
  void enqueue(Waiting&& waiting) { inbox_.push_back(std::move(waiting)); }
  void enqueue(std::uint64_t connection, std::uint64_t correlation, const Heartbeat& beat) {
    Waiting& waiting = inbox_.emplace_back();
    waiting.shard = index_;
    waiting.connection = connection;
    waiting.correlation = correlation;
    waiting.beat = beat;
  }
  [[nodiscard]] bool has_input() const { return !inbox_.empty(); }
  [[nodiscard]] std::size_t queue_length() const { return inbox_.size(); }
  /// The store has synced, and no Woke has told the core of it.
  [[nodiscard]] bool has_synced() const { return synced_; }
  void woke(Mono last_ran, const TurnTime& now, Outlet& out);
  /// Steps everything that waits.
  void run(const TurnTime& now, Outlet& out);
  /// `drained`: up to when all loops have read their sockets. It may lie before the turn's own
  /// time: a session that was heard since must not look late.
  void tick(Mono drained, const TurnTime& now, Outlet& out);
  /// Remembered between turns that could not change it, for it is asked for twice in each.
  [[nodiscard]] std::optional<Mono> next_deadline(Mono now);
  /// Hands the turn's records to the store, and notes the picture that they make.
  void settle(Mono now, Outlet& out);

  [[nodiscard]] DriverStats& stats() { return stats_; }
  [[nodiscard]] const DriverStats& stats() const { return stats_; }
  /// Copies the core's counters for readers.
  void note_stats();
  [[nodiscard]] Term term() const { return shard_term_; }
  /// The newest decision, durable or not.
  [[nodiscard]] Revision revision() const { return shard_.revision(); }

 private:
  /// What becomes visible together once `revision` is durable.
  struct Pending {
    Revision revision = 0;
    std::shared_ptr<const core::View> view;
    std::vector<std::shared_ptr<const Event>> events;
    std::vector<core::CatalogueChange> catalogue;
    core::NodesChange nodes;
  };

  using Origin = RequestTable::Origin;

  core::Moment moment(const TurnTime& now);
  [[nodiscard]] core::RequestId beat_id(std::size_t place) const;
  [[nodiscard]] std::optional<Origin> origin_of(core::RequestId id);
  void note_beats(std::size_t begin, std::size_t end, const core::Moment& now);
  void step_beat(std::size_t place, core::Moment& now, Outlet& out);
  void step(const core::Input& input, const TurnTime& now, Outlet& out);
  void step_waiting(Waiting& waiting, const TurnTime& now, Outlet& out);
  [[nodiscard]] bool refuse_under_pressure(const Waiting& waiting, const Request& request,
                                           Outlet& out);
  void hand_to_store();
  void pay(Outlet& out);
  void pay_reply(core::Reply& reply, Outlet& out);
  void pay_push(core::Push& push, Outlet& out);
  void deliver(Delivery&& delivery, Outlet& out);
  void append_now(store::Store& store);
  /// Steps the core, and has the input recorded first.
  void step_core(const core::Input& input, const core::Moment& now);
  void remove_forgotten_events(store::Store& store, const store::LoadedShard& loaded);
  void collect_catalogue(Pending& pending);
  void collect_nodes(Pending& pending);
  void feed_others(const Pending& ready, Outlet& out);
  void forget_connection(const core::Command& command, std::uint64_t connection);

  ShardIndex index_;
  Shared& shared_;
  core::Shard shard_;
  recorder::ShardRecorder* recorder_ = nullptr;  // of shared_.options; null: none
  std::vector<Waiting> inbox_;
  std::vector<Waiting> running_;        // the inbox of the turn that runs; kept for its memory
  std::vector<core::RequestId> taken_;  // this turn's requests, plain heartbeats excepted
  std::uint64_t runs_ = 0;
  core::Effects effects_;
  core::Input beat_input_;     // reused: a heartbeat writes three fields of it
  Heartbeat* beat_ = nullptr;  // in beat_input_
  RequestTable requests_;
  HeldQueue held_;
  std::deque<Pending> pending_;
  Revision durable_ = 0;
  std::shared_ptr<const core::View> newest_;  // taken, not necessarily durable
  std::uint64_t chance_ = 0;
  Term shard_term_ = 0;
  bool had_sessions_ = false;
  std::optional<Mono> deadline_;
  Mono deadline_from_;  // when it was asked of the core
  bool deadline_stale_ = true;
  bool synced_ = false;
  bool active_ = false;  // has stepped since it was last settled
  Mono noted_at_;
  EventLog event_log_;
  DriverStats stats_;
};

}  // namespace muster::broker
