/// The exact side of least_moves.hpp: what can be kept at best, and the flow that keeps it.
#pragma once

#include "assign/balance.hpp"
#include "assign/classes.hpp"
#include "assign/held_lists.hpp"
#include "assign/least_moves.hpp"

#include <cstdint>
#include <vector>

namespace muster::core::assign {

/// All level assignments, described by what they have in common: a topic's slots belong to members
/// of its own part (balance.hpp); a member's load is one number or the one below it.
class LeastCost {
 public:
  LeastCost(const Picture& picture, const Balance& balance);

  /// No level assignment keeps more slots than this; mostly one keeps as many. `lists` has the
  /// members of all classes that subscribe beyond their part.
  [[nodiscard]] std::uint64_t bound(const HeldLists& lists) const;
  /// Pairs of member and topic that the flow has to look at.
  [[nodiscard]] std::uint64_t pairs() const { return pairs_; }
  /// Replaces `keep` by an optimal one; leaves it as it is if that would take too long.
  void improve(Keep& keep) const;

 private:
  /// What a member owns besides slots that it cannot lose: at least `low`, at most `high`.
  struct Range {
    std::uint32_t fixed = 0;  // held for certain: nobody else could take it
    std::uint32_t low = 0;
    std::uint32_t high = 0;
  };
  struct Flow;

  [[nodiscard]] std::uint32_t movable_of(std::uint32_t cls, MemberIndex member,
                                         const HeldLists& lists) const;

  [[nodiscard]] bool movable(std::uint32_t cls, std::uint32_t topic) const {
    return balance_.of_class[cls] == balance_.of_topic[topic];
  }

  const Picture& picture_;
  const Balance& balance_;
  std::vector<Range> ranges_;           // per member
  std::vector<std::uint32_t> movable_;  // per topic: slots that the flow places
  std::uint64_t pairs_ = 0;
};

}  // namespace muster::core::assign
