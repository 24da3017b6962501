/// The incremental form of `uniform` where all members subscribe alike with weight 1: a join or a
/// leave costs the moves it makes, not the partitions there are.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// Keeps, per member, the list of its slots, and the members in buckets by load. It holds the
/// target of one group between rebalances; whatever it cannot express (weights, mixed
/// subscriptions, members that take nothing new, changed topics) is computed by Assignor::assign
/// and loaded again. Gives the same loads and the same number of moves as a full recompute by
/// `uniform`.
class Level {
 public:
  /// `owner` per slot, any values below `members` or `nobody`; the loads may be uneven.
  void load(std::span<const std::int32_t> partitions, MemberIndex members,
            std::span<const MemberIndex> owner);

  /// A new member with the next index takes its share: appends the moves to `changes`.
  MemberIndex join(std::vector<Change>& changes);
  /// The member's slots go to the others, its index is not used again; appends the moves. The last
  /// one's slots go to nobody, and to whoever joins next.
  void leave(MemberIndex member, std::vector<Change>& changes);

  [[nodiscard]] std::uint32_t members() const { return present_; }  ///< That are present.
  [[nodiscard]] std::span<const std::uint32_t> slots_of(
      MemberIndex member) const;  ///< In no special order.
  [[nodiscard]] MemberIndex owner_of(std::uint32_t slot) const { return owner_[slot]; }

 private:
  /// A member's place in the ring of its bucket.
  struct Link {
    MemberIndex before = nobody;
    MemberIndex after = nobody;
  };
  /// A slot whose owner changes; `from` is nobody for those that had none.
  struct Free {
    std::uint32_t slot;
    MemberIndex from;
  };

  void enter_bucket(MemberIndex member);
  void leave_bucket(MemberIndex member);
  void find_range();
  void give(MemberIndex member, Free free, std::vector<Change>& changes);
  [[nodiscard]] std::uint32_t take_near(MemberIndex member, std::uint32_t wanted);
  [[nodiscard]] std::uint32_t wanted_by(MemberIndex member) const;
  void place_free(std::vector<Change>& changes);
  void flatten(std::vector<Change>& changes);

  std::vector<MemberIndex> owner_;                 // per slot
  std::vector<std::vector<std::uint32_t>> slots_;  // per member
  std::vector<Link> links_;                        // per member
  std::vector<MemberIndex> buckets_;               // per load: the ring's first member
  std::vector<Free> free_;                         // owned by nobody present, in slot order
  std::uint32_t lowest_ = 0;                       // smallest and largest load of a present member
  std::uint32_t highest_ = 0;
  std::uint32_t present_ = 0;
};

}  // namespace muster::core::assign
