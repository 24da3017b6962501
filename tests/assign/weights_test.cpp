// `uniform` with weights, and with members that take nothing new: D'Hondt's divisors.
#include "groups.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace muster::core::assign {
namespace {

Plan uniform(const Problem& problem) {
  return find_assignor("uniform")->assign(problem);
}

Problem weighted_group(const std::vector<std::uint32_t>& weights, std::int32_t slots) {
  Problem problem = equal_group(static_cast<std::uint32_t>(weights.size()), {slots});
  for (std::size_t m = 0; m < weights.size(); ++m) problem.members[m].weight = weights[m];
  return problem;
}

/// The definition itself: one slot after the other to the smallest (l + 1) / w; ties to holders.
std::vector<std::uint32_t> by_definition(const Problem& problem) {
  const auto held = loads(problem, valid_owners(problem));
  std::vector<std::uint32_t> out(held.size(), 0);
  for (std::uint32_t slot = 0; slot < slot_count(problem); ++slot) {
    MemberIndex best = nobody;
    for (MemberIndex m = 0; m < out.size(); ++m) {
      const Member& member = problem.members[m];
      if (member.weight == 0 || member.topics.empty()) continue;
      if (!member.takes_new && out[m] == held[m]) continue;
      if (best == nobody) {
        best = m;
        continue;
      }
      const auto mine = (std::uint64_t{out[m]} + 1) * problem.members[best].weight;
      const auto its = (std::uint64_t{out[best]} + 1) * member.weight;
      const bool holder = held[m] > out[m] && held[best] <= out[best];
      if (mine < its || (mine == its && holder)) best = m;
    }
    if (best == nobody) break;
    ++out[best];
  }
  return out;
}

TEST(Weights, SharesFollowTheDefinitionAndKeepAllTheyCan) {
  for (std::uint32_t seed = 0; seed < 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    const Problem problem = random_group(dice, {.members = 20,
                                                .topics = 6,
                                                .slots = 300,
                                                .weight = 10,
                                                .holding_back = seed % 3 == 0 ? 0 : seed % 3 + 1});
    const auto held = loads(problem, valid_owners(problem));
    const auto expected = by_definition(problem);
    std::uint32_t most = 0;
    for (std::size_t m = 0; m < held.size(); ++m) most += std::min(held[m], expected[m]);

    const Plan plan = uniform(problem);

    EXPECT_EQ(loads(problem, plan.owner), expected);
    EXPECT_EQ(kept(problem, plan), most);
  }
}

TEST(Weights, TheSharesAreInProportion) {
  EXPECT_EQ(loads(weighted_group({1, 2, 3}, 60), uniform(weighted_group({1, 2, 3}, 60)).owner),
            (std::vector<std::uint32_t>{10, 20, 30}));
  EXPECT_EQ(loads(weighted_group({1, 100}, 50), uniform(weighted_group({1, 100}, 50)).owner),
            (std::vector<std::uint32_t>{0, 50}));
}

TEST(Weights, TheLargestNumbersDoNotOverflow) {
  const Problem problem = weighted_group({0xffffffffU, 0xffffffffU, 1}, 100'000);

  EXPECT_EQ(loads(problem, uniform(problem).owner),
            (std::vector<std::uint32_t>{50'000, 50'000, 0}));
}

TEST(Weights, MorePartitionsTakeFromNobody) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Problem problem = random_group(dice, {.members = 9, .topics = 3, .slots = 80, .weight = 7});
    problem = after(problem, uniform(problem));
    ++problem.partitions.back();
    problem.owner.push_back(nobody);

    EXPECT_LE(uniform(problem).changes.size(), 1U);
  }
}

TEST(Weights, AJoinOnlyTakesAndALeaveOnlyGives) {
  for (std::uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dice dice(seed);
    Problem problem = random_group(dice, {.members = 9, .topics = 3, .slots = 80, .weight = 7});
    if (problem.members.empty()) continue;
    problem = after(problem, uniform(problem));
    Member newcomer = problem.members.front();
    newcomer.weight = dice.below(9);
    problem.members.push_back(newcomer);
    const auto index = static_cast<MemberIndex>(problem.members.size() - 1);

    const Plan join = uniform(problem);
    for (const Change& change : join.changes) EXPECT_EQ(change.to, index);

    const MemberIndex gone = dice.below(index + 1);
    for (const Change& change : uniform(without(after(problem, join), gone)).changes)
      EXPECT_EQ(change.from, nobody);
  }
}

TEST(Weights, DrainingGivesAllAwayAndMovesNothingElse) {
  Problem problem = equal_group(5, {40});
  problem = after(problem, uniform(problem));
  problem.members[2].weight = 0;

  const Plan plan = uniform(problem);

  EXPECT_EQ(plan.changes.size(), 8U);
  for (const Change& change : plan.changes) EXPECT_EQ(change.from, 2U);
  EXPECT_EQ(loads(problem, plan.owner), (std::vector<std::uint32_t>{10, 10, 0, 10, 10}));
}

TEST(Weights, TopicsAreSpreadInProportion) {
  Problem problem = equal_group(3, {60, 60, 60});
  problem.members[2].weight = 4;

  const Plan plan = uniform(problem);

  for (std::uint32_t t = 0; t < 3; ++t) {
    std::vector<std::uint32_t> held(3, 0);
    for (std::uint32_t s = 60 * t; s < 60 * (t + 1); ++s) ++held[plan.owner[s]];
    EXPECT_NEAR(held[0], 10, 1) << t;
    EXPECT_NEAR(held[1], 10, 1) << t;
    EXPECT_NEAR(held[2], 40, 1) << t;
  }
}

}  // namespace
}  // namespace muster::core::assign
