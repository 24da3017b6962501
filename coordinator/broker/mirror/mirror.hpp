/// The mirror: every durable event, in order, into a Kafka topic.
///
/// The event records of the store are the outbox. Each is in the same batch as the change that it
/// tells of, so nothing is told that a crash could take back, and nothing is left out. The mirror's
/// thread reads them from the published pictures while it keeps up, and from the store when it has
/// fallen behind what those hold; it hands them to a producer and notes, once a second and without
/// a sync of its own, how far each shard has come. A crash repeats what came after the last note;
/// readers drop repeats by the event's id.
///
/// Nobody ever waits for it: loops only wake it. What waits is bounded on disk; past the bound the
/// oldest go, and a gap marker stands in their place in the topic.
#pragma once

#include "backlog.hpp"
#include "producer.hpp"
#include "window.hpp"

#include "../metrics.hpp"

#include <store/store.hpp>

#include <muster/core/view.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace muster::broker {
class Clock;
class Host;
}  // namespace muster::broker

namespace muster::broker::mirror {

struct MirrorOptions {
  std::string reader = {};      ///< Names the mirror in the store: another name starts anew.
  std::string store_uuid = {};  ///< 32 hex digits, part of every id.
  bool from_now = false;        ///< A new mirror starts with what comes, not with all that is kept.
  std::uint64_t outbox_bytes = 1ULL << 30;
  /// Messages, shared out among the shards, that may have been sent and not passed: one that does
  /// not arrive holds up the notes of all behind it, also of those that have arrived.
  std::size_t most_in_flight = 400'000;
  std::chrono::milliseconds note_interval{1'000};
  std::chrono::milliseconds drain{3'000};  ///< At the end, for what still waits.
  /// Called on the mirror's thread if the store cannot be read: without a mirror nobody would bound
  /// what waits in it.
  std::function<void(std::string)> on_store_failure = {};
};

class Mirror {
 public:
  /// Before the host starts, whose limits say `outbox`. Host, store and clock outlive it.
  Mirror(MirrorOptions options, Host& host, store::Store& store, const Clock& clock,
         MakeProducer make_producer);
  ~Mirror();
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  void start();
  /// Sends what waits, as long as `drain` allows, and notes how far it came. After the host has
  /// stopped. Idempotent.
  void stop();

  void write_metrics(MetricsText& text) const;

 private:
  using View = std::shared_ptr<const core::View>;
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// Events as the store had them from `from` on: what was counted is what is sent next.
  struct Page {
    std::uint64_t from = 0;
    std::vector<std::shared_ptr<const Event>> events;
  };

  struct Shard {
    ShardIndex index = 0;
    Window window;
    Backlog backlog{1};
    std::uint64_t newest = 0;    ///< Newest durable event that is known of.
    std::uint64_t observed = 0;  ///< Newest in the backlog: nothing beyond it is sent.
    Page page;
    std::uint64_t kept_from = 0;         ///< What the store has below it was removed.
    std::deque<store::EventRange> lost;  ///< Dropped in this run, not passed; rising.
    std::uint64_t noted = 0;
  };

  struct Stats {
    Counter delivered;
    Histogram delay;
    std::vector<Counter> positions;  // by shard
    Counter lost;
    Counter failures;
    Counter full;
    Counter lag_events;
    Counter lag_ms;
    Counter in_flight;
    Counter waiting_bytes;
    Counter complaining;
  };

  void wake();
  void wait();
  void run();
  void turn(SteadyTime now);
  void begin(Shard& shard);
  void observe(Shard& shard);
  [[nodiscard]] const Page& page_from(Shard& shard, std::uint64_t from);
  void bound(SteadyTime now);
  [[nodiscard]] Shard* fullest();
  [[nodiscard]] static std::uint64_t first_to_drop(const Shard& shard);
  [[nodiscard]] static const store::EventRange* lost_at(const Shard& shard, std::uint64_t number);
  void tend_producer(SteadyTime now);
  void replace_producer(SteadyTime now);
  void postpone(const std::string& why, SteadyTime now);
  void delivered(std::uint64_t cookie);
  [[nodiscard]] bool feed(Shard& shard);
  [[nodiscard]] bool offer(Shard& shard, const Event& event);
  [[nodiscard]] bool send(Shard& shard, const Event& event);
  void note(bool at_last);
  void note_lag();
  [[nodiscard]] bool caught_up() const;
  [[nodiscard]] bool all_observed() const;
  [[nodiscard]] std::string topic_name(const TopicId& topic);

  const MirrorOptions options_;
  std::size_t most_in_flight_ = 0;  // of a shard
  Host& host_;
  store::Store& store_;
  const Clock& clock_;
  MakeProducer make_producer_;

  std::vector<View> views_;
  std::vector<Shard> shards_;
  std::unique_ptr<Producer> producer_;
  SteadyTime retry_at_;
  std::chrono::milliseconds backoff_{0};
  std::string complaint_;
  SteadyTime noted_at_;
  SteadyTime shouted_at_;
  bool full_ = false;
  std::size_t first_ = 0;  // whose turn it is to be fed first
  Message message_;
  wire::TopicNameOf name_of_;
  std::map<TopicId, std::string> names_;
  std::uint64_t names_version_ = 0;
  Stats stats_;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::atomic<bool> awake_{true};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace muster::broker::mirror
