// `uniform` where all members subscribe alike with one weight: level, by the least moves, spread.
#include "groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

namespace muster::core::assign {
namespace {

Plan uniform(const Problem& problem) {
  return find_assignor("uniform")->assign(problem);
}

Problem level_group(std::uint32_t members, std::vector<std::int32_t> partitions) {
  const Problem problem = equal_group(members, std::move(partitions));
  return after(problem, uniform(problem));
}

std::uint32_t owned_before(const Problem& problem) {
  const auto valid = valid_owners(problem);
  return static_cast<std::uint32_t>(
      std::ranges::count_if(valid, [](MemberIndex m) { return m != nobody; }));
}

/// What a level assignment keeps at most: sum of min(l, q), and one more for as many of those above
/// q as there are places above q.
std::uint32_t most_kept(const Problem& problem) {
  const auto members = static_cast<std::uint32_t>(problem.members.size());
  const std::uint32_t each = slot_count(problem) / members;
  const std::uint32_t extra = slot_count(problem) % members;
  std::uint32_t out = 0;
  std::uint32_t above = 0;
  for (const std::uint32_t load : loads(problem, valid_owners(problem))) {
    out += std::min(load, each);
    above += static_cast<std::uint32_t>(load > each);
  }
  return out + std::min(above, extra);
}

void expect_level(const Problem& problem, const Plan& plan) {
  const auto load = loads(problem, plan.owner);
  const auto [low, high] = std::ranges::minmax(load);
  EXPECT_LE(high - low, 1U);
  EXPECT_EQ(std::accumulate(load.begin(), load.end(), 0U), slot_count(problem));
}

TEST(Uniform, AnyHoldingsBecomeLevelByExactlyTheLeastMoves) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(dice, {.members = 64, .topics = 64, .slots = 4096});
    if (problem.members.empty()) continue;

    const Plan plan = uniform(problem);

    ASSERT_EQ(broken_rule(problem, plan), "");
    expect_level(problem, plan);
    EXPECT_EQ(kept(problem, plan), most_kept(problem));
  }
}

TEST(Uniform, ALevelGroupStaysAsItIsWhoeverHasTheExtraSlots) {
  for (std::uint32_t extra = 0; extra < 5; ++extra) {
    Problem problem = equal_group(5, {3, 8});
    for (std::uint32_t s = 0; s < 11; ++s) problem.owner[s] = (s + extra) % 5;

    EXPECT_EQ(uniform(problem).changes, std::vector<Change>{});
  }
}

TEST(Uniform, ALeaveMovesNothingAmongTheOthers) {
  for (std::uint32_t members = 2; members < 40; ++members) {
    const Problem problem = level_group(members, {7, 100, 33});
    const MemberIndex gone = members / 2;
    const std::uint32_t its_load = loads(problem, problem.owner)[gone];

    const Plan plan = uniform(without(problem, gone));

    EXPECT_EQ(plan.changes.size(), its_load);
    for (const Change& change : plan.changes) EXPECT_EQ(change.from, nobody);
  }
}

TEST(Uniform, AJoinMovesOnlyTheNewcomersShareAndOnlyToIt) {
  for (std::uint32_t members = 1; members < 40; ++members) {
    const Problem problem = with_equal_member(level_group(members, {7, 100, 33}));

    const Plan plan = uniform(problem);

    EXPECT_EQ(plan.changes.size(), 140 / (members + 1));
    for (const Change& change : plan.changes) EXPECT_EQ(change.to, members);
  }
}

TEST(Uniform, ManyAtOnceLeaveAndJoinByTheFormula) {
  Problem problem = level_group(20, {500, 37});
  for (MemberIndex gone = 0; gone < 7; ++gone) problem = without(problem, 2 * gone);
  Plan plan = uniform(problem);
  EXPECT_EQ(plan.changes.size(), slot_count(problem) - owned_before(problem));
  expect_level(problem, plan);

  problem = after(problem, plan);
  for (int i = 0; i < 5; ++i) problem = with_equal_member(problem);
  plan = uniform(problem);
  EXPECT_EQ(kept(problem, plan), most_kept(problem));
  EXPECT_EQ(plan.changes.size(), 537 - most_kept(problem));
  expect_level(problem, plan);
}

