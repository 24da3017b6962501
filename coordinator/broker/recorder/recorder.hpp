/// The flight recorder: keeps the last inputs of every shard, and when they came, so that `musterd
/// replay` can run them again.
///
/// It is cheap enough to leave on: a heartbeat is some 25 bytes in mapped memory. It keeps no
/// secret: what goes into a core is ids, names, numbers and what applications commit as metadata.
#pragma once

#include "../metrics.hpp"
#include "entries.hpp"
#include "flight_file.hpp"

#include <muster/core/shard.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker {
struct DriverStats;
}

namespace muster::broker::recorder {

struct RecorderStats {
  Counter segments;  ///< Begun, each with an image.
  Counter bytes;     ///< Written.
  Counter off;       ///< 1: the shard's image does not fit, nothing is recorded any more.
};

/// Of one shard, on the thread of its loop.
class ShardRecorder {
 public:
  /// `file` has room for the shard.
  ShardRecorder(std::span<std::byte> file, ShardIndex shard) : file_(file), shard_(shard) {}

  /// Before each step, so that the input is there even if the step is the last thing that this
  /// process does. Begins a segment with an image of `shard` where there is none or it is full.
  void note(core::Shard& shard, const core::Input& input, const core::Moment& now);

  /// Heartbeats of nobody in particular that are handled one after the other at one moment, each
  /// with next_entropy more than the one before.
  class Beats {
   public:
    Beats(const Beats&) = delete;
    Beats& operator=(const Beats&) = delete;
    /// All of them are there for whoever reads what a dying process leaves.
    ~Beats() {
      if (to_ != nullptr) recorder_.use(to_, at_);
    }

    /// At most `most_beats`. In their order, all of them before the first is handled.
    void add(core::SessionRef from, const Heartbeat& beat) {
      if (at_ == nullptr) return;
      now_.entropy[1] += next_entropy;
      const std::uint8_t changed = at_ == to_ ? recorder_.moments_.changed(now_) : 0;
      at_ += recorder_.beats_.pack(at_, from, beat, changed, now_, recorder_.moments_);
    }

   private:
    friend class ShardRecorder;
    Beats(ShardRecorder& recorder, std::byte* to, const core::Moment& now)
        : recorder_(recorder), to_(to), at_(to), now_(now) {}

    ShardRecorder& recorder_;
    std::byte* const to_;  // none: nothing is recorded
    std::byte* at_;
    core::Moment now_;
  };
  static constexpr std::size_t most_beats = 256;
  /// `now` is that of the step before the first of them.
  [[nodiscard]] Beats note_beats(core::Shard& shard, const core::Moment& now);

  [[nodiscard]] const RecorderStats& stats() const { return stats_; }

 private:
  void begin(core::Shard& shard, Wall at);
  bool append();
  [[nodiscard]] std::size_t room() const {
    return segment_.empty() ? 0 : segment_.size() - sizeof(SegmentHeader) - used_;
  }
  [[nodiscard]] std::byte* free() const { return segment_.data() + sizeof(SegmentHeader) + used_; }
  /// What a dying process leaves behind is whole up to here.
  void use(const std::byte* from, const std::byte* to) {
    const auto bytes = static_cast<std::size_t>(to - from);
    used_ += bytes;
    std::atomic_ref(header().used).store(used_, std::memory_order_release);
    stats_.bytes.add(bytes);
  }
  [[nodiscard]] SegmentHeader& header() const {
    return *reinterpret_cast<SegmentHeader*>(segment_.data());
  }

  std::span<std::byte> file_;
  ShardIndex shard_;
  std::span<std::byte> segment_;  // empty: none was begun
  std::size_t used_ = 0;
  std::uint64_t sequence_ = 0;
  MomentDelta moments_;
  BeatDelta beats_;
  Bytes scratch_;
  store::RecordCodec codec_;
  bool off_ = false;
  RecorderStats stats_;
};

/// The file and its shards. Made before the loops run.
class Recorder {
 public:
  static constexpr std::uint64_t least_segment = 64ULL << 10;

  /// `bytes`: the file's size. Throws FlightFileError, if it is too small for the shards, too.
  Recorder(const std::string& path, std::uint64_t bytes, std::uint32_t shards,
           const std::string& version, const core::Limits& limits);

  [[nodiscard]] ShardRecorder& shard(ShardIndex index) { return *shards_[index]; }
  [[nodiscard]] const ShardRecorder& shard(ShardIndex index) const { return *shards_[index]; }

 private:
  Mapping file_;
  std::vector<std::unique_ptr<ShardRecorder>> shards_;
};

}  // namespace muster::broker::recorder
