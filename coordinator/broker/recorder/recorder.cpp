#include "recorder.hpp"

#include "../log.hpp"

#include <algorithm>
#include <cstring>

namespace muster::broker::recorder {

void ShardRecorder::note(core::Shard& shard, const core::Input& input, const core::Moment& now) {
  if (off_) return;
  if (segment_.empty()) begin(shard, now.wall);
  scratch_.clear();
  pack(scratch_, input, now, moments_);
  if (append()) return;
  begin(shard, now.wall);
  scratch_.clear();
  pack(scratch_, input, now, moments_);
  // An input that is larger than what an image leaves is left out: the next segment starts anew,
  // and the hole in the numbers says that it does not go on from this one.
  if (off_ || append()) return;
  segment_ = {};
  ++sequence_;
}

ShardRecorder::Beats ShardRecorder::note_beats(core::Shard& shard, const core::Moment& now) {
  constexpr std::size_t most = most_beats * BeatDelta::most;
  // An image takes half of a segment at most, and between two of them no image can be taken.
  static_assert((Recorder::least_segment - sizeof(SegmentHeader)) / 2 >= most);
  if (room() < most && !off_) begin(shard, now.wall);
  return {*this, off_ ? nullptr : free(), now};
}

/// The older segment goes only now, and the new one counts only once its image is whole.
void ShardRecorder::begin(core::Shard& shard, Wall at) {
  segment_ = segment(file_, shard_, static_cast<std::uint32_t>(sequence_ % segments_per_shard));
  ++sequence_;
  header().sequence = 0;
  header().used = 0;
  header().began_ms = at.ms;
  used_ = 0;
  moments_ = {};
  beats_ = {};
  scratch_.clear();
  pack(scratch_, shard.image(), codec_);
  const std::size_t most = room();
  if (scratch_.size() > most / 2) {
    off_ = true;
    segment_ = {};
    stats_.off.set(1);
    log::warning("the flight recorder stops for a shard: its state takes more than half a segment",
                 {{"shard", shard_}, {"bytes", scratch_.size()}, {"segment", most}});
    return;
  }
  append();
  std::atomic_ref(header().sequence).store(sequence_, std::memory_order_release);
  stats_.segments.add();
}

bool ShardRecorder::append() {
  if (scratch_.size() > room()) return false;
  std::byte* const to = free();
  std::memcpy(to, scratch_.data(), scratch_.size());
  use(to, to + scratch_.size());
  return true;
}

Recorder::Recorder(const std::string& path, std::uint64_t bytes, std::uint32_t shards,
                   const std::string& version, const core::Limits& limits) {
  FileHeader header;
  header.shards = shards;
  header.segment_bytes =
      (bytes - std::min(bytes, std::uint64_t{header_size})) / segments_per_shard / shards / 64 * 64;
  if (header.segment_bytes < least_segment)
    throw FlightFileError(
        "flight recorder: " + std::to_string(bytes) + " bytes are too few for " +
        std::to_string(shards) + " shards: at least " +
        std::to_string(header_size + least_segment * segments_per_shard * shards));
  header.limits = limits;
  std::memcpy(header.version.data(), version.data(),
              std::min(version.size(), header.version.size() - 1));
  file_ = make_flight_file(path, bytes, header);
  for (ShardIndex shard = 0; shard < shards; ++shard)
    shards_.push_back(std::make_unique<ShardRecorder>(file_.bytes(), shard));
}

}  // namespace muster::broker::recorder