TEST(Uniform, MorePartitionsMoveNothing) {
  for (std::uint32_t grown = 0; grown < 30; ++grown) {
    Problem problem = level_group(7, {20, 31});
    problem.partitions[1] += static_cast<std::int32_t>(grown);
    problem.owner.resize(slot_count(problem), nobody);

    const Plan plan = uniform(problem);

    EXPECT_EQ(plan.changes.size(), grown);
    expect_level(problem, plan);
  }
}

TEST(Uniform, ADeletedTopicMovesNoMoreThanItHad) {
  for (std::int32_t count = 0; count < 40; ++count) {
    const Problem before = level_group(9, {50, count, 23});
    Problem problem = equal_group(9, {50, 23});
    std::copy_n(before.owner.begin(), 50, problem.owner.begin());
    std::copy_n(before.owner.begin() + 50 + count, 23, problem.owner.begin() + 50);

    const Plan plan = uniform(problem);

    EXPECT_EQ(kept(problem, plan), most_kept(problem));
    EXPECT_LE(plan.changes.size(), static_cast<std::size_t>(count));
    expect_level(problem, plan);
  }
}

TEST(Uniform, NoGroupSizeMovesMoreThanItsNeighbours) {
  // Where containers grow, an order that leaks from one would show as extra moves.
  for (const std::uint32_t members :
       {1U,   2U,   3U,   7U,   8U,   12U,  13U,  15U,  16U,  31U,   32U,   63U,   64U,  127U,
        128U, 255U, 256U, 383U, 384U, 511U, 512U, 767U, 768U, 1023U, 1024U, 1535U, 1536U}) {
    const auto slots = static_cast<std::int32_t>(10 * members + 3);
    const Problem problem = level_group(members, {slots});

    EXPECT_EQ(uniform(problem).changes.size(), 0U) << members;
    EXPECT_EQ(uniform(with_equal_member(problem)).changes.size(),
              (10 * members + 3) / (members + 1))
        << members;
  }
}

TEST(Uniform, JoinThenLeaveMovesBothMinimaAndNoMore) {
  for (std::uint32_t members = 1; members < 30; ++members) {
    const Problem problem = with_equal_member(level_group(members, {64, 65}));
    const Plan join = uniform(problem);
    const Problem back = without(after(problem, join), members);

    const Plan leave = uniform(back);

    EXPECT_EQ(leave.changes.size(), join.changes.size());
    expect_level(back, leave);
  }
}

TEST(Uniform, TheOrderOfMembersAndTopicsMovesNothing) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(dice, {.members = 30, .topics = 10, .slots = 400});
    const Problem level = after(problem, uniform(problem));
    if (problem.members.empty()) continue;
    std::vector<MemberIndex> renamed(problem.members.size());
    std::iota(renamed.begin(), renamed.end(), 0U);
    for (std::size_t i = renamed.size(); i > 1; --i)
      std::swap(renamed[i - 1], renamed[dice.below(static_cast<std::uint32_t>(i))]);

    Problem permuted = level;
    std::ranges::reverse(permuted.partitions);
    std::ranges::reverse(permuted.owner);
    for (MemberIndex& m : permuted.owner) m = renamed[m];
    EXPECT_EQ(uniform(permuted).changes.size(), 0U);

    // And from uneven holdings the same loads and moves come out.
    Problem uneven = problem;
    for (MemberIndex& m : uneven.owner)
      if (m < renamed.size()) m = renamed[m];
    auto one = loads(problem, uniform(problem).owner);
    auto other = loads(uneven, uniform(uneven).owner);
    std::ranges::sort(one);
    std::ranges::sort(other);
    EXPECT_EQ(one, other);
    EXPECT_EQ(kept(problem, uniform(problem)), kept(uneven, uniform(uneven)));
  }
}

