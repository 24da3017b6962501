/// RocksDB as this room uses it: options, opening, and its statuses in our words. Private to the
/// room.
///
/// One column family. A shard's records are one range of keys, and kinds within it another, so a
/// prefix does what a column family would; one memtable and one log mean one size to bound, one
/// thing to flush, and no log kept alive by a family that is seldom written.
#pragma once

#include "folder.hpp"
#include "store.hpp"

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace muster::store {

/// Told when RocksDB fails at something in the background (a flush, a compaction); it does not try
/// again.
using TellError = std::function<void(const std::string& what)>;

[[nodiscard]] rocksdb::Options rocksdb_options(TellError on_error);

/// Opens the folder's db, makes it if the folder is new, and checks that it belongs to the folder.
/// Fails  StoreError, in words that name the folder and RocksDB's reason.
[[nodiscard]] std::unique_ptr<rocksdb::DB> open_db(const Folder& folder, TellError on_error);
[[nodiscard]] std::unique_ptr<rocksdb::DB> open_db_to_read(const Folder& folder);

/// Throws StoreError for a status that is not ok; `doing` begins the sentence.
void check(const rocksdb::Status& status, const std::string& doing);

/// One shard's pairs in the order of their keys, without the store's own note.
/// Fails  StoreError (store_corrupt) if the database cannot read a part of it.
void each_pair(rocksdb::DB& db, ShardIndex shard,
               const std::function<void(std::string_view key, std::string_view value)>& take);

[[nodiscard]] Revision read_last_revision(rocksdb::DB& db, ShardIndex shard);
[[nodiscard]] std::string last_revision_value(Revision revision);

/// The recorded meta of a shard; nothing before its first start.
[[nodiscard]] std::optional<core::Record> read_meta(rocksdb::DB& db, ShardIndex shard);

/// The note in the database of the store it belongs to.
[[nodiscard]] std::string owner_key();

}  // namespace muster::store
