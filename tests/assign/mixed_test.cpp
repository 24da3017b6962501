// `uniform` where members subscribe to different topics: level as a flow can be, by the least
// moves.
#include "groups.hpp"
#include "oracle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace muster::core::assign {
namespace {

Plan uniform(const Problem& problem) {
  return find_assignor("uniform")->assign(problem);
}

/// `members` members, each with `width` neighbouring topics of `topics`, `slots` a topic.
Problem ring_group(std::uint32_t members, std::uint32_t topics, std::uint32_t width,
                   std::int32_t slots) {
  Problem problem;
  problem.partitions.assign(topics, slots);
  for (std::uint32_t m = 0; m < members; ++m) {
    Member member;
    for (std::uint32_t t = 0; t < topics; ++t)
      if ((t + topics - m * topics / members % topics) % topics < width) member.topics.push_back(t);
    problem.members.push_back(std::move(member));
  }
  problem.owner.assign(slot_count(problem), nobody);
  return problem;
}

TEST(Mixed, SmallGroupsAreAsGoodAsTheBestOfAllAssignments) {
  for (std::uint32_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(dice, {.members = 4,
                                                .topics = 4,
                                                .slots = 7,
                                                .weight = seed % 2 == 0 ? 1U : 3U,
                                                .mixed = true,
                                                .holding_back = seed % 3 == 0 ? 3U : 0U});

    const Plan plan = uniform(problem);

    ASSERT_EQ(broken_rule(problem, plan), "");
    EXPECT_EQ(score(problem, plan.owner), best_by_trying(problem));
  }
}

TEST(Mixed, TheTwoOraclesAgree) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(
        dice,
        {.members = 4, .topics = 4, .slots = 7, .weight = 3, .mixed = true, .holding_back = 4});

    EXPECT_EQ(best_by_paths(problem), best_by_trying(problem));
  }
}

TEST(Mixed, LargerGroupsAreLevelByTheLeastMoves) {
  for (std::uint32_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(dice, {.members = 16,
                                                .topics = 10,
                                                .slots = 150,
                                                .weight = seed % 2 == 0 ? 1U : 10U,
                                                .mixed = true,
                                                .holding_back = seed % 3 == 0 ? 4U : 0U});

    const Plan plan = uniform(problem);

    ASSERT_EQ(broken_rule(problem, plan), "");
    EXPECT_EQ(cost_reducing_path(problem, plan.owner), "");
    EXPECT_EQ(score(problem, plan.owner), best_by_paths(problem));
  }
}

TEST(Mixed, SixtyFourMembersAndAThousandSlotsAreOptimalToo) {
  for (std::uint32_t seed = 0; seed < 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem =
        random_group(dice, {.members = 64, .topics = 20, .slots = 1024, .mixed = true});

    EXPECT_EQ(score(problem, uniform(problem).owner), best_by_paths(problem));
  }
}

TEST(Mixed, OverlappingSubscriptionsStayOptimalThroughJoinsAndLeaves) {
  Problem problem = ring_group(10, 40, 20, 25);
  problem = after(problem, uniform(problem));
  EXPECT_EQ(cost_reducing_path(problem, problem.owner), "");
  Dice dice(3);
  for (int event = 0; event < 12; ++event) {
    SCOPED_TRACE("event " + std::to_string(event));
    if (event % 2 == 0) {
      Member member;
      const std::uint32_t first = dice.below(21);
      for (std::uint32_t t = first; t < first + 20; ++t) member.topics.push_back(t);
      problem.members.push_back(member);
    } else {
      problem = without(problem, dice.below(static_cast<std::uint32_t>(problem.members.size())));
    }
    const Plan plan = uniform(problem);
    ASSERT_EQ(broken_rule(problem, plan), "");
    EXPECT_EQ(score(problem, plan.owner), best_by_paths(problem));
    problem = after(problem, plan);
  }
}

