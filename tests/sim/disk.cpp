#include "disk.hpp"

namespace muster::sim {

class Disk::Open final : public store::Store {
 public:
  explicit Open(Disk& disk) : disk_(disk) {
    ++disk_.boots_;
    if (disk_.encoded_) inner_ = store::open_memory_store(disk_.encoded_);
  }

  const store::StoreIdentity& identity() const override { return disk_.identity_; }

  store::LoadedShard load(ShardIndex shard,
                          const std::function<void(core::Record&&)>& take) override {
    if (inner_) return inner_->load(shard, take);
    const Shard& from = disk_.shards_[shard];
    for (const auto& [key, record] : from.records) take(core::Record{record});
    store::LoadedShard loaded;
    loaded.revision = from.revision;
    loaded.term_floor = static_cast<Term>(disk_.boots_ - 1);
    loaded.records = from.records.size();
    return loaded;
  }

  Result<void> append(std::span<const store::Batch> batches) override {
    std::size_t kept = batches.size();
    bool well = true;
    if (disk_.dies_after_ && (*disk_.dies_after_)-- <= 0) {
      kept = 0;
      well = false;
    } else if (disk_.fails_) {
      kept = batches.size() * static_cast<std::size_t>(*disk_.fails_) / 1'000;
      disk_.fails_.reset();
      well = false;
    }
    const auto durable = batches.first(kept);
    if (inner_ && !durable.empty() && inner_->append(durable).has_error())
      disk_.ledger_.witness().fail("C1",
                                   "the store's codec refuses a record: " + inner_->failure());
    for (const store::Batch& batch : durable) disk_.keep(batch);
    if (!well) return Errc::store_failed;
    return {};
  }

  std::uint64_t free_bytes() const override { return disk_.free_; }
  Result<void> backup(const std::string&) override { return Errc::invalid_request; }
  void flush() override {}

 private:
  Disk& disk_;
  std::unique_ptr<store::Store> inner_;
};

Disk::Disk(std::uint32_t shards, bool encoded, Ledger& ledger) : ledger_(ledger), shards_(shards) {
  identity_.shards = shards;
  if (encoded) encoded_ = store::make_memory_contents(shards);
}

std::unique_ptr<store::Store> Disk::open() {
  return std::make_unique<Open>(*this);
}

void Disk::keep(const store::Batch& batch) {
  Shard& shard = shards_[batch.shard];
  for (const core::Record& record : batch.records) {
    shard.revision = std::max(shard.revision, record.revision);
    if (std::holds_alternative<std::monostate>(record.value)) {
      shard.records.erase(record.key);
    } else {
      shard.records.insert_or_assign(record.key, record);
    }
  }
  ledger_.take(batch.shard, batch.records);
}

}  // namespace muster::sim
