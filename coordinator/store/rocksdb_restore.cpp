#include "durable_file.hpp"
#include "identity.hpp"
#include "marks.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"
#include "rocksdb_access.hpp"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>

namespace muster::store {
namespace {

/// More starts than anybody makes between two backups; terms have 24 bits, so 255 restores fit.
constexpr std::uint64_t term_step = 65'536;
/// More epochs than a group has between two backups; epochs have 31 bits, so 127 restores fit.
constexpr std::int64_t epoch_step = std::int64_t{1} << 24;

void copy_db(const Folder& from, const Folder& to) {
  make_folder(to.db());
  for (const std::string& name : names_in(from.db())) {
    if (name == "LOCK" || name.starts_with("LOG")) continue;  // RocksDB's own lock and talk
    copy_durably(from.db() + "/" + name, to.db() + "/" + name);
  }
  sync_folder(to.db());
}

/// What was given out before, as far as the copy knows.
struct Highest {
  Term term = 0;
  Epoch epoch = 0;
};

class Restorer {
 public:
  /// The folder is new, so opening its db also writes the new store's uuid into it.
  Restorer(const Folder& folder, std::uint64_t boots)
      : folder_(folder), boots_(boots), db_(open_db(folder, [](const std::string&) {})) {}

  /// Raises terms and floors; gives the new boot counter.
  std::uint64_t raise() {
    const Highest highest = survey();
    rocksdb::WriteBatch changes;
    for (ShardIndex shard = 0; shard < folder_.identity().shards; ++shard)
      raise_shard(changes, shard, raised_floor(highest.epoch));
    rocksdb::WriteOptions durable;
    durable.sync = true;
    check(db_->Write(durable, &changes), "writing to " + folder_.db());
    check(db_->Flush({}), "flushing " + folder_.db());
    check(db_->Close(), "closing " + folder_.db());
    return raised_term(std::max<std::uint64_t>(boots_, highest.term));
  }

 private:
  /// Reads every record: what cannot be read is not restored, and says so.
  Highest survey() {
    Highest highest;
    for (ShardIndex shard = 0; shard < folder_.identity().shards; ++shard)
      each_pair(*db_, shard, [&](std::string_view key, std::string_view value) {
        take(codec_.decode(decode_key(key).key, value), highest);
      });
    return highest;
  }

  static void take(const core::Record& record, Highest& highest) {
    if (const auto* group = std::get_if<std::shared_ptr<const core::GroupRecord>>(&record.value))
      highest.epoch = std::max(highest.epoch, (*group)->epoch);
    if (const auto* meta = std::get_if<std::shared_ptr<const core::ShardMeta>>(&record.value)) {
      highest.term = std::max(highest.term, (*meta)->term);
      highest.epoch = std::max(highest.epoch, (*meta)->epoch_floor);
    }
  }

  void raise_shard(rocksdb::WriteBatch& changes, ShardIndex shard, Epoch floor) {
    const auto old = read_meta(*db_, shard);
    core::ShardMeta meta;
    if (old) meta = *std::get<std::shared_ptr<const core::ShardMeta>>(old->value);
    meta.term = raised_term(meta.term);
    meta.epoch_floor = floor;
    const Revision revision = read_last_revision(*db_, shard) + 1;
    core::Record record;  // its key is of kind meta
    record.revision = revision;
    record.value = std::make_shared<const core::ShardMeta>(meta);
    check(changes.Put(encode_key(shard, record.key), codec_.encode(record)), "gathering a batch");
    check(changes.Put(last_revision_key(shard), last_revision_value(revision)),
          "gathering a batch");
  }

  static Term raised_term(std::uint64_t term) {
    // One below the limit: the next start needs a term, too.
    if (term + term_step >= max_term)
      throw StoreError(Errc::epoch_exhausted, "a restore raises the term " + std::to_string(term) +
                                                  " by " + std::to_string(term_step) +
                                                  ", past the limit " + std::to_string(max_term));
    return static_cast<Term>(term + term_step);
  }
  static Epoch raised_floor(Epoch epoch) {
    if (epoch + epoch_step >= max_epoch)
      throw StoreError(Errc::epoch_exhausted, "a restore raises the epoch " +
                                                  std::to_string(epoch) + " by " +
                                                  std::to_string(epoch_step) + ", past the limit " +
                                                  std::to_string(max_epoch));
    return static_cast<Epoch>(epoch + epoch_step);
  }

  const Folder& folder_;
  std::uint64_t boots_;
  std::unique_ptr<rocksdb::DB> db_;
  RecordCodec codec_;
};

}  // namespace

void restore_rocksdb_store(const std::string& from, const std::string& to) {
  const Folder source = Folder::inspect(from);
  (void)open_db_to_read(source);  // Belongs together and can be opened, before anything is made.
  StoreIdentity identity = source.identity();
  identity.uuid = random_uuid();
  Folder target = Folder::restore_into(to, identity);
  try {
    copy_db(source, target);
    target.set_boots(Restorer(target, source.boots()).raise());
    target.finish();
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(to, ignored);
    throw;
  }
}

}  // namespace muster::store
