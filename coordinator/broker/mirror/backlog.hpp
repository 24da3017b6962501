/// How many bytes of events wait, of one shard, and where to cut if they are too many.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <deque>
#include <optional>

namespace muster::broker::mirror {

/// Events that were made and have not passed, as runs of consecutive numbers of some size each.
class Backlog {
 public:
  /// A run is closed once it has this many bytes: the grain in which events are dropped.
  explicit Backlog(std::uint64_t run_bytes) : run_bytes_(run_bytes) {}

  void made(std::uint64_t number, std::uint64_t bytes, Wall at) {
    if (runs_.empty() || runs_.back().bytes >= run_bytes_) runs_.push_back({number, 0, 0, at});
    runs_.back().last = number;
    runs_.back().bytes += bytes;
    bytes_ += bytes;
  }

  void passed(std::uint64_t number) {
    while (!runs_.empty() && runs_.front().last <= number) take_first();
  }

  /// The last number of the oldest run that lies at or above `from`, or in which `from` lies: what
  /// to drop up to. Nothing if there is no closed run: the newest events stay.
  [[nodiscard]] std::optional<std::uint64_t> oldest_run_from(std::uint64_t from) const {
    for (const Run& run : runs_) {
      if (run.last < from) continue;
      if (&run == &runs_.back()) return std::nullopt;
      return run.last;
    }
    return std::nullopt;
  }

  /// Events up to `last`, from `first` on, are no more.
  void dropped(std::uint64_t first, std::uint64_t last) {
    for (Run& run : runs_) {
      if (run.last < first || run.first > last) continue;
      bytes_ -= run.bytes;
      run.bytes = 0;
    }
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// When the oldest of them was made, roughly.
  [[nodiscard]] std::optional<Wall> oldest() const {
    return runs_.empty() ? std::nullopt : std::optional(runs_.front().at);
  }

 private:
  struct Run {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t bytes = 0;
    Wall at;
  };

  void take_first() {
    bytes_ -= runs_.front().bytes;
    runs_.pop_front();
  }

  std::uint64_t run_bytes_;
  std::uint64_t bytes_ = 0;
  std::deque<Run> runs_;
};

}  // namespace muster::broker::mirror
