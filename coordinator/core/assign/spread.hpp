/// Which slots a member gives up and who takes a free one, so that every topic lies evenly over the
/// members. Neither ever changes how many slots anybody owns in the end: spread costs no moves.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// Chooses what members above their share give up: first from the topics of which a member holds
/// more than its part, then from the topics that have given the least so far in proportion to their
/// size, so that what becomes free is a fair sample of all topics.
class Releaser {
 public:
  /// `in_play`: how many slots, of all topics that take part, are shared out in all.
  Releaser(std::span<const std::uint32_t> begins, std::uint64_t in_play);

  /// Sets `surplus` of a member's `slots` (sorted) to nobody in `owner`; `share` is what it keeps.
  void release(std::span<const std::uint32_t> slots, std::uint32_t surplus, std::uint32_t share,
               std::span<MemberIndex> owner);

 private:
  struct Holding {
    std::uint32_t topic;
    std::uint32_t begin;  // in the member's list
    std::uint32_t count;
    std::uint32_t excess;  // over its part of the topic, rounded up
  };
  [[nodiscard]] bool gives_later(const Holding& a, const Holding& b) const;
  void find_holdings(std::span<const std::uint32_t> slots, std::uint32_t share);

  std::span<const std::uint32_t> begins_;
  std::uint64_t in_play_;
  std::vector<std::uint32_t> released_;  // per topic
  std::vector<Holding> holdings_;        // of the member at hand
};

/// Deals free slots to members that have room, topic by topic. Each topic starts where the one
/// before stopped, and within a topic the members that hold least of it come first.
class Dealer {
 public:
  /// `room` per member: how many slots it still takes.
  explicit Dealer(std::span<const std::uint32_t> room);

  [[nodiscard]] bool full() const { return size_ == 0; }
  /// Starts a topic: forgets how many slots of it anybody holds.
  void begin_topic();
  /// A member holds one slot of the topic already.
  void holds(MemberIndex member) {
    if (room_[member] > 0) count(member);
  }
  /// Who takes the topic's next free slot; `nobody` when full.
  [[nodiscard]] MemberIndex deal();

 private:
  void count(MemberIndex member) {
    if (held_[member]++ == 0) touched_.push_back(member);
  }
  void advance();
  void drop_current();

  std::vector<std::uint32_t> room_;
  std::vector<MemberIndex> next_;     // the ring of members with room
  std::vector<std::uint32_t> held_;   // of the topic at hand
  std::vector<MemberIndex> touched_;  // members whose held_ is not 0
  MemberIndex before_ = nobody;       // the member before the current one
  MemberIndex current_ = nobody;
  std::uint32_t size_ = 0;
  std::uint32_t left_in_lap_ = 0;
  std::uint32_t lap_ = 0;  // members that hold more than this are passed over
};

/// The order in which members of unequal room take slots, so that each stretch of it holds
/// everybody in proportion to the room: place k of a member with room r stands at (k + 1/2) / r of
/// the whole.
[[nodiscard]] std::vector<MemberIndex> proportional_order(std::span<const std::uint32_t> room);

}  // namespace muster::core::assign
