/// The room that keeps the core's records: one interface, several stores.
///
/// A store knows records (core/record.hpp) and nothing of what they mean. It turns them into bytes
/// of its own (records.fbs, versioned apart from the wire) and keeps the newest value of each key.
#pragma once

#include <muster/core/record.hpp>
#include <muster/errc.hpp>
#include <muster/types.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace muster::store {

/// Why a store could not be opened or read, in one sentence for a person.
class StoreError : public std::runtime_error {
 public:
  StoreError(Errc code, const std::string& what) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] Errc code() const { return code_; }

 private:
  Errc code_;
};

using StoreUuid = std::array<std::uint8_t, 16>;

/// What the folder itself says, fixed when it is made (but for the uuid, which a restore renews).
struct StoreIdentity {
  StoreUuid uuid{};
  std::uint32_t shards = 0;
  std::uint32_t format_version = 0;
};

/// What `load` found beside the records.
struct LoadedShard {
  Revision revision = 0;          ///< The highest ever appended, tombstones included.
  std::uint64_t first_event = 0;  ///< The lowest number of an event; 0: there is none.
  Term term_floor = 0;  ///< The highest term that this store ever gave out, from its boot counter.
  std::uint64_t records = 0;
};

/// The changes of one shard that become durable together. Several steps may share a batch; all
/// records of one step are in the same batch.
struct Batch {
  ShardIndex shard = 0;
  std::vector<core::Record> records;
};

/// How far a reader of the events has come, kept beside the records. `reader` says who that is: a
/// note of another reader is none.
struct EventNote {
  ShardIndex shard = 0;
  std::string reader;
  std::uint64_t passed = 0;  ///< Every event up to here is where the reader wanted it, or lost.
  friend bool operator==(const EventNote&, const EventNote&) = default;
};

/// Gives whether it wants more.
using TakeEvent = std::function<bool(std::shared_ptr<const Event>)>;

/// Events of one shard to be removed; both bounds included.
struct EventRange {
  ShardIndex shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Contract
///   load     gives every present value of the shard once, in the order of the stored keys: kinds
///   in
///            rising order, so topics come before groups and groups before what belongs to them;
///            within a kind by the key's fields, names by (length, bytes), numbers rising. Throws
///            StoreError (store_corrupt) for bytes that it cannot read; it never skips one.
///   append   makes all batches durable, atomically for each batch, in order; returns when they
///   are.
///            A value replaces the one under its key; monostate removes it. On an error the outcome
///            is unknown: the caller must not append again, send nothing more, and exit.
///   Threads  one thread at a time; after `load`, that is the store's own thread. `free_bytes`,
///   `backup`
///            and `failure` from any thread, beside an append too.
class Store {
 public:
  virtual ~Store() = default;

  [[nodiscard]] virtual const StoreIdentity& identity() const = 0;
  virtual LoadedShard load(ShardIndex shard, const std::function<void(core::Record&&)>& take) = 0;
  [[nodiscard]] virtual Result<void> append(std::span<const Batch> batches) = 0;

  /// The events of a shard from number `from` on, rising, until `take` gives false. Any thread,
  /// beside an append too. Throws StoreError for bytes that it cannot read, or a shard that it does
  /// not have.
  virtual void read_events(ShardIndex /*shard*/, std::uint64_t /*from*/,
                           const TakeEvent& /*take*/) {}

  /// The last note of a shard; `passed` 0 and no reader if there is none. Any thread. Throws as
  /// read_events.
  [[nodiscard]] virtual EventNote read_note(ShardIndex shard) { return {shard, {}, 0}; }

  /// Keeps the notes and removes events, all at once. Not durable by itself: it becomes so with the
  /// next append, and none of it before all that was appended earlier. On the store's own thread.
  [[nodiscard]] virtual Result<void> note(std::span<const EventNote> /*notes*/,
                                          std::span<const EventRange> /*removed*/) {
    return {};
  }

  /// Free space where the store lies, in bytes; the largest number where that has no meaning.
  [[nodiscard]] virtual std::uint64_t free_bytes() const = 0;

  /// Writes a consistent copy of everything durable into the new folder `path` while appends go on.
  [[nodiscard]] virtual Result<void> backup(const std::string& path) = 0;

  /// Before a clean end: makes the next start fast. Optional.
  virtual void flush() = 0;

  /// Why the last append or backup failed, in one sentence for a person; empty if none did. Any
  /// thread.
  [[nodiscard]] virtual std::string failure() const { return {}; }
};

/// What a new folder gets if nobody says otherwise.
inline constexpr std::uint32_t default_shards = 8;

struct OpenOptions {
  std::string path;
  /// Of a new folder; of an old one: checked. 0: take what is there, or the default for a new one.
  std::uint32_t shards = 0;
  bool create_if_missing = true;
};

/// Keeps everything in memory, encoded as the other stores do; gone with the object.
[[nodiscard]] std::unique_ptr<Store> make_memory_store(std::uint32_t shards);

/// Opens (or makes, mode 0700) a folder with a RocksDB store, and raises its boot counter durably.
/// Throws StoreError: store_locked, store_corrupt, store_incompatible, store_failed.
[[nodiscard]] std::unique_ptr<Store> open_rocksdb_store(const OpenOptions& options);

/// What `musterd store check` prints.
struct CheckReport {
  StoreIdentity identity;
  std::vector<LoadedShard> shards;
  std::vector<std::string> problems;  ///< Empty: the store is sound.
};
/// Reads every record of a folder that no broker uses. Throws StoreError if it cannot be opened.
[[nodiscard]] CheckReport check_rocksdb_store(const std::string& path);

/// Copies the backup `from` into the new folder `to`, raises each shard's term by 65,536 and its
/// epoch floor to the highest epoch in it + 2^24, and gives it a new uuid, so that nothing that was
/// given out after the backup was made can be taken for current. Throws StoreError.
void restore_rocksdb_store(const std::string& from, const std::string& to);

}  // namespace muster::store
