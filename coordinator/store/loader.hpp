/// Stored pairs of one shard → records, with the checks that are the same for every store.
#pragma once

#include "record_codec.hpp"
#include "store.hpp"

#include <functional>
#include <string_view>

namespace muster::store {

class ShardLoader {
 public:
  ShardLoader(ShardIndex shard, RecordCodec& codec, const std::function<void(core::Record&&)>& take)
      : shard_(shard), codec_(codec), take_(take) {}

  /// One record, in the order of the keys. Fails  StoreError for what cannot be read.
  void record(std::string_view key, std::string_view value);

  /// Fails  StoreError (store_corrupt) if a record is newer than the shard's last revision: batches
  /// are
  ///        atomic, so such a store has lost something.
  [[nodiscard]] LoadedShard finish(Revision last, Term boot_floor) const;

 private:
  ShardIndex shard_;
  RecordCodec& codec_;
  const std::function<void(core::Record&&)>& take_;
  LoadedShard found_;
};

}  // namespace muster::store
