/// What RecordCodec keeps between records; seen by its two halves only.
#pragma once

#include "record_codec.hpp"

#include "records_generated.h"

#include <cstdint>
#include <string>
#include <vector>

namespace muster::store {

struct RecordCodec::Buffers {
  flatbuffers::FlatBufferBuilder builder{1024};
  std::string value;
  /// Stored bytes lie anywhere; FlatBuffers wants 64-bit fields aligned.
  std::vector<std::uint64_t> aligned;

  /// A record of a million partitions must not keep its megabytes for ever.
  static constexpr std::size_t kept_bytes = std::size_t{1} << 20;
};

}  // namespace muster::store
