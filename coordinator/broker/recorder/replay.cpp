#include "replay.hpp"

#include <algorithm>
#include <atomic>

namespace muster::broker::recorder {
namespace {

bool is_beat(const core::Input& input) {
  const auto* request = std::get_if<Request>(&input.command);
  return request != nullptr && std::holds_alternative<Heartbeat>(*request);
}

/// Of the durable state: the opaque part has bytes between its values that mean nothing.
bool same_state(core::Image a, core::Image b, store::RecordCodec& codec) {
  a.run.clear(), b.run.clear();
  Bytes left;
  Bytes right;
  pack(left, a, codec);
  pack(right, b, codec);
  return left == right;
}

}  // namespace

Recording::Recording(const std::string& path, const std::string& version)
    : file_(open_flight_file(path, version)) {}

std::vector<Recording::Segment> Recording::segments_of(ShardIndex shard) const {
  std::vector<Segment> found;
  for (std::uint32_t i = 0; i < segments_per_shard; ++i) {
    const std::span<std::byte> bytes = segment(file_.bytes(), shard, i);
    const auto& header = *reinterpret_cast<const SegmentHeader*>(bytes.data());
    const std::span<const std::byte> entries = bytes.subspan(sizeof header);
    const std::uint64_t used = std::min<std::uint64_t>(header.used, entries.size());
    if (header.sequence != 0) found.push_back({header.sequence, entries.first(used)});
  }
  std::sort(found.begin(), found.end(),
            [](const Segment& a, const Segment& b) { return a.sequence < b.sequence; });
  // An older one that does not lead to the newest is of no use.
  while (found.size() > 1 && found[found.size() - 2].sequence + 1 != found.back().sequence)
    found.erase(found.begin());
  return found;
}

ReplayOutcome Recording::replay(ShardIndex index, core::Shard& shard, const Visitor& visit) const {
  ReplayOutcome outcome;
  store::RecordCodec codec;
  bool running = false;
  for (const Segment& part : segments_of(index)) {
    Entries entries(part.entries);
    const core::Image image = entries.image();
    if (entries.damaged()) {
      ++outcome.damaged;
      return outcome;
    }
    if (running) {
      ++outcome.images;
      if (!same_state(shard.image(), image, codec)) ++outcome.differing;
    } else if (!shard.restore(image)) {
      ++outcome.damaged;
      return outcome;
    }
    running = true;
    Step step;
    core::Effects effects;
    while (entries.next(step)) {
      effects.clear();
      shard.step(step.input, step.now, effects);
      ++outcome.steps;
      if (is_beat(step.input)) ++outcome.heartbeats;
      if (visit(step, effects)) continue;
      outcome.stopped = true;
      return outcome;
    }
    if (entries.damaged()) {
      ++outcome.damaged;
      return outcome;
    }
  }
  return outcome;
}

}  // namespace muster::broker::recorder
