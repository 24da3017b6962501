#include "memory_store.hpp"

#include "identity.hpp"
#include "loader.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

namespace muster::store {

class MemoryContents {
 public:
  explicit MemoryContents(StoreIdentity id) : identity(id) {}
  MemoryContents(const MemoryContents& other) {
    const std::lock_guard lock(other.mutex);
    identity = other.identity;
    boots = other.boots;
    values = other.values;
    revisions = other.revisions;
    notes = other.notes;
  }
  MemoryContents& operator=(const MemoryContents&) = delete;

  mutable std::mutex mutex;
  bool open = false;
  StoreIdentity identity;
  std::uint64_t boots = 0;
  std::map<std::string, std::string, std::less<>> values;  ///< Ordered as RocksDB orders keys.
  std::map<ShardIndex, Revision> revisions;
  std::map<ShardIndex, EventNote> notes;
};

namespace {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryContents> contents) : contents_(std::move(contents)) {
    const std::lock_guard lock(contents_->mutex);
    if (contents_->open)
      throw StoreError(Errc::store_locked, "another store has these contents in memory open");
    contents_->open = true;
    ++contents_->boots;
    identity_ = contents_->identity;
  }
  ~MemoryStore() override {
    const std::lock_guard lock(contents_->mutex);
    contents_->open = false;
  }

  const StoreIdentity& identity() const override { return identity_; }

  LoadedShard load(ShardIndex shard, const std::function<void(core::Record&&)>& take) override {
    const std::lock_guard lock(contents_->mutex);
    check_shard(identity_, shard);
    ShardLoader loader(shard, codec_, take);
    const std::string prefix = shard_prefix(shard);
    for (auto it = contents_->values.lower_bound(prefix);
         it != contents_->values.end() && it->first.starts_with(prefix); ++it)
      loader.record(it->first, it->second);
    return loader.finish(contents_->revisions[shard], term_floor(contents_->boots));
  }

  Result<void> append(std::span<const Batch> batches) override {
    const std::lock_guard lock(contents_->mutex);
    if (!failure_.empty()) return Errc::store_failed;
    try {
      auto values =
          changes_of(batches);  // all are encoded before one is kept: nothing is done by halves
      keep(std::move(values), batches);
    } catch (const StoreError& error) {
      failure_ = error.what();
      return Errc::store_failed;
    }
    return {};
  }

  void read_events(ShardIndex shard, std::uint64_t from, const TakeEvent& take) override {
    check_shard(identity_, shard);
    // A few at a time, so that nobody waits for a reader that is slow.
    constexpr std::size_t at_once = 100;
    RecordCodec codec;
    std::vector<std::shared_ptr<const Event>> found;
    do {
      found = events_from(shard, from, at_once, codec);
      for (auto& event : found) {
        from = event->number + 1;
        if (!take(std::move(event))) return;
      }
    } while (found.size() == at_once);
  }

  EventNote read_note(ShardIndex shard) override {
    check_shard(identity_, shard);
    const std::lock_guard lock(contents_->mutex);
    const auto it = contents_->notes.find(shard);
    return it == contents_->notes.end() ? EventNote{shard, {}, 0} : it->second;
  }

  Result<void> note(std::span<const EventNote> notes,
                    std::span<const EventRange> removed) override {
    const std::lock_guard lock(contents_->mutex);
    if (!failure_.empty()) return Errc::store_failed;
    for (const EventNote& one : notes) contents_->notes[one.shard] = one;
    for (const EventRange& range : removed)
      contents_->values.erase(
          contents_->values.lower_bound(encode_key(range.shard, event_key(range.first))),
          contents_->values.upper_bound(encode_key(range.shard, event_key(range.last))));
    return {};
  }

  std::uint64_t free_bytes() const override { return std::numeric_limits<std::uint64_t>::max(); }

  Result<void> backup(const std::string& path) override {
    const std::lock_guard lock(contents_->mutex);
    failed_backup_ = "a store in memory has no backup; none was made in " + in_quotes(path);
    return Errc::invalid_request;
  }

  void flush() override {}

  std::string failure() const override {
    const std::lock_guard lock(contents_->mutex);
    return failure_.empty() ? failed_backup_ : failure_;
  }

 private:
  using Changes = std::vector<std::pair<std::string, std::optional<std::string>>>;

  std::vector<std::shared_ptr<const Event>> events_from(ShardIndex shard, std::uint64_t from,
                                                        std::size_t most, RecordCodec& codec) {
    const std::lock_guard lock(contents_->mutex);
    std::vector<std::shared_ptr<const Event>> out;
    const std::string last =
        encode_key(shard, event_key(std::numeric_limits<std::uint64_t>::max()));
    for (auto it = contents_->values.lower_bound(encode_key(shard, event_key(from)));
         it != contents_->values.end() && it->first <= last && out.size() < most; ++it) {
      core::Record record = codec.decode(decode_key(it->first).key, it->second);
      out.push_back(std::get<std::shared_ptr<const Event>>(std::move(record.value)));
    }
    return out;
  }

  Changes changes_of(std::span<const Batch> batches) {
    Changes changes;
    for (const Batch& batch : batches) {
      check_shard(identity_, batch.shard);
      for (const core::Record& record : batch.records) {
        auto& [key, value] =
            changes.emplace_back(encode_key(batch.shard, record.key), std::nullopt);
        if (!std::holds_alternative<std::monostate>(record.value)) value = codec_.encode(record);
      }
    }
    return changes;
  }

  void keep(Changes&& changes, std::span<const Batch> batches) {
    for (auto& [key, value] : changes) {
      if (value) {
        contents_->values.insert_or_assign(std::move(key), std::move(*value));
      } else {
        contents_->values.erase(key);
      }
    }
    for (const Batch& batch : batches) {
      Revision& last = contents_->revisions[batch.shard];
      last = std::max(last, newest_revision(batch));
    }
  }

  std::shared_ptr<MemoryContents> contents_;
  StoreIdentity identity_;
  RecordCodec codec_;
  std::string failure_;
  std::string failed_backup_;
};

}  // namespace

std::shared_ptr<MemoryContents> make_memory_contents(std::uint32_t shards) {
  return std::make_shared<MemoryContents>(new_identity(shards));
}

std::shared_ptr<MemoryContents> copy_of(const MemoryContents& contents) {
  return std::make_shared<MemoryContents>(contents);
}

std::unique_ptr<Store> open_memory_store(std::shared_ptr<MemoryContents> contents) {
  return std::make_unique<MemoryStore>(std::move(contents));
}

std::unique_ptr<Store> make_memory_store(std::uint32_t shards) {
  return open_memory_store(make_memory_contents(shards));
}

}  // namespace muster::store
