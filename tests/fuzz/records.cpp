// The input is what a disk gives back: a byte that says what it is, then a stored key (0) or the
// value of a record of that kind. Whatever it is, it is refused with a sentence, or it reads as
// something that is written and read again without change.
#include "record_codec.hpp"
#include "record_key.hpp"
#include "store.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using muster::core::Record;
using muster::core::RecordKey;
using muster::core::RecordKind;
using namespace muster::store;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_sentence(const StoreError& error) {
  require(error.code() == muster::Errc::store_corrupt ||
          error.code() == muster::Errc::store_incompatible);
  require(!std::string_view(error.what()).empty());
}

void read_key(std::string_view bytes) {
  StoredKey key;
  try {
    key = decode_key(bytes);
  } catch (const StoreError& error) {
    return require_sentence(error);
  }
  require(encode_key(key.shard, key.key) == bytes);
  require(!describe(key.key).empty());
}

void read_value(RecordKind kind, std::string_view bytes) {
  RecordKey key;
  key.kind = kind;
  key.group = "group";
  key.member = "member";
  key.number = 7;
  RecordCodec codec;
  Record record;
  try {
    record = codec.decode(key, bytes);
  } catch (const StoreError& error) {
    return require_sentence(error);
  }
  const std::string written(codec.encode(record));
  require(codec.encode(codec.decode(key, written)) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0) {
    read_key(bytes);
  } else {
    read_value(static_cast<RecordKind>(data[0]), bytes);
  }
  return 0;
}