TEST(Mixed, ALevelGroupStaysAsItIsInAnyOrderOfMembers) {
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Problem problem = random_group(dice, {.members = 20, .topics = 8, .slots = 200, .mixed = true});
    problem = after(problem, uniform(problem));
    const auto last = static_cast<MemberIndex>(problem.members.size() - 1);
    Problem reversed = problem;
    std::ranges::reverse(reversed.members);
    for (MemberIndex& m : reversed.owner)
      if (m != nobody) m = last - m;

    EXPECT_EQ(uniform(reversed).changes.size(), 0U);
  }
}

TEST(Mixed, AFirstAssignmentSpreadsTopicsOverTheMembersOfAClass) {
  Problem problem = equal_group(10, std::vector<std::int32_t>(10, 10));
  Member odd = problem.members.front();
  odd.topics = {9};
  problem.members.push_back(odd);

  const Plan plan = uniform(problem);

  EXPECT_EQ(cost_reducing_path(problem, plan.owner), "");
  for (std::uint32_t t = 0; t < 9; ++t) {
    std::vector<std::uint32_t> held(problem.members.size(), 0);
    for (std::uint32_t s = 10 * t; s < 10 * (t + 1); ++s) ++held[plan.owner[s]];
    EXPECT_LE(*std::ranges::max_element(held), 2U) << t;
  }
}

TEST(Mixed, TheOnlySubscriberTakesItsTopicWhateverItCosts) {
  Problem problem = equal_group(2, {100, 10});
  problem.members[1].topics = {1};

  EXPECT_EQ(loads(problem, uniform(problem).owner), (std::vector<std::uint32_t>{100, 10}));
}

TEST(Mixed, MembersWithTopicsOfTheirOwnGetThemWhole) {
  Problem problem;
  std::vector<std::uint32_t> counts;
  for (std::uint32_t m = 0; m < 2'000; ++m) {
    counts.push_back(m % 97);
    problem.partitions.push_back(static_cast<std::int32_t>(counts.back()));
    problem.members.push_back({.topics = {m}});
  }
  problem.owner.assign(slot_count(problem), nobody);

  EXPECT_EQ(loads(problem, uniform(problem).owner), counts);
}

TEST(Mixed, AChainOfNeighboursIsLevelledAsFarAsItGoes) {
  // Each topic is larger than the one before and shared by two members: many different heights.
  Problem problem;
  for (std::uint32_t m = 0; m < 30; ++m) {
    problem.partitions.push_back(static_cast<std::int32_t>(1 + m * m / 3));
    problem.members.push_back(
        {.topics = m == 0 ? std::vector<std::uint32_t>{0} : std::vector<std::uint32_t>{m - 1, m}});
  }
  problem.owner.assign(slot_count(problem), nobody);

  problem = after(problem, uniform(problem));
  EXPECT_EQ(cost_reducing_path(problem, problem.owner), "");

  problem = without(problem, 14);
  const Plan plan = uniform(problem);
  EXPECT_EQ(score(problem, plan.owner), best_by_paths(problem));
}

TEST(Mixed, ThousandsOfDifferentSubscriptionsEndWithAValidLevelPlan) {
  Dice dice(11);
  Problem problem;
  problem.partitions.assign(100, 100);
  for (int m = 0; m < 1000; ++m) {
    Member member;
    for (std::uint32_t t = 0; t < 100; ++t)
      if (dice.one_in(5)) member.topics.push_back(t);
    problem.members.push_back(std::move(member));
  }
  problem.owner.assign(10'000, nobody);

  Problem level = after(problem, uniform(problem));
  EXPECT_EQ(loads(level, level.owner), std::vector<std::uint32_t>(1000, 10));

  level = without(level, 500);
  const Plan plan = uniform(level);
  EXPECT_EQ(broken_rule(level, plan), "");
  EXPECT_EQ(kept(level, plan), 9990U);
}

}  // namespace
}  // namespace muster::core::assign
