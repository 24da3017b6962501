/// The store's own thread: everything that gathered while one append ran goes into the next one.
#pragma once

#include "mail.hpp"
#include "metrics.hpp"

#include "../store/store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace muster::broker {

class StoreThread {
 public:
  using Told = std::function<void(const std::vector<DurableUpTo>&)>;
  using Failed = std::function<void(std::string)>;

  /// `durable` and `failed` are called on the store's thread; after `failed` nothing is appended.
  StoreThread(store::Store& store, std::uint32_t shards, Told durable, Failed failed);
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  void start();
  /// Appends what waits, flushes the store, and ends the thread. Idempotent.
  void finish();

  /// Queues the records of one turn. True: they joined records of the same shard which had not been
  /// taken yet, so both become durable together. Any thread.
  bool put(ShardIndex shard, std::vector<core::Record>&& records);

  // Instead of start(), for a simulator: an append by halves, between which time may pass.
  /// Takes what waits; nothing does: false.
  bool begin_append();
  /// Appends what was taken, and tells who is to know.
  void end_append();
  /// Keeps the notes and removes the events between two appends (Store::note). Any thread; once
  /// this one has ended, on the caller's.
  void note(std::vector<store::EventNote>&& notes, std::vector<store::EventRange>&& removed);

  /// Copies the store between two appends, on the store's thread; waits for the outcome.
  [[nodiscard]] Result<void> backup(const std::string& path);

  /// Bytes, roughly, that wait to become durable, those of the running append included.
  [[nodiscard]] std::uint64_t unsynced_bytes() const { return unsynced_bytes_.load(); }
  /// How long the running append has been going on; 0: none is running.
  [[nodiscard]] std::chrono::milliseconds running_for() const;

  [[nodiscard]] const Histogram& latency() const { return latency_; }
  [[nodiscard]] std::uint64_t appends() const { return appends_.value(); }
  [[nodiscard]] std::uint64_t records() const { return records_.value(); }

 private:
  struct Queue {
    std::vector<store::Batch> batches;
    std::vector<DurableUpTo> newest;  // the same order as `batches`
    std::uint64_t bytes = 0;
  };
  struct BackupJob {
    const std::string* path = nullptr;
    Result<void> outcome;
    bool done = false;
  };

  void run();
  struct Notes {
    std::vector<store::EventNote> notes;
    std::vector<store::EventRange> removed;
    [[nodiscard]] bool empty() const { return notes.empty() && removed.empty(); }
  };

  bool append(Queue& queue);
  bool keep(const Notes& notes);
  void give_up();
  void take(Queue& into);

  store::Store& store_;
  Told durable_;
  Failed failed_;

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable backup_done_;
  Queue queue_;
  Queue taken_;                      // of the running append
  std::vector<std::int32_t> place_;  // of each shard's batch in queue_, or -1
  BackupJob* job_ = nullptr;
  Notes notes_;
  bool finishing_ = false;
  bool broken_ = false;
  std::atomic<bool> ended_{false};

  std::atomic<std::uint64_t> unsynced_bytes_{0};
  std::atomic<std::int64_t> started_ns_{0};  // of the running append on the steady clock, 0: none
  Histogram latency_;
  Counter appends_;
  Counter records_;
  std::thread thread_;
};

/// What a record weighs in the queue: near enough for a bound.
[[nodiscard]] std::uint64_t approximate_bytes(const core::Record& record);

}  // namespace muster::broker
