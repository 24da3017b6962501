/// A second note of how far each shard's records went, kept beside the database to catch it lying.
///
/// A log that lost its end looks like a log that ended there: RocksDB cannot tell them apart, and
/// takes a missing or shortened newest log for an empty one. The marks are written after each
/// durable append, without a sync: so they are never ahead of what was durable, they survive a
/// killed process, and after a power cut they may be behind, where they say nothing. A shard whose
/// records end below its mark has lost acknowledged changes, and the store is not opened.
#pragma once

#include "file_descriptor.hpp"

#include <muster/types.hpp>

#include <cstdint>
#include <string>

namespace muster::store {

class Marks {
 public:
  /// Makes the file if it is missing: then nothing is known.
  Marks(const std::string& path, std::uint32_t shards);

  /// The noted revision; 0 where nothing is known.
  [[nodiscard]] Revision read(ShardIndex shard) const;
  /// Throws StoreError (store_failed).
  void write(ShardIndex shard, Revision revision);

 private:
  std::string path_;
  FileDescriptor file_;
};

}  // namespace muster::store
