/// Values of stored records: core structs ⇄ FlatBuffers bytes (records.fbs), versioned apart from
/// the wire.
///
/// A value is one version byte, then a StoredRecord. Reading always verifies, whoever wrote the
/// bytes, and says what is wrong with them; it never guesses and never skips.
#pragma once

#include <muster/core/record.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace muster::store {

/// Written into every value. Raised only when old versions of the program must not read new
/// records; all versions from 1 up to this one are read.
inline constexpr std::uint8_t record_version = 1;

/// Keeps its buffers from record to record.
///
/// Threads  one at a time.
class RecordCodec {
 public:
  RecordCodec();
  ~RecordCodec();
  RecordCodec(const RecordCodec&) = delete;
  RecordCodec& operator=(const RecordCodec&) = delete;

  /// The value's bytes, good until the next call.
  ///
  /// Takes  a record with a value; a tombstone has no bytes.
  /// Fails  StoreError (store_failed): the value is not of the key's kind, or names another group,
  /// member,
  ///        topic or number than its key.
  [[nodiscard]] std::string_view encode(const core::Record& record);

  /// Fails  StoreError: store_corrupt for bytes that are no such value, store_incompatible for a
  /// version,
  ///        status, reason or event kind that this program does not know.
  [[nodiscard]] core::Record decode(const core::RecordKey& key, std::string_view value);

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace muster::store
