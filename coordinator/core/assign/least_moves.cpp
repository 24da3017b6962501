#include "assign/least_moves.hpp"

#include "assign/least_cost.hpp"
#include "assign/quota.hpp"
#include "assign/spread.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

class ByClass {
 public:
  explicit ByClass(const Picture& picture) : picture_(picture) {
    keep_.owner = picture.owner;
    keep_.share.assign(picture.class_of.size(), 0);
    held_.assign(picture.class_of.size(), 0);
    for (MemberIndex m = 0; m < held_.size(); ++m)
      for (const Run& run : picture.runs_of(m)) held_[m] += run.count;
  }

  Keep run() {
    for (std::uint32_t c = 0; c < picture_.classes.size(); ++c) {
      hand_over(c);
      share_out(c);
      release_surplus(c);
    }
    return std::move(keep_);
  }

 private:
  /// What one member gives of a topic that has to leave its class.
  struct Giver {
    MemberIndex member;
    const Run* run;
    std::uint32_t left;
  };

  [[nodiscard]] std::span<const Arc> arcs_of(std::uint32_t c) const {
    return std::span(picture_.arcs)
        .subspan(picture_.classes[c].first_arc, picture_.classes[c].topics.size());
  }

  /// Topics of which the class is to own less than it holds: the fullest members give first.
  void hand_over(std::uint32_t c) {
    const auto arcs = arcs_of(c);
    if (std::ranges::none_of(arcs, [](const Arc& arc) { return arc.held > arc.owned; })) return;
    std::vector<std::vector<Giver>> givers(arcs.size());
    std::uint64_t load = 0;
    for (const Arc& arc : arcs) load += arc.owned;
    for (const MemberIndex m : picture_.classes[c].members) {
      for (const Run& run : picture_.runs_of(m)) {
        const std::uint32_t place = picture_.arc_of(c, run.topic) - picture_.classes[c].first_arc;
        if (arcs[place].held > arcs[place].owned)
          givers[place].push_back({.member = m, .run = &run, .left = run.count});
      }
    }
    const auto each = static_cast<std::uint32_t>(load / picture_.classes[c].members.size());
    for (std::size_t i = 0; i < arcs.size(); ++i)
      if (!givers[i].empty()) hand_over_topic(givers[i], arcs[i].held - arcs[i].owned, each);
  }

  void hand_over_topic(std::vector<Giver>& givers, std::uint32_t surplus, std::uint32_t each) {
    const auto fuller = [this](const Giver& a, const Giver& b) {
      return held_[a.member] != held_[b.member] ? held_[a.member] < held_[b.member]
                                                : a.member > b.member;
    };
    std::ranges::make_heap(givers, fuller);
    while (surplus > 0) {
      std::ranges::pop_heap(givers, fuller);
      Giver& giver = givers.back();
      const std::uint32_t above = held_[giver.member] > each ? held_[giver.member] - each : 1;
      const std::uint32_t amount = std::min({above, giver.left, surplus});
      for (std::uint32_t i = 0; i < amount; ++i)
        keep_.owner[picture_.held_slots[giver.run->begin + --giver.left]] = nobody;
      held_[giver.member] -= amount;
      surplus -= amount;
      if (giver.left == 0)
        givers.pop_back();
      else
        std::ranges::push_heap(givers, fuller);
    }
  }

  /// Members of one class have one weight, so its load is shared evenly.
  void share_out(std::uint32_t c) {
    std::uint64_t load = 0;
    for (const Arc& arc : arcs_of(c)) load += arc.owned;
    const auto& members = picture_.classes[c].members;
    std::vector<Claim> claims;
    claims.reserve(members.size());
    for (const MemberIndex m : members) claims.push_back({.held = held_[m]});
    const std::vector<std::uint32_t> part = shares(load, claims);
    for (std::size_t i = 0; i < members.size(); ++i) keep_.share[members[i]] = part[i];
  }

  void release_surplus(std::uint32_t c) {
    std::uint64_t in_play = 0;
    for (const std::uint32_t topic : picture_.classes[c].topics)
      in_play += picture_.placeable[topic];
    Releaser releaser(picture_.begins, in_play);
    for (const MemberIndex m : picture_.classes[c].members) {
      if (held_[m] <= keep_.share[m]) continue;
      slots_.clear();
      for (const Run& run : picture_.runs_of(m))
        for (std::uint32_t i = run.begin; i < run.begin + run.count; ++i)
          if (keep_.owner[picture_.held_slots[i]] == m) slots_.push_back(picture_.held_slots[i]);
      releaser.release(slots_, held_[m] - keep_.share[m], keep_.share[m], keep_.owner);
      held_[m] = keep_.share[m];
    }
  }

  const Picture& picture_;
  Keep keep_;
  std::vector<std::uint32_t> held_;   // per member: what it still holds
  std::vector<std::uint32_t> slots_;  // of the member at hand
};

}  // namespace

Keep keep_most(const Picture& picture, const Balance& balance) {
  Keep keep = ByClass(picture).run();
  if (!balance.complete) return keep;
  const auto kept = static_cast<std::uint64_t>(
      std::ranges::count_if(keep.owner, [](MemberIndex m) { return m != nobody; }));
  const LeastCost least(picture, balance);
  keep.exact = kept == least.bound();
  if (!keep.exact && least.pairs() <= exact_limit) least.improve(keep);
  return keep;
}

}  // namespace muster::core::assign
