#include "assign/one_class.hpp"

#include "assign/quota.hpp"
#include "assign/slots.hpp"
#include "assign/spread.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

using Owners = std::vector<MemberIndex>;

/// One recompute; the steps run in the order in which they stand here.
class Recompute {
 public:
  Recompute(const Problem& problem, std::span<const std::uint32_t> begins,
            std::span<const std::uint32_t> topics)
      : problem_(problem), begins_(begins), topics_(topics), members_(problem.members.size()) {}

  Owners run() {
    keep_what_is_valid();
    share_out();
    release_surplus();
    deal_free_slots();
    return std::move(owner_);
  }

 private:
  template <class F>
  void for_each_slot(F&& f) const {
    for (const std::uint32_t topic : topics_)
      for (std::uint32_t s = begins_[topic]; s < begins_[topic + 1]; ++s) f(s);
  }

  /// Copies the owners that may stay, and counts them per member.
  void keep_what_is_valid() {
    std::vector<std::uint8_t> takes(members_, 0);
    for (std::size_t m = 0; m < members_; ++m)
      takes[m] = static_cast<std::uint8_t>(takes_part(problem_.members[m]));
    std::vector<std::uint32_t> held(members_ + 1, 0);  // the last one counts the slots of nobody
    owner_.assign(begins_.back(), nobody);
    const auto known = static_cast<std::uint32_t>(problem_.owner.size());
    const MemberIndex* const from = problem_.owner.data();
    MemberIndex* const to = owner_.data();
    const auto none = static_cast<MemberIndex>(members_);
    for (const std::uint32_t topic : topics_) {
      const std::uint32_t end = std::min(begins_[topic + 1], known);
      for (std::uint32_t s = begins_[topic]; s < end; ++s) {
        const MemberIndex before = from[s];
        const bool stays = before < none && takes[before] != 0;
        ++held[stays ? before : none];
        to[s] = stays ? before : nobody;
      }
    }
    held.pop_back();
    held_ = std::move(held);
    for (const std::uint32_t topic : topics_) in_play_ += begins_[topic + 1] - begins_[topic];
  }

  void share_out() {
    std::vector<Claim> claims(members_);
    for (std::size_t m = 0; m < members_; ++m) {
      const Member& member = problem_.members[m];
      claims[m] = {.held = held_[m],
                   .weight = takes_part(member) ? member.weight : 0,
                   .grows = member.takes_new};
      if (claims[m].weight == 0) continue;
      if (weight_ == 0) weight_ = member.weight;
      alike_ = alike_ && member.weight == weight_;
    }
    if (alike_)
      drop_idle_claims(claims);
    else
      share_ = shares(in_play_, claims);
  }

  /// Members that take no part would force the weighted computation on equal ones.
  void drop_idle_claims(std::span<const Claim> claims) {
    std::vector<Claim> active;
    for (const Claim& claim : claims)
      if (claim.weight > 0) active.push_back(claim);
    const std::vector<std::uint32_t> part = shares(in_play_, active);
    share_.assign(members_, 0);
    for (std::size_t m = 0, i = 0; m < members_; ++m)
      if (claims[m].weight > 0) share_[m] = part[i++];
  }

  void release_surplus() {
    // Where the slots of each member above its share are gathered; the others' are not looked at.
    std::vector<std::uint32_t> start(members_ + 1, 0);
    std::vector<std::uint8_t> over(members_, 0);
    for (std::size_t m = 0; m < members_; ++m) {
      over[m] = static_cast<std::uint8_t>(held_[m] > share_[m]);
      start[m + 1] = start[m] + (over[m] != 0 ? held_[m] : 0);
    }
    if (start[members_] == 0) return;
    std::vector<std::uint32_t> gathered(start[members_]);
    std::vector<std::uint32_t> fill(start.begin(), start.end() - 1);
    for_each_slot([&](std::uint32_t s) {
      const MemberIndex m = owner_[s];
      if (m != nobody && over[m] != 0) gathered[fill[m]++] = s;
    });
    Releaser releaser(begins_, in_play_);
    for (std::size_t m = 0; m < members_; ++m) {
      if (over[m] == 0) continue;
      const auto slots = std::span(gathered).subspan(start[m], held_[m]);
      releaser.release(slots, held_[m] - share_[m], share_[m], owner_);
      held_[m] = share_[m];
    }
  }

  void deal_free_slots() {
    std::vector<std::uint32_t> room(members_);
    for (std::size_t m = 0; m < members_; ++m) room[m] = share_[m] - held_[m];
    const bool first = std::ranges::all_of(held_, [](std::uint32_t h) { return h == 0; });
    if (alike_ && first)
      deal_in_turn(room);
    else if (alike_)
      deal_topic_by_topic(room);
    else
      deal_in_proportion(room);
  }

  /// What the dealer would do, where nobody holds anything: rooms differ by one at most, and the
  /// lower indices have the larger ones, so plain turns come out right.
  void deal_in_turn(std::span<const std::uint32_t> room) {
    Owners turns;
    for (MemberIndex m = 0; m < members_; ++m)
      if (room[m] > 0) turns.push_back(m);
    std::size_t turn = 0;
    for_each_slot([&](std::uint32_t s) {
      if (turns.empty()) return;
      owner_[s] = turns[turn];
      turn = turn + 1 == turns.size() ? 0 : turn + 1;
    });
  }

  void deal_topic_by_topic(std::span<const std::uint32_t> room) {
    Dealer dealer(room);
    // With a single receiver, what members hold of a topic changes nothing.
    const bool holdings_matter =
        std::ranges::count_if(room, [](std::uint32_t r) { return r > 0; }) > 1;
    for (const std::uint32_t topic : topics_) {
      if (dealer.full()) return;
      const auto slots =
          std::span(owner_).subspan(begins_[topic], begins_[topic + 1] - begins_[topic]);
      auto free = std::ranges::find(slots, nobody);
      if (free == slots.end()) continue;
      dealer.begin_topic();
      if (holdings_matter)
        for (const MemberIndex m : slots)
          if (m != nobody) dealer.holds(m);
      for (; free != slots.end(); free = std::find(free + 1, slots.end(), nobody))
        *free = dealer.deal();
    }
  }

  void deal_in_proportion(std::span<const std::uint32_t> room) {
    const Owners order = proportional_order(room);
    auto next = order.begin();
    for_each_slot([&](std::uint32_t s) {
      if (owner_[s] == nobody && next != order.end()) owner_[s] = *next++;
    });
  }

  const Problem& problem_;
  std::span<const std::uint32_t> begins_;
  std::span<const std::uint32_t> topics_;
  std::size_t members_;
  std::uint64_t in_play_ = 0;
  std::uint32_t weight_ = 0;
  bool alike_ = true;  // all that take part have the same weight
  Owners owner_;
  std::vector<std::uint32_t> held_;
  std::vector<std::uint32_t> share_;
};

}  // namespace

std::vector<MemberIndex> level_one_class(const Problem& problem,
                                         std::span<const std::uint32_t> begins,
                                         std::span<const std::uint32_t> topics) {
  return Recompute(problem, begins, topics).run();
}

}  // namespace muster::core::assign
