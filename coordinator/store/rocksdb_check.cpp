#include "durable_file.hpp"
#include "identity.hpp"
#include "loader.hpp"
#include "marks.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"
#include "rocksdb_access.hpp"

#include <algorithm>

namespace muster::store {
namespace {

/// Reads on after a problem, so that one run names them all.
class Checker {
 public:
  explicit Checker(const std::string& path)
      : folder_(Folder::inspect(path)), db_(open_db_to_read(folder_)) {
    report_.identity = folder_.identity();
  }

  CheckReport run() {
    attempt("",
            [this] { check(db_->VerifyChecksum(), "verifying the tables of " + folder_.db()); });
    attempt("", [this] { check_strangers(); });
    for (ShardIndex shard = 0; shard < folder_.identity().shards; ++shard) check_one(shard);
    if (highest_term_ > folder_.boots())
      problem("the boot counter is at " + std::to_string(folder_.boots()) +
              ", below the recorded term " + std::to_string(highest_term_));
    return std::move(report_);
  }

 private:
  void check_one(ShardIndex shard) {
    const std::string where = "shard " + std::to_string(shard) + ": ";
    LoadedShard found;
    attempt(where, [&] { found.revision = read_last_revision(*db_, shard); });
    attempt(where, [&] {
      each_pair(*db_, shard, [&](std::string_view key, std::string_view value) {
        attempt(where, [&] { check_record(shard, key, value, found); });
      });
    });
    attempt(where, [&] { check_mark(shard, found.revision); });
    found.term_floor = std::max(found.term_floor, term_floor(folder_.boots() + 1));
    report_.shards.push_back(found);
  }

  void check_record(ShardIndex shard, std::string_view key, std::string_view value,
                    LoadedShard& found) {
    const Revision last = found.revision;
    const std::function<void(core::Record&&)> take = [&](core::Record&& record) {
      ++found.records;
      if (record.revision > last)
        problem("shard " + std::to_string(shard) + ": " + describe(record.key) +
                " is of revision " + std::to_string(record.revision) +
                ", above the last revision " + std::to_string(last));
      if (const auto* meta = std::get_if<std::shared_ptr<const core::ShardMeta>>(&record.value)) {
        found.term_floor = (*meta)->term;
        highest_term_ = std::max(highest_term_, (*meta)->term);
      }
    };
    ShardLoader(shard, codec_, take).record(key, value);
  }

  void check_mark(ShardIndex shard, Revision last) {
    if (!exists(folder_.file("marks"))) return;  // A backup has none.
    const Revision mark = Marks(folder_.file("marks"), folder_.identity().shards).read(shard);
    if (last < mark)
      problem("shard " + std::to_string(shard) + " ends at revision " + std::to_string(last) +
              ", but revision " + std::to_string(mark) + " had been made durable");
  }

  /// Everything above the last shard but the notes of owner and events.
  void check_strangers() {
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator({}));
    for (at->Seek(shard_prefix(folder_.identity().shards)); at->Valid(); at->Next())
      if (const std::string_view key(at->key().data(), at->key().size());
          key != owner_key() && !is_event_note_key(key))
        problem("the key " + in_quotes(key) + " is of no shard");
    check(at->status(), "reading " + folder_.db());
  }

  template <class F>
  void attempt(const std::string& where, F&& f) {
    try {
      f();
    } catch (const StoreError& error) {
      problem(where + error.what());
    }
  }
  void problem(const std::string& what) { report_.problems.push_back(what); }

  Folder folder_;
  std::unique_ptr<rocksdb::DB> db_;
  RecordCodec codec_;
  Term highest_term_ = 0;
  CheckReport report_;
};

}  // namespace

CheckReport check_rocksdb_store(const std::string& path) {
  return Checker(path).run();
}

}  // namespace muster::store
