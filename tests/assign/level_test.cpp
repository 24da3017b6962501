// Level, the incremental form: it must come out where a full recompute does.
#include "assign/level.hpp"
#include "groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

namespace muster::core::assign {
namespace {

/// A Level beside what it must agree with: owners followed change by change, and a full recompute.
class Checked {
 public:
  Checked(std::vector<std::int32_t> partitions, std::uint32_t members,
          std::vector<MemberIndex> owner)
      : problem_(equal_group(members, std::move(partitions))) {
    problem_.owner = std::move(owner);
    level_.load(problem_.partitions, members, problem_.owner);
    for (MemberIndex m = 0; m < members; ++m) alive_.insert(m);
  }

  void join() {
    if (problem_.members.empty())
      problem_ = with_owners(equal_group(1, problem_.partitions));
    else
      problem_.members.push_back(problem_.members.back());
    problem_.members.back().weight = 1;
    const auto expected = static_cast<MemberIndex>(problem_.members.size() - 1);
    alive_.insert(expected);
    std::vector<Change> changes;

    EXPECT_EQ(level_.join(changes), expected);

    check(changes);
  }

  void leave(MemberIndex member) {
    problem_.members[member].weight = 0;  // for the recompute it is there and takes nothing
    alive_.erase(member);
    std::vector<Change> changes;

    level_.leave(member, changes);

    check(changes);
  }

  [[nodiscard]] const Level& level() const { return level_; }
  [[nodiscard]] const Problem& problem() const { return problem_; }
  [[nodiscard]] MemberIndex any(Dice& dice) const {
    return *std::next(alive_.begin(), dice.below(static_cast<std::uint32_t>(alive_.size())));
  }
  [[nodiscard]] bool empty() const { return alive_.empty(); }

 private:
  Problem with_owners(Problem problem) const {
    problem.owner = problem_.owner;
    return problem;
  }

  void check(const std::vector<Change>& changes) {
    const Plan recomputed = find_assignor("uniform")->assign(problem_);
    EXPECT_EQ(changes.size(), recomputed.changes.size());

    std::set<std::uint32_t> seen;
    for (const Change& change : changes) {
      EXPECT_TRUE(seen.insert(change.slot).second) << "slot " << change.slot << " twice";
      EXPECT_EQ(change.from, problem_.owner[change.slot]);
      EXPECT_NE(change.from, change.to);
      problem_.owner[change.slot] = change.to;
    }
    EXPECT_EQ(sorted(loads(problem_, problem_.owner)), sorted(loads(problem_, recomputed.owner)));
    check_lists();
  }

  void check_lists() const {
    EXPECT_EQ(level_.members(), alive_.size());
    std::vector<MemberIndex> owner(problem_.owner.size(), nobody);
    for (MemberIndex m = 0; m < problem_.members.size(); ++m) {
      EXPECT_TRUE(alive_.contains(m) || level_.slots_of(m).empty()) << "member " << m << " is gone";
      for (const std::uint32_t slot : level_.slots_of(m)) {
        EXPECT_EQ(owner[slot], nobody) << "slot " << slot << " in two lists";
        owner[slot] = m;
      }
    }
    EXPECT_EQ(owner, problem_.owner);
    for (std::uint32_t s = 0; s < owner.size(); ++s) EXPECT_EQ(level_.owner_of(s), owner[s]);
  }

  static std::vector<std::uint32_t> sorted(std::vector<std::uint32_t> values) {
    std::ranges::sort(values);
    return values;
  }

  Problem problem_;
  Level level_;
  std::set<MemberIndex> alive_;
};

std::vector<MemberIndex> unowned(std::size_t slots) {
  return std::vector<MemberIndex>(slots, nobody);
}

/// The owners of its slots, as if only the living had ever joined.
std::vector<MemberIndex> renumbered(const Level& level, const std::vector<MemberIndex>& alive) {
  std::vector<MemberIndex> out(157, nobody);
  for (MemberIndex place = 0; place < alive.size(); ++place)
    for (const std::uint32_t slot : level.slots_of(alive[place])) out[slot] = place;
  return out;
}

TEST(Level, RandomSequencesAgreeWithTheFullRecompute) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::uint32_t members = dice.below(20);
    const auto slots = static_cast<std::int32_t>(dice.below(300));
    std::vector<MemberIndex> owner;
    for (std::int32_t s = 0; s < slots; ++s)
      owner.push_back(members == 0 || dice.one_in(5) ? nobody : dice.below(members));
    Checked group({slots / 3, 0, slots - slots / 3}, members, owner);