TEST(Uniform, AnySequenceOfEventsStaysLevelByLeastMoves) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Problem problem = level_group(dice.between(1, 20), {64, 1, 200, 17});
    for (int event = 0; event < 60; ++event) {
      switch (dice.below(3)) {
        case 0:
          problem = with_equal_member(problem);
          break;
        case 1:
          if (problem.members.size() > 1)
            problem =
                without(problem, dice.below(static_cast<std::uint32_t>(problem.members.size())));
          break;
        default:
          problem.partitions.back() += static_cast<std::int32_t>(dice.below(5));
          problem.owner.resize(slot_count(problem), nobody);
      }
      const Plan plan = uniform(problem);
      ASSERT_EQ(broken_rule(problem, plan), "");
      expect_level(problem, plan);
      ASSERT_EQ(kept(problem, plan), most_kept(problem));
      problem = after(problem, plan);
    }
  }
}

TEST(Uniform, AFirstAssignmentSpreadsEveryTopicEvenly) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Problem problem = random_group(dice, {.members = 64, .topics = 64, .slots = 4096});
    std::ranges::fill(problem.owner, nobody);

    EXPECT_LE(spread_score(problem, uniform(problem).owner), 0);
  }
}

TEST(Uniform, ANewcomerGetsAFairSampleOfAllTopics) {
  for (const std::uint32_t members : {4U, 10U, 99U, 100U, 250U}) {
    const Problem problem =
        with_equal_member(level_group(members, std::vector<std::int32_t>(10, 1000)));

    EXPECT_LE(spread_score(problem, uniform(problem).owner), 1) << members;
  }
}

TEST(Uniform, ALeaversSlotsAreSpreadToo) {
  for (const std::uint32_t members : {4U, 10U, 99U, 100U, 250U}) {
    const Problem problem =
        without(level_group(members, std::vector<std::int32_t>(10, 1000)), members / 3);

    EXPECT_LE(spread_score(problem, uniform(problem).owner), 1) << members;
  }
}

TEST(Uniform, SurplusLeavesTheTopicThatAMemberHasTooMuchOf) {
  Problem problem = equal_group(2, {4, 4});
  problem.owner = {0, 0, 0, 0, 0, 1, 0, 1};

  const Plan plan = uniform(problem);

  EXPECT_EQ(plan.changes.size(), 2U);
  EXPECT_EQ(spread_score(problem, plan.owner), 0);
}

TEST(Uniform, AFreeSlotGoesToWhoHasLeastOfItsTopic) {
  Problem problem = equal_group(2, {4, 4});
  problem.owner = {0, 0, nobody, nobody, 1, 1, nobody, nobody};

  EXPECT_EQ(uniform(problem).owner, (std::vector<MemberIndex>{0, 0, 1, 1, 1, 1, 0, 0}));
}

TEST(Uniform, MembersThatTakeNothingNewKeepTheirShareAndNoMore) {
  Problem problem = equal_group(3, {12});
  problem.members[0].takes_new = false;
  problem.members[1].takes_new = false;
  problem.owner = {0, 0, 0, 0, 0, 0, 0, 1, nobody, nobody, nobody, nobody};

  // Member 1 holds one and gets nothing; the other eleven are levelled over 0 and 2.
  EXPECT_EQ(loads(problem, uniform(problem).owner), (std::vector<std::uint32_t>{6, 1, 5}));
}

TEST(Uniform, OwnersThatAreNoMembersCountAsNobody) {
  Problem problem = equal_group(2, {2});
  problem.owner = {77, 78};

  const Plan plan = uniform(problem);

  EXPECT_EQ(plan.changes, (std::vector<Change>{{.slot = 0, .from = nobody, .to = 0},
                                               {.slot = 1, .from = nobody, .to = 1}}));
}

TEST(Uniform, AShorterListOfOwnersMeansNewSlots) {
  Problem problem = equal_group(2, {4});
  problem.owner = {1, 1};

  EXPECT_EQ(uniform(problem).owner, (std::vector<MemberIndex>{1, 1, 0, 0}));
}

}  // namespace
}  // namespace muster::core::assign
