#include "holdings.hpp"

#include "player.hpp"

namespace muster::member {
namespace {

using Pairs = std::vector<std::pair<PartitionIndex, Token>>;
using List = std::vector<Held>;

Step step(std::uint32_t number, const Pairs& assigned, const Pairs& revoking = {}) {
  Step s;
  s.number = number;
  s.member_epoch = static_cast<Epoch>(number + 100);
  s.assigned = owned(assigned);
  s.revoking = owned(revoking);
  return s;
}

TEST(Holdings, TheFirstStepAssignsAll) {
  Holdings h;

  const auto change = h.apply(step(1, {{0, 10}, {1, 11}}), never);

  EXPECT_EQ(change.assigned, (List{{part(0), 10}, {part(1), 11}}));
  EXPECT_TRUE(change.revoked.empty());
  EXPECT_TRUE(change.lost.empty());
  EXPECT_EQ(h.step(), 1U);
  EXPECT_EQ(h.epoch(), 101);
  EXPECT_TRUE(h.holds(part(1), 11));
  EXPECT_FALSE(h.holds(part(1), 10));
  EXPECT_FALSE(h.take_release());
}

TEST(Holdings, RepeatingAStepChangesNothing) {
  Holdings h;
  h.apply(step(1, {{0, 10}}, {{1, 11}}), never);

  const auto change = h.apply(step(1, {{0, 10}}, {{1, 11}}), never);

  EXPECT_TRUE(change.assigned.empty() && change.revoked.empty() && change.lost.empty());
}

TEST(Holdings, RevokedIsReleasedOnlyAfterItIsConfirmed) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);

  const auto change = h.apply(step(2, {{0, 10}}, {{1, 11}}), Mono{500});

  EXPECT_EQ(change.revoked, (List{{part(1), 11}}));
  EXPECT_TRUE(h.holds(part(1), 11)) << "it may still commit";
  EXPECT_FALSE(h.take_release());
  h.confirm(change.ticket);
  EXPECT_EQ(h.take_release(), 2U);
  EXPECT_FALSE(h.take_release()) << "once is enough";
  EXPECT_FALSE(h.holds(part(1), 11));
}

TEST(Holdings, WhatItNeverHadIsReleasedAtOnce) {
  Holdings h;

  h.apply(step(3, {}, {{1, 11}}), never);

  EXPECT_EQ(h.take_release(), 3U);
}

TEST(Holdings, ALaterRevocationWaitsForItsOwnConfirmation) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  const auto first = h.apply(step(2, {{0, 10}}, {{1, 11}}), never);
  const auto second = h.apply(step(3, {}, {{0, 10}, {1, 11}}), never);
  EXPECT_EQ(second.revoked, (List{{part(0), 10}}));

  h.confirm(first.ticket);
  EXPECT_EQ(h.take_release(), 2U);
  EXPECT_TRUE(h.holds(part(0), 10));
  h.confirm(second.ticket);
  EXPECT_EQ(h.take_release(), 3U);
}

TEST(Holdings, ConfirmingALaterRevocationFirstReleasesNothing) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  const auto first = h.apply(step(2, {{0, 10}}, {{1, 11}}), never);
  const auto second = h.apply(step(3, {}, {{0, 10}, {1, 11}}), never);

  h.confirm(second.ticket);
  EXPECT_FALSE(h.take_release());
  EXPECT_TRUE(h.holds(part(1), 11));
  h.confirm(first.ticket);
  EXPECT_EQ(h.take_release(), 3U);
}

TEST(Holdings, ALateConfirmationOfAnEarlierMembershipMeansNothing) {
  Holdings h;
  h.apply(step(1, {{0, 10}}), never);
  const auto old = h.apply(step(2, {}, {{0, 10}}), never);
  h.clear();
  h.start_over();
  h.apply(step(1, {{0, 20}}), never);
  h.apply(step(2, {}, {{0, 20}}), never);

  h.confirm(old.ticket);

  EXPECT_FALSE(h.take_release()) << "nobody was told of this revocation yet";
  EXPECT_TRUE(h.holds(part(0), 20));
}

