#include "loader.hpp"

#include "record_key.hpp"

#include <algorithm>

namespace muster::store {

void ShardLoader::record(std::string_view key, std::string_view value) {
  StoredKey stored = decode_key(key);
  if (stored.shard != shard_)
    throw StoreError(Errc::store_corrupt, "shard " + std::to_string(shard_) +
                                              " holds a record of shard " +
                                              std::to_string(stored.shard));
  core::Record record = codec_.decode(stored.key, value);
  found_.revision = std::max(found_.revision, record.revision);
  ++found_.records;
  if (const auto* meta = std::get_if<std::shared_ptr<const core::ShardMeta>>(&record.value))
    found_.term_floor = (*meta)->term;
  if (record.key.kind == core::RecordKind::event && found_.first_event == 0)
    found_.first_event = record.key.number;
  take_(std::move(record));
}

LoadedShard ShardLoader::finish(Revision last, Term boot_floor) const {
  if (found_.revision > last)
    throw StoreError(Errc::store_corrupt, "shard " + std::to_string(shard_) +
                                              " holds a record of revision " +
                                              std::to_string(found_.revision) +
                                              ", but its last revision is " + std::to_string(last));
  LoadedShard out = found_;
  out.revision = last;
  out.term_floor = std::max(found_.term_floor, boot_floor);
  return out;
}

}  // namespace muster::store
