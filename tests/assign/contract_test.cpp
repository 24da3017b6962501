// What every assignor promises, run once for each of them.
#include "groups.hpp"

#include <gtest/gtest.h>

#include <string>

namespace muster::core::assign {
namespace {

class Contract : public testing::TestWithParam<std::string_view> {
 protected:
  [[nodiscard]] Plan assign(const Problem& problem) const {
    return find_assignor(GetParam())->assign(problem);
  }
};

const Shape shapes[] = {
    {.members = 12, .topics = 6, .slots = 100},
    {.members = 64, .topics = 16, .slots = 1024},
    {.members = 12, .topics = 6, .slots = 100, .weight = 10},
    {.members = 12, .topics = 6, .slots = 100, .holding_back = 3},
    {.members = 12, .topics = 6, .slots = 100, .mixed = true},
    {.members = 24, .topics = 12, .slots = 300, .weight = 4, .mixed = true, .holding_back = 4},
};

TEST_P(Contract, IsFoundUnderItsName) {
  EXPECT_EQ(find_assignor(GetParam())->name(), GetParam());
}

TEST_P(Contract, RandomGroupsGetCompleteExclusiveEligibleOwners) {
  for (const Shape& shape : shapes) {
    for (std::uint32_t seed = 0; seed < 150; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Dice dice(seed);
      const Problem problem = random_group(dice, shape);

      EXPECT_EQ(broken_rule(problem, assign(problem)), "");
    }
  }
}

TEST_P(Contract, AssigningAgainChangesNothing) {
  for (const Shape& shape : shapes) {
    for (std::uint32_t seed = 1000; seed < 1150; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Dice dice(seed);
      const Problem problem = random_group(dice, shape);
      const Plan plan = assign(problem);

      const Plan again = assign(after(problem, plan));

      EXPECT_EQ(again.changes, std::vector<Change>{});
      EXPECT_EQ(again.owner, plan.owner);
    }
  }
}

TEST_P(Contract, TheSameProblemGivesTheSamePlan) {
  for (const Shape& shape : shapes) {
    Dice dice(7);
    const Problem problem = random_group(dice, shape);
    const Plan plan = assign(problem);

    EXPECT_EQ(assign(problem).owner, plan.owner);
    EXPECT_EQ(find_assignor(GetParam())->assign(Problem(problem)).changes, plan.changes);
  }
}

TEST_P(Contract, NoMembersLeaveEverythingUnowned) {
  const Problem problem = equal_group(0, {3, 2});

  EXPECT_EQ(assign(problem).owner, std::vector<MemberIndex>(5, nobody));
}

TEST_P(Contract, NoTopicsAndEmptyTopicsGiveNothing) {
  EXPECT_TRUE(assign(equal_group(3, {})).owner.empty());
  EXPECT_TRUE(assign(equal_group(3, {0, 0})).owner.empty());
  EXPECT_TRUE(assign(Problem{}).owner.empty());
}

TEST_P(Contract, TheOnlyMemberTakesAll) {
  EXPECT_EQ(assign(equal_group(1, {2, 3})).owner, std::vector<MemberIndex>(5, 0));
}

TEST_P(Contract, MoreMembersThanSlotsLeavesTheRestIdle) {
  const Plan plan = assign(equal_group(7, {3}));

  EXPECT_EQ(loads(equal_group(7, {3}), plan.owner),
            (std::vector<std::uint32_t>{1, 1, 1, 0, 0, 0, 0}));
}

TEST_P(Contract, TopicsWithoutSubscribersStayUnowned) {
  Problem problem = equal_group(2, {2, 2});
  problem.members[0].topics = {0};
  problem.members[1].topics = {0};
  problem.owner = {0, 0, 1, 1};

  const Plan plan = assign(problem);

  EXPECT_EQ(plan.owner[2], nobody);
  EXPECT_EQ(plan.owner[3], nobody);
}

TEST_P(Contract, AMemberThatSubscribesToNothingGetsNothing) {
  Problem problem = equal_group(3, {6});
  problem.members[1].topics.clear();
  problem.owner.assign(6, 1);

  EXPECT_EQ(loads(problem, assign(problem).owner), (std::vector<std::uint32_t>{3, 0, 3}));
}

TEST_P(Contract, WeightZeroTakesNothingAndKeepsNothing) {
  Problem problem = equal_group(2, {4});
  problem.members[0].weight = 0;
  problem.owner.assign(4, 0);

  EXPECT_EQ(assign(problem).owner, std::vector<MemberIndex>(4, 1));
}

TEST_P(Contract, WhereAllHaveWeightZeroNobodyOwnsAnything) {
  Problem problem = equal_group(2, {4});
  for (Member& member : problem.members) member.weight = 0;
  problem.owner = {0, 1, 0, 1};

  EXPECT_EQ(assign(problem).owner, std::vector<MemberIndex>(4, nobody));
}

TEST_P(Contract, MembersThatTakeNothingNewKeepWhatNobodyElseMayHave) {
  Problem problem = equal_group(2, {4});
  for (Member& member : problem.members) member.takes_new = false;
  problem.owner = {0, 0, nobody, nobody};

  const Plan plan = assign(problem);

  EXPECT_EQ(plan.owner[0], 0U);
  EXPECT_EQ(plan.owner[2], nobody);
  EXPECT_EQ(plan.owner[3], nobody);
}

INSTANTIATE_TEST_SUITE_P(Assignors, Contract,
                         testing::ValuesIn(assignor_names().begin(), assignor_names().end()),
                         [](const auto& test) { return std::string(test.param); });

TEST(AssignorTable, DefaultComesFirstAndUnknownNamesAreNull) {
  EXPECT_EQ(assignor_names().front(), default_assignor);
  EXPECT_EQ(find_assignor("no-such-assignor"), nullptr);
  EXPECT_EQ(find_assignor(""), nullptr);
}

}  // namespace
}  // namespace muster::core::assign
