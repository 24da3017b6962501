/// The incremental form of `uniform` where all members subscribe alike with weight 1: a join or a
/// leave costs the moves it makes, not the partitions there are.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// Keeps, per member, the list of its slots, and the members in buckets by load. It holds the target of
/// one group between rebalances; whatever it cannot express (weights, mixed subscriptions, members
/// that take nothing new, changed topics) is computed by Assignor::assign and loaded again.
/// Gives the same loads and the same number of moves as a full recompute by `uniform`.
class Level {
 public:
  /// `owner` per slot, any values below `members` or `nobody`; the loads may be uneven.
  void load(std::span<const std::int32_t> partitions, MemberIndex members, std::span<const MemberIndex> owner);

  /// A new member with the next index takes its share: appends the moves to `changes`.
  MemberIndex join(std::vector<Change>& changes);
  /// The member's slots go to the others, its index is not used again; appends the moves.
  void leave(MemberIndex member, std::vector<Change>& changes);

  [[nodiscard]] std::uint32_t members() const;                                ///< That are present.
  [[nodiscard]] std::span<const std::uint32_t> slots_of(MemberIndex member) const;  ///< In no special order.
  [[nodiscard]] MemberIndex owner_of(std::uint32_t slot) const;
};

}  // namespace muster::core::assign