    for (int event = 0; event < 80; ++event) {
      if (group.empty() || dice.one_in(2))
        group.join();
      else
        group.leave(group.any(dice));
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Level, OneThatWasRebuiltDoesAsTheOneThatLivedOn) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const std::vector<std::int32_t> partitions{100, 57};
    Level lived;
    lived.load(partitions, 9, unowned(157));
    std::vector<MemberIndex> alive(9);
    std::iota(alive.begin(), alive.end(), 0U);

    for (int event = 0; event < 40; ++event) {
      Level rebuilt;
      rebuilt.load(partitions, static_cast<MemberIndex>(alive.size()), renumbered(lived, alive));
      std::vector<Change> one;
      std::vector<Change> other;
      const std::uint32_t place = dice.below(static_cast<std::uint32_t>(alive.size()));
      if (alive.size() < 3 || dice.one_in(2)) {
        alive.push_back(lived.join(one));
        rebuilt.join(other);
      } else {
        lived.leave(alive[place], one);
        rebuilt.leave(place, other);
        alive.erase(alive.begin() + place);
      }
      EXPECT_EQ(one.size(), other.size());
      EXPECT_EQ(lived.members(), rebuilt.members());
    }
  }
}

TEST(Level, TheLastOneOutLeavesTheSlotsToWhoeverComesNext) {
  Checked group({5}, 2, {0, 0, 0, 1, 1});
  group.leave(0);
  group.leave(1);

  EXPECT_EQ(group.level().members(), 0U);
  EXPECT_EQ(group.level().owner_of(3), nobody);

  group.join();
  EXPECT_EQ(group.level().slots_of(2).size(), 5U);
}

TEST(Level, TheFirstOneInTakesAll) {
  Checked group({4, 3}, 0, unowned(7));

  group.join();
  group.join();

  EXPECT_EQ(group.level().slots_of(0).size(), 4U);
  EXPECT_EQ(group.level().slots_of(1).size(), 3U);
}

TEST(Level, UnevenLoadsAreLevelledByTheNextEvent) {
  std::vector<MemberIndex> owner(90, 0);
  owner[80] = 1;
  owner[81] = nobody;
  Checked joined({90}, 3, owner);
  joined.join();
  Checked left({90}, 3, owner);
  left.leave(1);
}

TEST(Level, NoSlotsAndMoreMembersThanSlotsAreFine) {
  Checked none({0}, 3, {});
  none.join();
  none.leave(0);

  Checked few({2}, 5, {4, 2});
  few.leave(4);
  few.join();
  few.leave(2);
}

TEST(Level, GroupSizesWhereContainersGrowMoveNoMore) {
  for (const std::uint32_t members : {15U, 16U, 63U, 64U, 127U, 128U, 255U, 256U, 767U, 768U}) {
    const auto slots = static_cast<std::int32_t>(10 * members + 3);
    const Problem problem = equal_group(members, {slots});
    Level level;
    level.load(problem.partitions, members, find_assignor("uniform")->assign(problem).owner);
    std::vector<Change> changes;

    level.join(changes);

    EXPECT_EQ(changes.size(), (10 * members + 3) / (members + 1)) << members;
  }
}

TEST(Level, TheSameEventsGiveTheSameChanges) {
  std::vector<Change> runs[2];
  for (std::vector<Change>& changes : runs) {
    Level level;
    level.load(std::vector<std::int32_t>{50, 50}, 4, unowned(100));
    for (int i = 0; i < 10; ++i) level.join(changes);
    for (MemberIndex m = 0; m < 12; ++m) level.leave(m, changes);
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Level, TopicsStaySpreadOverALongLife) {
  const Problem problem = equal_group(20, std::vector<std::int32_t>(10, 100));
  Level level;
  level.load(problem.partitions, 20, find_assignor("uniform")->assign(problem).owner);
  Dice dice(5);
  std::set<MemberIndex> alive;
  for (MemberIndex m = 0; m < 20; ++m) alive.insert(m);
  std::vector<Change> changes;
  for (int event = 0; event < 400; ++event) {
    if (alive.size() < 15 || (alive.size() < 25 && dice.one_in(2))) {
      alive.insert(level.join(changes));
    } else {
      const MemberIndex gone =
          *std::next(alive.begin(), dice.below(static_cast<std::uint32_t>(alive.size())));
      alive.erase(gone);
      level.leave(gone, changes);
    }
  }

  for (const MemberIndex m : alive) {
    std::vector<std::uint32_t> held(10, 0);
    for (const std::uint32_t slot : level.slots_of(m)) ++held[slot / 100];
    // A fair part is 4 to 7 of a topic's 100.
    EXPECT_LE(*std::ranges::max_element(held), 15U) << "member " << m;
  }
}

}  // namespace
}  // namespace muster::core::assign
