// `range`: contiguous stretches in member order, topic by topic.
#include "groups.hpp"

#include <gtest/gtest.h>

namespace muster::core::assign {
namespace {

Plan range(const Problem& problem) {
  return find_assignor("range")->assign(problem);
}

TEST(Range, EachTopicIsCutIntoStretchesTheFirstOnesLonger) {
  EXPECT_EQ(range(equal_group(3, {7})).owner, (std::vector<MemberIndex>{0, 0, 0, 1, 1, 2, 2}));
}

TEST(Range, TopicsWithEqualCountsAreCutAlike) {
  EXPECT_EQ(range(equal_group(2, {4, 4})).owner,
            (std::vector<MemberIndex>{0, 0, 1, 1, 0, 0, 1, 1}));
}

TEST(Range, OnlySubscribersOfATopicShareIt) {
  Problem problem = equal_group(3, {4, 4});
  problem.members[0].topics = {1};

  EXPECT_EQ(range(problem).owner, (std::vector<MemberIndex>{1, 1, 2, 2, 0, 0, 1, 2}));
}

TEST(Range, WhatWasHeldMakesNoDifference) {
  Problem problem = equal_group(2, {4});
  problem.owner = {1, 1, 0, 0};

  EXPECT_EQ(range(problem).owner, (std::vector<MemberIndex>{0, 0, 1, 1}));
}

TEST(Range, AMemberThatTakesNothingNewLeavesItsPlaceToTheOthers) {
  Problem problem = equal_group(3, {6});
  problem.members[1].takes_new = false;
  problem.owner = {0, 0, 1, 0, nobody, nobody};

  // Slots 2 and 3 fall to member 1: it holds one of them, the other stays with member 0.
  EXPECT_EQ(range(problem).owner, (std::vector<MemberIndex>{0, 0, 1, 0, 2, 2}));
}

}  // namespace
}  // namespace muster::core::assign
