/// The simulated disk under the real host: what is durable survives the host, what is not may not.
#pragma once

#include "dice.hpp"
#include "ledger.hpp"

#include "store/memory_store.hpp"
#include "store/store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace muster::sim {

/// Outlives the stores that are opened on it.
class Disk {
 public:
  /// `encoded`: records pass through the store's own codec on their way.
  Disk(std::uint32_t shards, bool encoded, Ledger& ledger);

  /// One run of a broker opens it.
  [[nodiscard]] std::unique_ptr<store::Store> open();

  /// The next append fails; of its batches, `permille` of them are durable all the same.
  void fail_next(std::int64_t permille) { fails_ = permille; }
  /// Appends fail from the one after `n` more on: a crash in the middle of recovery.
  void die_after(std::int64_t n) { dies_after_ = n; }
  void revive() { dies_after_.reset(), fails_.reset(); }
  void set_free(std::uint64_t bytes) { free_ = bytes; }

  [[nodiscard]] const std::map<core::RecordKey, core::Record>& records(ShardIndex shard) const {
    return shards_[shard].records;
  }
  [[nodiscard]] Revision revision(ShardIndex shard) const { return shards_[shard].revision; }
  [[nodiscard]] std::uint32_t shards() const { return static_cast<std::uint32_t>(shards_.size()); }

 private:
  class Open;
  struct Shard {
    std::map<core::RecordKey, core::Record> records;
    Revision revision = 0;
  };

  void keep(const store::Batch& batch);

  Ledger& ledger_;
  std::vector<Shard> shards_;
  std::uint64_t boots_ = 0;
  store::StoreIdentity identity_;
  std::shared_ptr<store::MemoryContents> encoded_;  // null: not encoded
  std::optional<std::int64_t> fails_;
  std::optional<std::int64_t> dies_after_;
  std::uint64_t free_ = ~0ULL;
};

}  // namespace muster::sim