TEST(Holdings, ANewerStepThatStillRevokesIsTheOneToRelease) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  const auto change = h.apply(step(2, {{0, 10}}, {{1, 11}}), never);
  h.apply(step(3, {{0, 10}, {2, 12}}, {{1, 11}}), never);

  h.confirm(change.ticket);

  EXPECT_EQ(h.take_release(), 3U);
}

TEST(Holdings, ATokenThatChangesIsALossAndANewGrant) {
  Holdings h;
  h.apply(step(1, {{0, 10}}), never);

  const auto change = h.apply(step(2, {{0, 99}}), never);

  EXPECT_EQ(change.lost, (List{{part(0), 10}}));
  EXPECT_EQ(change.assigned, (List{{part(0), 99}}));
  EXPECT_FALSE(h.holds(part(0), 10));
}

TEST(Holdings, WhatVanishesIsLost) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  h.apply(step(2, {{0, 10}}, {{1, 11}}), never);

  const auto change = h.apply(step(3, {}), never);

  EXPECT_EQ(change.lost, (List{{part(0), 10}, {part(1), 11}}));
  EXPECT_TRUE(h.held().empty());
}

TEST(Holdings, ASupersededRevocationGivesThePartitionBack) {
  Holdings h;
  h.apply(step(1, {{0, 10}}), never);
  const auto revoked = h.apply(step(2, {}, {{0, 10}}), Mono{500});

  const auto change = h.apply(step(3, {{0, 10}}), never);

  EXPECT_EQ(change.assigned, (List{{part(0), 10}}));
  EXPECT_TRUE(change.lost.empty());
  h.confirm(revoked.ticket);  // the callback of the superseded step returns late
  EXPECT_TRUE(h.holds(part(0), 10));
  EXPECT_EQ(h.release_until(), never);
}

TEST(Holdings, ARevocationHangsOverEverythingUntilTheBrokerKnowsItsRelease) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  EXPECT_EQ(h.release_until(), never);
  const auto change = h.apply(step(2, {{0, 10}}, {{1, 11}}), Mono{500});
  EXPECT_EQ(h.release_until(), Mono{500});

  h.confirm(change.ticket);
  EXPECT_EQ(h.take_release(), 2U);

  EXPECT_EQ(h.release_until(), Mono{500}) << "the Release may be lost";
  h.release_answered(1);
  EXPECT_EQ(h.release_until(), Mono{500}) << "of another step";
  h.release_answered(2);
  EXPECT_EQ(h.release_until(), never);
}

TEST(Holdings, ANewerStepRestatesTheDeadline) {
  Holdings h;
  h.apply(step(2, {{0, 10}}, {{1, 11}}), Mono{500});

  h.apply(step(3, {{0, 10}}, {{1, 11}}), Mono{700});
  EXPECT_EQ(h.release_until(), Mono{700});
  h.apply(step(4, {{0, 10}}), never);

  EXPECT_EQ(h.release_until(), never);
}

TEST(Holdings, ClearingForgetsTheReleasesToo) {
  Holdings h;
  h.apply(step(1, {{0, 10}, {1, 11}}), never);
  const auto change = h.apply(step(2, {{0, 10}}, {{1, 11}}), never);

  EXPECT_EQ(h.clear().size(), 2U);

  h.confirm(change.ticket);
  EXPECT_FALSE(h.take_release());
  EXPECT_EQ(h.step(), 2U);
}

TEST(Holdings, ListsOfUnequalLengthDoNoHarm) {
  Holdings h;
  Step s = step(1, {{0, 10}, {1, 11}});
  s.assigned[0].tokens.pop_back();

  EXPECT_EQ(h.apply(s, never).assigned, (List{{part(0), 10}}));
}

}  // namespace
}  // namespace muster::member
