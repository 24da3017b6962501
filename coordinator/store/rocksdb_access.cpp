#include "rocksdb_access.hpp"

#include "big_endian.hpp"
#include "durable_file.hpp"
#include "identity.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/table.h>

#include <limits>

namespace muster::store {
namespace {

class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(TellError on_error) : on_error_(std::move(on_error)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    on_error_(status->ToString());
  }
  /// Never resume: what was lost on the way would be missing without a word.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  store::TellError on_error_;
};

Errc code_of(const rocksdb::Status& status) {
  // A file that the manifest names but that is not there is damage, whatever the system calls it.
  if (status.IsCorruption() || status.IsPathNotFound() || status.IsInvalidArgument() ||
      status.IsNotFound())
    return Errc::store_corrupt;
  if (status.IsBusy() || status.ToString().find("lock") != std::string::npos)
    return Errc::store_locked;
  if (status.IsNotSupported()) return Errc::store_incompatible;
  return Errc::store_failed;
}

void check_owner(rocksdb::DB& db, const Folder& folder) {
  std::string owner;
  const rocksdb::Status status = db.Get({}, owner_key(), &owner);
  if (status.IsNotFound())
    throw StoreError(Errc::store_corrupt, folder.db() + " does not say to which store it belongs");
  check(status, "reading " + folder.db());
  const std::string expected = to_string(folder.identity().uuid);
  if (owner != expected)
    throw StoreError(Errc::store_incompatible,
                     folder.db() + " belongs to the store " + in_quotes(owner) + ", but " +
                         folder.file("identity") + " is of the store \"" + expected + "\"");
}

std::string doing_open(const Folder& folder) {
  return "the store in " + folder.path() + " was not opened";
}

}  // namespace

rocksdb::Options rocksdb_options(TellError on_error) {
  rocksdb::Options options;
  // Accepts the torn end that a crash leaves; refuses a hole. The default would stop at a hole and
  // drop what was synced behind it, without a word.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;
  options.recycle_log_file_num = 0;  // Recycled logs have old records behind the new end.
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<ErrorListener>(std::move(on_error)));
  // Recovery replays the log at 25-55 ms a megabyte: these bound it to about a second.
  options.write_buffer_size = std::size_t{8} << 20;
  options.max_write_buffer_number = 3;
  options.max_total_wal_size = std::uint64_t{16} << 20;
  options.avoid_flush_during_recovery = true;
  // Records are small and read only at start.
  options.compression = rocksdb::kNoCompression;
  options.max_open_files = 256;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(std::size_t{8} << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.keep_log_file_num = 2;
  options.max_log_file_size = std::size_t{4} << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

std::unique_ptr<rocksdb::DB> open_db(const Folder& folder, TellError on_error) {
  rocksdb::Options options = rocksdb_options(std::move(on_error));
  options.create_if_missing = folder.is_new();
  rocksdb::DB* db = nullptr;
  check(rocksdb::DB::Open(options, folder.db(), &db), doing_open(folder));
  std::unique_ptr<rocksdb::DB> out(db);
  if (folder.is_new()) {
    rocksdb::WriteOptions durable;
    durable.sync = true;
    check(out->Put(durable, owner_key(), to_string(folder.identity().uuid)),
          "writing " + folder.db());
  }
  check_owner(*out, folder);
  return out;
}

std::unique_ptr<rocksdb::DB> open_db_to_read(const Folder& folder) {
  rocksdb::DB* db = nullptr;
  check(rocksdb::DB::OpenForReadOnly(rocksdb_options([](const std::string&) {}), folder.db(), &db),
        doing_open(folder));
  std::unique_ptr<rocksdb::DB> out(db);
  check_owner(*out, folder);
  return out;
}

void check(const rocksdb::Status& status, const std::string& doing) {
  if (!status.ok()) throw StoreError(code_of(status), doing + ": " + status.ToString());
}

void each_pair(rocksdb::DB& db, ShardIndex shard,
               const std::function<void(std::string_view, std::string_view)>& take) {
  const std::string first = shard_prefix(shard);
  const std::string end = shard_prefix(shard + 1);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  options.fill_cache = false;
  options.readahead_size = std::size_t{2} << 20;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(options));
  for (at->Seek(first); at->Valid(); at->Next()) {
    const std::string_view key(at->key().data(), at->key().size());
    if (!is_last_revision_key(key)) take(key, {at->value().data(), at->value().size()});
  }
  check(at->status(), "reading shard " + std::to_string(shard) + " of " + db.GetName());
}

Revision read_last_revision(rocksdb::DB& db, ShardIndex shard) {
  std::string value;
  const rocksdb::Status status = db.Get({}, last_revision_key(shard), &value);
  if (status.IsNotFound()) return 0;
  check(status, "reading the last revision of shard " + std::to_string(shard));
  std::string_view rest(value);
  const auto revision = take_big_endian<std::uint64_t>(rest);
  if (!revision || !rest.empty())
    throw StoreError(Errc::store_corrupt, "the last revision of shard " + std::to_string(shard) +
                                              " has " + std::to_string(value.size()) +
                                              " bytes instead of 8");
  return *revision;
}

std::string last_revision_value(Revision revision) {
  std::string out;
  put_big_endian(out, revision);
  return out;
}

std::optional<core::Record> read_meta(rocksdb::DB& db, ShardIndex shard) {
  const core::RecordKey key;  // of kind meta
  std::string value;
  const rocksdb::Status status = db.Get({}, encode_key(shard, key), &value);
  if (status.IsNotFound()) return std::nullopt;
  check(status, "reading the meta record of shard " + std::to_string(shard));
  return RecordCodec().decode(key, value);
}

std::string owner_key() {
  // Above the range of every shard (max_shards), so that no load meets it.
  return shard_prefix(std::numeric_limits<ShardIndex>::max()) + "store";
}

}  // namespace muster::store
