/// When which check is due: spread over its interval, and less often while nothing answers.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace muster::broker::probe {

/// Numbers of targets, each with the time at which it is due. Pure: time comes in.
class Timetable {
 public:
  /// The first time comes within the interval, at a place in it that `spread` chooses.
  void add(std::uint64_t target, Millis interval, std::uint64_t spread, Mono now);
  /// Due again an interval after it was due, or after `now` if that has passed. From the fourth
  /// miss in a row on twice, then four, then eight times as late, but no later than a minute (or
  /// the interval, if that is longer).
  void again(std::uint64_t target, Mono was_due, Millis interval, std::uint32_t missed, Mono now);
  void remove(std::uint64_t target, Mono due) { due_.erase({due.ms, target}); }

  struct Due {
    std::uint64_t target = 0;
    Mono at;
  };
  /// Takes the first that is due, if one is.
  [[nodiscard]] std::optional<Due> take(Mono now);
  [[nodiscard]] std::optional<Mono> next() const;
  [[nodiscard]] std::size_t size() const { return due_.size(); }

  /// When `target` was put for: what remove() wants.
  [[nodiscard]] Mono put_for() const { return put_for_; }

 private:
  void put(std::uint64_t target, Mono at);

  std::set<std::pair<std::int64_t, std::uint64_t>> due_;
  Mono put_for_;
};

}  // namespace muster::broker::probe
