#include "assign/least_moves.hpp"

#include "assign/held_lists.hpp"
#include "assign/least_cost.hpp"
#include "assign/quota.hpp"
#include "assign/spread.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <utility>

namespace muster::core::assign {
namespace {

/// A class that gives no topic away and can take part in no chain of hand-overs only has to be
/// levelled inside: of its members those above their share alone matter.
bool levels_inside(const Picture& picture, const Balance& balance, std::uint32_t c) {
  return std::ranges::all_of(picture.arcs_of(picture.classes[c]), [&](const Arc& arc) {
    return arc.held <= arc.owned && balance.of_topic[arc.topic] == balance.of_class[c];
  });
}

class ByClass {
 public:
  ByClass(const Picture& picture, const Balance& balance) : picture_(picture) {
    keep_.owner = picture.owner;
    keep_.share.assign(picture.class_of.size(), 0);
    keep_.kept = picture.held;
    std::vector<std::uint8_t> wanted(picture.class_of.size(), 0);
    for (std::uint32_t c = 0; c < picture.classes.size(); ++c) {
      const bool inside = levels_inside(picture, balance, c);
      share_out(c);
      for (const MemberIndex m : picture.classes[c].members)
        wanted[m] = static_cast<std::uint8_t>(!inside || keep_.kept[m] > keep_.share[m]);
    }
    lists_.emplace(picture, wanted);
  }

  Keep run() {
    for (std::uint32_t c = 0; c < picture_.classes.size(); ++c) {
      if (hand_over(c)) share_out(c);
      release_surplus(c);
    }
    return std::move(keep_);
  }
  [[nodiscard]] const HeldLists& lists() const { return *lists_; }

 private:
  /// What one member gives of a topic that has to leave its class.
  struct Giver {
    MemberIndex member;
    std::span<const std::uint32_t> slots;
  };

  /// Topics of which the class is to own less than it holds: the fullest members give first.
  /// Whether there were any.
  bool hand_over(std::uint32_t c) {
    const auto arcs = picture_.arcs_of(picture_.classes[c]);
    if (std::ranges::none_of(arcs, [](const Arc& arc) { return arc.held > arc.owned; }))
      return false;
    std::vector<std::vector<Giver>> givers(arcs.size());
    std::uint64_t load = 0;
    for (const Arc& arc : arcs) load += arc.owned;
    for (const MemberIndex m : picture_.classes[c].members) {
      for (const Run& run : lists_->runs_of(m)) {
        const std::uint32_t place = picture_.arc_of(c, run.topic) - picture_.classes[c].first_arc;
        if (arcs[place].held > arcs[place].owned)
          givers[place].push_back({.member = m, .slots = lists_->slots(run)});
      }
    }
    const auto each = static_cast<std::uint32_t>(load / picture_.classes[c].members.size());
    for (std::size_t i = 0; i < arcs.size(); ++i)
      if (!givers[i].empty()) hand_over_topic(givers[i], arcs[i].held - arcs[i].owned, each);
    return true;
  }

  void hand_over_topic(std::vector<Giver>& givers, std::uint32_t surplus, std::uint32_t each) {
    const auto fuller = [this](const Giver& a, const Giver& b) {
      return keep_.kept[a.member] != keep_.kept[b.member]
                 ? keep_.kept[a.member] < keep_.kept[b.member]
                 : a.member > b.member;
    };
    std::ranges::make_heap(givers, fuller);
    while (surplus > 0) {
      std::ranges::pop_heap(givers, fuller);
      Giver& giver = givers.back();
      const std::uint32_t above =
          keep_.kept[giver.member] > each ? keep_.kept[giver.member] - each : 1;
      const auto amount =
          static_cast<std::uint32_t>(std::min<std::size_t>({above, giver.slots.size(), surplus}));
      for (const std::uint32_t slot : giver.slots.last(amount)) keep_.owner[slot] = nobody;
      giver.slots = giver.slots.first(giver.slots.size() - amount);
      keep_.kept[giver.member] -= amount;
      surplus -= amount;
      if (giver.slots.empty())
        givers.pop_back();
      else
        std::ranges::push_heap(givers, fuller);
    }
  }

  /// Members of one class have one weight, so its load is shared evenly.
  void share_out(std::uint32_t c) {
    std::uint64_t load = 0;
    for (const Arc& arc : picture_.arcs_of(picture_.classes[c])) load += arc.owned;
    const auto& members = picture_.classes[c].members;
    std::vector<Claim> claims;
    claims.reserve(members.size());
    for (const MemberIndex m : members) claims.push_back({.held = keep_.kept[m]});
    const std::vector<std::uint32_t> part = shares(load, claims);
    for (std::size_t i = 0; i < members.size(); ++i) keep_.share[members[i]] = part[i];
  }

  void release_surplus(std::uint32_t c) {
    std::uint64_t in_play = 0;
    for (const std::uint32_t topic : picture_.classes[c].topics)
      in_play += picture_.placeable[topic];
    Releaser releaser(picture_.begins, in_play);
    for (const MemberIndex m : picture_.classes[c].members) {
      if (keep_.kept[m] <= keep_.share[m]) continue;
      slots_.clear();
      for (const Run& run : lists_->runs_of(m))
        for (const std::uint32_t slot : lists_->slots(run))
          if (keep_.owner[slot] == m) slots_.push_back(slot);
      releaser.release(slots_, keep_.kept[m] - keep_.share[m], keep_.share[m], keep_.owner);
      keep_.kept[m] = keep_.share[m];
    }
  }

  const Picture& picture_;
  Keep keep_;
  std::optional<HeldLists> lists_;
  std::vector<std::uint32_t> slots_;  // of the member at hand
};

}  // namespace

Keep keep_most(const Picture& picture, const Balance& balance) {
  ByClass by_class(picture, balance);
  Keep keep = by_class.run();
  if (!balance.complete) return keep;
  const auto kept = std::accumulate(keep.kept.begin(), keep.kept.end(), std::uint64_t{0});
  const LeastCost least(picture, balance);
  keep.exact = kept == least.bound(by_class.lists());
  if (!keep.exact && least.pairs() <= exact_limit) least.improve(keep);
  return keep;
}

}  // namespace muster::core::assign
