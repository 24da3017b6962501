#include "durable_file.hpp"
#include "identity.hpp"
#include "loader.hpp"
#include "marks.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"
#include "rocksdb_access.hpp"

#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>

namespace muster::store {
namespace {

/// The first failure ends the store: told once, kept for good. Any thread.
class Failure {
 public:
  void fail(const std::string& what) {
    const std::lock_guard lock(mutex_);
    if (what_.empty()) what_ = what;
    failed_ = true;
  }
  void note_backup(const std::string& what) {
    const std::lock_guard lock(mutex_);
    backup_ = what;
  }
  [[nodiscard]] bool has_failed() const { return failed_; }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return what_.empty() ? backup_ : what_;
  }

 private:
  mutable std::mutex mutex_;
  std::atomic<bool> failed_ = false;
  std::string what_;
  std::string backup_;
};

std::vector<Revision> read_last_revisions(rocksdb::DB& db, std::uint32_t shards) {
  std::vector<Revision> out(shards);
  for (ShardIndex shard = 0; shard < shards; ++shard) out[shard] = read_last_revision(db, shard);
  return out;
}

/// A killed process may have written to its log what it never synced. We shall read that and build
/// on it, so it must be as durable as the rest; RocksDB reads it as it is.
void sync_logs(const std::string& db) {
  const std::string prefix = db + "/";
  for (const std::string& name : names_in(db)) {
    std::string path = prefix;
    path += name;
    if (path.ends_with(".log")) sync_file(path);
  }
  sync_folder(db);
}

[[noreturn]] void fail_cut_short(const Folder& folder, ShardIndex shard, Revision last,
                                 Revision mark) {
  throw StoreError(Errc::store_corrupt,
                   "the store in " + folder.path() + " was not opened: shard " +
                       std::to_string(shard) + " ends at revision " + std::to_string(last) +
                       ", but revision " + std::to_string(mark) +
                       " had been made durable; the newest log or the manifest in " + folder.db() +
                       " is missing or cut short");
}

/// Fails  StoreError (store_corrupt) if a shard ends below its mark.
void check_marks(rocksdb::DB& db, const Folder& folder, const Marks& marks) {
  const auto last = read_last_revisions(db, folder.identity().shards);
  for (ShardIndex shard = 0; shard < last.size(); ++shard)
    if (const Revision mark = marks.read(shard); last[shard] < mark)
      fail_cut_short(folder, shard, last[shard], mark);
}

/// Looks before it opens. RocksDB takes a log or manifest that was cut short for one that ended
/// there, and an open that writes then deletes what the missing part had named: so the marks are
/// asked while nothing can be deleted yet, at the price of replaying the log twice.
std::unique_ptr<rocksdb::DB> open_checked(const Folder& folder, const Marks& marks,
                                          TellError on_error) {
  if (!folder.is_new()) {
    sync_logs(folder.db());
    check_marks(*open_db_to_read(folder), folder, marks);
  }
  return open_db(folder, std::move(on_error));
}

class RocksDbStore final : public Store {
 public:
  explicit RocksDbStore(const OpenOptions& options)
      : folder_(Folder::open(options)),
        marks_(folder_.file("marks"), folder_.identity().shards),
        db_(open_checked(folder_, marks_, [this](const std::string& what) {
          failure_.fail("flushing or compacting " + folder_.db() + ": " + what);
        })) {
    if (folder_.is_new()) folder_.finish();
    last_ = read_last_revisions(*db_, folder_.identity().shards);
    for (ShardIndex shard = 0; shard < last_.size(); ++shard) marks_.write(shard, last_[shard]);
    outgrow_recorded_terms();
  }
  ~RocksDbStore() override { (void)db_->Close(); }

  const StoreIdentity& identity() const override { return folder_.identity(); }

  LoadedShard load(ShardIndex shard, const std::function<void(core::Record&&)>& take) override {
    check_shard(identity(), shard);
    ShardLoader loader(shard, codec_, take);
    each_pair(*db_, shard, [&loader](std::string_view key, std::string_view value) {
      loader.record(key, value);
    });
    return loader.finish(read_last_revision(*db_, shard), term_floor(folder_.boots()));
  }

  Result<void> append(std::span<const Batch> batches) override {
    if (failure_.has_failed()) return Errc::store_failed;
    try {
      write(batches);
    } catch (const StoreError& error) {
      failure_.fail(error.what());
    }
    if (failure_.has_failed()) return Errc::store_failed;
    return {};
  }

  void read_events(ShardIndex shard, std::uint64_t from, const TakeEvent& take) override {
    check_shard(identity(), shard);
    RecordCodec codec;
    const std::string end = encode_key(shard, event_key(std::numeric_limits<std::uint64_t>::max()));
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    options.fill_cache = false;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
    for (at->Seek(encode_key(shard, event_key(from))); at->Valid(); at->Next()) {
      const StoredKey key = decode_key({at->key().data(), at->key().size()});
      core::Record record = codec.decode(key.key, {at->value().data(), at->value().size()});
      if (!take(std::get<std::shared_ptr<const Event>>(std::move(record.value)))) return;
    }
    check(at->status(), "reading the events of shard " + std::to_string(shard));
  }

