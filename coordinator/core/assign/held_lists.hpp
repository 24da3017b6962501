/// Which slots a member holds, topic by topic.
#pragma once

#include "assign/classes.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// What one member holds of one topic: a stretch of the list of slots.
struct Run {
  std::uint32_t topic = 0;
  std::uint32_t begin = 0;
  std::uint32_t count = 0;
};

/// Lists for some members only: sorting all slots by their owners is the dearest step there is, and
/// mostly few members have to give anything up.
class HeldLists {
 public:
  /// `wanted` per member; the others' lists are empty.
  HeldLists(const Picture& picture, const std::vector<std::uint8_t>& wanted);

  /// Sorted by topic.
  [[nodiscard]] std::span<const Run> runs_of(MemberIndex member) const {
    return std::span(runs_).subspan(runs_begin_[member],
                                    runs_begin_[member + 1] - runs_begin_[member]);
  }
  /// Sorted.
  [[nodiscard]] std::span<const std::uint32_t> slots(const Run& run) const {
    return std::span(slots_).subspan(run.begin, run.count);
  }
  /// A number for each run, from 0 to below run_count().
  [[nodiscard]] std::size_t number(const Run& run) const {
    return static_cast<std::size_t>(&run - runs_.data());
  }
  [[nodiscard]] std::size_t run_count() const { return runs_.size(); }

 private:
  std::vector<std::uint32_t> slots_;       // member by member
  std::vector<Run> runs_;                  // member by member
  std::vector<std::uint32_t> runs_begin_;  // per member
};

}  // namespace muster::core::assign
