/// Runs what the flight recorder kept through cores of its own.
#pragma once

#include "entries.hpp"
#include "flight_file.hpp"

#include <muster/core/shard.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace muster::broker::recorder {

/// What a replay came upon besides the steps.
struct ReplayOutcome {
  std::uint64_t steps = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t images = 0;     ///< That a replayed shard was compared with.
  std::uint64_t differing = 0;  ///< Of those, how many were other than the replayed shard.
  std::uint64_t damaged = 0;    ///< Segments whose rest cannot be read.
  bool stopped = false;         ///< By the visitor.
};

/// Sees a step after it was run. False: stop before the next.
using Visitor = std::function<bool(const Step& step, const core::Effects& effects)>;

/// One recording. Reads a live broker's file as well as a dead one's.
class Recording {
 public:
  /// Throws FlightFileError.
  Recording(const std::string& path, const std::string& version);

  [[nodiscard]] std::uint32_t shards() const { return header_of(file_.bytes()).shards; }

  /// Replays what there is of a shard into `shard` (fresh, of limits()), oldest first. Where one
  /// segment goes on from another, the image at its beginning must be what the replay came to.
  ReplayOutcome replay(ShardIndex index, core::Shard& shard, const Visitor& visit) const;
  [[nodiscard]] core::Limits limits() const { return header_of(file_.bytes()).limits; }

 private:
  struct Segment {
    std::uint64_t sequence = 0;
    std::span<const std::byte> entries;
  };
  [[nodiscard]] std::vector<Segment> segments_of(ShardIndex shard) const;

  Mapping file_;
};

}  // namespace muster::broker::recorder