  EventNote read_note(ShardIndex shard) override {
    check_shard(identity(), shard);
    std::string value;
    const rocksdb::Status status = db_->Get({}, event_note_key(shard), &value);
    if (status.IsNotFound()) return {shard, {}, 0};
    check(status, "reading the note of shard " + std::to_string(shard) + "'s events");
    return decode_event_note(shard, value);
  }

  Result<void> note(std::span<const EventNote> notes,
                    std::span<const EventRange> removed) override {
    if (failure_.has_failed()) return Errc::store_failed;
    rocksdb::WriteBatch changes;
    for (const EventNote& one : notes)
      changes.Put(event_note_key(one.shard), encode_event_note(one));
    for (const EventRange& range : removed)
      changes.DeleteRange(encode_key(range.shard, event_key(range.first)),
                          encode_key(range.shard, event_key(range.last + 1)));
    const rocksdb::Status status = db_->Write({}, &changes);
    if (!status.ok()) failure_.fail("writing to " + folder_.db() + ": " + status.ToString());
    if (failure_.has_failed()) return Errc::store_failed;
    return {};
  }

  std::uint64_t free_bytes() const override {
    struct statvfs disk{};
    if (::statvfs(folder_.path().c_str(), &disk) != 0) return 0;
    return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  }

  Result<void> backup(const std::string& path) override {
    if (::mkdir(path.c_str(), 0700) != 0) {
      const boost::system::error_code error(errno, boost::system::system_category());
      failure_.note_backup("cannot make the backup's folder " + path + ": " + error.message());
      return error;
    }
    try {
      copy_into(path);
    } catch (const StoreError& error) {
      failure_.note_backup(error.what());
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
      return error.code();
    }
    return {};
  }

  void flush() override {
    const rocksdb::Status status = db_->Flush({});
    if (!status.ok()) failure_.fail("flushing " + folder_.db() + ": " + status.ToString());
  }

  std::string failure() const override { return failure_.text(); }

 private:
  void write(std::span<const Batch> batches) {
    rocksdb::WriteBatch changes;
    std::map<ShardIndex, Revision> newest;
    for (const Batch& batch : batches) {
      check_shard(identity(), batch.shard);
      if (batch.records.empty()) continue;
      for (const core::Record& record : batch.records) add(changes, batch.shard, record);
      Revision& last = newest.try_emplace(batch.shard, last_[batch.shard]).first->second;
      last = std::max(last, newest_revision(batch));
    }
    if (newest.empty()) return;
    for (const auto& [shard, revision] : newest)
      check(changes.Put(last_revision_key(shard), last_revision_value(revision)),
            "gathering a batch");
    rocksdb::WriteOptions durable;
    durable.sync = true;
    check(db_->Write(durable, &changes), "writing to " + folder_.db());
    for (const auto& [shard, revision] : newest) {
      last_[shard] = revision;
      marks_.write(shard, revision);
    }
  }

  void add(rocksdb::WriteBatch& changes, ShardIndex shard, const core::Record& record) {
    const std::string key = encode_key(shard, record.key);
    const bool is_tombstone = std::holds_alternative<std::monostate>(record.value);
    check(is_tombstone ? changes.Delete(key) : changes.Put(key, codec_.encode(record)),
          "gathering a batch");
  }

  void copy_into(const std::string& path) {
    rocksdb::Checkpoint* made = nullptr;
    const std::string doing = "backing up into " + path;
    check(rocksdb::Checkpoint::Create(db_.get(), &made), doing);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    const std::string target = std::filesystem::absolute(path).string() + "/db";
    check(checkpoint->CreateCheckpoint(target), doing);
    write_boots(path, folder_.boots());
    // Last: a folder without an identity is no backup, so half of one is never taken for a whole.
    write_identity(path, identity(), FolderKind::backup);
    sync_folder(parent_of(path));
  }

  /// Only after somebody put an old boot file beside newer records.
  void outgrow_recorded_terms() {
    std::uint64_t highest = 0;
    for (ShardIndex shard = 0; shard < identity().shards; ++shard)
      if (const auto meta = read_meta(*db_, shard))
        highest = std::max<std::uint64_t>(
            highest, std::get<std::shared_ptr<const core::ShardMeta>>(meta->value)->term);
    if (highest >= folder_.boots()) folder_.set_boots(highest + 1);
  }

  Folder folder_;  // The lock goes last.
  Failure failure_;
  Marks marks_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<Revision> last_;  ///< Of each shard.
  RecordCodec codec_;
};

}  // namespace

std::unique_ptr<Store> open_rocksdb_store(const OpenOptions& options) {
  return std::make_unique<RocksDbStore>(options);
}

}  // namespace muster::store
