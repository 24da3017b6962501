/// Which bytes of which segments count: what a worker commits as the metadata of its partition's
/// offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace backup {

/// One segment file of a partition: the fencing token that it was written under, and how many of
/// its bytes are committed. Whatever lies behind them was written by a worker that lost the
/// partition.
struct Segment {
  std::uint64_t token = 0;
  std::uint64_t length = 0;
  friend bool operator==(const Segment&, const Segment&) = default;
};
using SegmentList = std::vector<Segment>;

/// The broker's bound on the metadata of one offset, in bytes.
inline constexpr std::size_t max_metadata = 4096;

/// "token:length,token:length", in hexadecimal and in the order in which the segments follow
/// another.
[[nodiscard]] std::string encode(const SegmentList& segments);
/// Nothing if the text is not such a list. An empty text is an empty list.
[[nodiscard]] std::optional<SegmentList> decode(std::string_view text);

/// The name of a segment's file: partition and token, so that no two owners ever write to the same
/// one.
[[nodiscard]] std::string segment_name(int partition, std::uint64_t token);

}  // namespace backup
