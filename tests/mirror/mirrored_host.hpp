/// A host with a mirror, and what a reader makes of the messages.
#pragma once

#include "harness.hpp"

#include <broker/mirror/mirror.hpp>

#include <event_from_json.hpp>
#include <mirror_check.hpp>
#include <story.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::broker::mirror {

struct MirroredSetup {
  MirrorOptions mirror = {};
  MakeProducer producer = {};  // none: a host without a mirror
  std::shared_ptr<GateStore> store = {};
  std::uint64_t ring_bytes = 8ULL << 20;
};

class MirroredHost {
 public:
  explicit MirroredHost(MirroredSetup setup);
  ~MirroredHost();

  /// Makes so many events: one topic each.
  void make_events(int count);
  /// Waits until everything durable is acknowledged.
  [[nodiscard]] bool caught_up();
  /// Waits until the metric has at least this value.
  [[nodiscard]] bool reaches(const std::string& metric, std::uint64_t value);
  /// The number of the newest event of each shard.
  [[nodiscard]] std::vector<std::uint64_t> last_events();
  /// Ends host and mirror.
  void stop();

  std::unique_ptr<Mirror> mirror;
  std::optional<TestHost> host;
  std::shared_ptr<GateStore> store = {};
  Connection connection;

 private:
  int topics_ = 0;
};

/// What a reader knows after reading all messages.
struct Reading {
  std::map<ShardIndex, std::vector<std::uint64_t>> numbers;  ///< New ones, in order of arrival.
  std::vector<Event> markers;
  std::vector<Event> events;  ///< New ones, markers included.
  cli::MirrorCheck check;
  cli::Story story;
  int repeats = 0;

  void take(const std::string& value);
  /// Every number from 1 up to the last of each shard, in order, each once, or named by a marker.
  void expect_whole(const std::vector<std::uint64_t>& last, std::uint64_t first = 1) const;
};

[[nodiscard]] Reading read(const std::vector<Message>& log);

}  // namespace muster::broker::mirror
