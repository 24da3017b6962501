#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

TEST(Restart, RaisesTheTermAndKeepsEverything) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});
  const Term before = s.describe("g").term;
  const auto owned = s.owned("a");

  s.restart();

  EXPECT_GT(s.describe("g").term, before);
  EXPECT_EQ(outcome(s.resume(s.member("a"))), "ok");
  EXPECT_EQ(s.owned("a"), owned);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Restart, GivesEverySessionItsFullTimeout) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.advance(Millis{2'900});

  s.restart(Millis{100'000});
  s.advance(Millis{2'990});
  EXPECT_EQ(s.members("g").size(), 1U);
  s.advance(Millis{40});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Restart, OldHandlesAreUnknownAndResumeGivesANewOne) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  s.restart();
  EXPECT_EQ(outcome(s.beat(a)), "unknown_session");
  EXPECT_EQ(outcome(s.resume(a)), "ok");
  EXPECT_EQ(outcome(s.beat(a)), "ok");
}

TEST(Restart, AgainAndAgainDoesNotKeepTheDeadAlive) {
  Scenario s;
  FakeMember& dead = s.join("g", "dead", {.session_timeout = Millis{30'000}});
  FakeMember& living = s.join("g", "living", {.session_timeout = Millis{30'000}});
  dead.beating = false;

  // Each run is shorter than S. The dead one is never heard; 2I = 20 s is what it gets at the
  // least.
  int runs = 0;
  for (; runs < 10 && s.members("g").size() == 2; ++runs) {
    s.restart();
    living.beating = false;
    s.resume(living);
    living.beating = true;
    s.advance(Millis{22'000});
  }

  EXPECT_EQ(s.members("g"), std::vector<std::string>{"living"});
  EXPECT_LE(runs, 2) << "the second run gives only what the first had left, at least 2I";
}

TEST(Restart, AnswerToOneThatWasNotedSilentWaitsUntilThatIsWithdrawn) {
  Scenario s;
  FakeMember& a = s.join("g", "a", {.session_timeout = Millis{30'000}});
  a.beating = false;
  s.restart();
  s.advance(Millis{1'500});  // noted as unheard by now

  s.resume(a);

  ASSERT_FALSE(s.effects().replies.empty());
  EXPECT_GT(s.effects().replies[0].after, 0U);
  s.beat(a);
  EXPECT_EQ(s.effects().replies[0].after, 0U);
}

TEST(Restart, StatusStaysUntilTheFirstBeat) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.advance(Millis{2'300});
  ASSERT_EQ(s.describe("g").members[0].status, Status::critical);

  s.restart();
  s.advance(Millis{1'500});
  EXPECT_EQ(s.describe("g").members[0].status, Status::critical)
      << "a lesser edge does not lift it";
  s.resume(a);

  EXPECT_EQ(s.describe("g").members[0].status, Status::healthy);
}

TEST(Restart, GathersAgainWhatHadNoTargetYet) {
  Scenario s;
  s.create_topic("t", 2);
  s.join("g", "a");

  s.restart();
  s.advance(Millis{10});
  s.resume(s.member("a"));

  EXPECT_EQ(s.owned("a").size(), 2U);
  EXPECT_EQ(s.history("g")[0].reason, Reason::member_joined) << "the reason outlives the restart";
  EXPECT_EQ(s.history("g")[0].trigger, "a");
}

TEST(Restart, InMidRebalanceGoesOnWhereItStood) {
  Scenario s;
  s.create_topic("t", 4);
  FakeMember& a = s.join("g", "a");
  a.releasing = false;
  s.advance(Millis{100});
  FakeMember& b = s.join("g", "b");
  s.advance(Millis{100});

  s.restart();
  s.resume(a);
  s.resume(b);
  ASSERT_EQ(a.step.revoking.size(), 1U);
  EXPECT_TRUE(s.owned("b").empty());
  s.release(a);

  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
  EXPECT_GE(s.history("g")[0].settled, Millis{0});
}

TEST(Resume, AfterFencingItselfGetsNewTokensWithoutANewEpoch) {
  Scenario s;
  s.create_topic("t", 2);
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{100});
  const Epoch epoch = s.describe("g").epoch;
  const Token before = a.step.assigned[0].tokens[0];

  s.resume(a, true);

  EXPECT_EQ(s.describe("g").epoch, epoch);
  EXPECT_EQ(s.owned("a").size(), 2U);
  EXPECT_GT(a.step.assigned[0].tokens[0], before);
  EXPECT_EQ(outcome(s.commit(a, "t", 0, 1, before)), "stale_token");
  EXPECT_EQ(outcome(s.commit(a, "t", 0, 1)), "ok");
}

TEST(Resume, FencedWhileRevokingFreesWhatOthersWaitFor) {
  Scenario s;
  s.create_topic("t", 4);
  FakeMember& a = s.join("g", "a");
  a.releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{100});

  s.resume(a, true);

  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(s.owned("a").size(), 2U);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Resume, OfAStrangerIsRefused) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  EXPECT_EQ(outcome(s.request(Resume{GroupId{"nope"}, MemberId{"a"}, 0, false}, 9)),
            "unknown_group");
  EXPECT_EQ(outcome(s.request(Resume{GroupId{"g"}, MemberId{"x"}, 0, false}, 9)), "unknown_member");
  EXPECT_EQ(outcome(s.request(Resume{GroupId{"g"}, MemberId{"a"}, 99, false}, 9)), "stale_epoch");
  s.leave(a);
  EXPECT_EQ(outcome(s.resume(a)), "unknown_member");
}

TEST(Resume, TakesTheSessionFromTheOldConnection) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  const auto old_session = a.session;
  const auto old_connection = a.connection;
  s.resume(a);

  EXPECT_EQ(outcome(s.request(Leave{old_session}, old_connection)), "unknown_session");
  EXPECT_EQ(outcome(s.beat(a)), "ok");
}

TEST(Deletion, OfAGroupNeverLetsItsEpochsComeBack) {
  Scenario s;
  s.create_topic("t", 2);
  for (int i = 0; i < 5; ++i) {
    s.join("g", "a");
    s.advance(Millis{60});
    s.leave(s.member("a"));
  }
  const Epoch last = s.describe("g").epoch;

  EXPECT_EQ(outcome(s.request(DeleteGroup{GroupId{"g"}})), "ok");
  EXPECT_EQ(outcome(s.query(DescribeGroup{GroupId{"g"}})), "unknown_group");
  s.restart();
  s.join("g", "a");
  s.advance(Millis{60});

  EXPECT_GT(s.describe("g").epoch, last);
}

TEST(Deletion, OfAGroupWithMembersIsRefused) {
  Scenario s;
  s.join("g", "a");
  EXPECT_EQ(outcome(s.request(DeleteGroup{GroupId{"g"}})), "group_not_empty");
  EXPECT_EQ(outcome(s.request(DeleteGroup{GroupId{"h"}})), "unknown_group");
}

TEST(Expel, EndsAHealthyMemberWithTheOperatorsWords) {
  Scenario s;
  s.create_topic("t", 2);
  FakeMember& a = s.join("g", "a");
  s.join("g", "b");
  s.advance(Millis{100});

  s.request(ExpelMember{GroupId{"g"}, MemberId{"a"}, "noisy neighbour"});
  s.advance(Millis{100});

  EXPECT_EQ(a.expelled->detail, "noisy neighbour");
  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(outcome(s.request(ExpelMember{GroupId{"g"}, MemberId{"a"}, ""})), "unknown_member");
}

TEST(Restored, GroupsRiseAboveTheFloor) {
  // What a restore leaves behind: terms raised by 65,536, the floor 2^24 above the highest epoch.
  core::Shard shard;
  core::Effects out;
  core::Moment now;
  now.mono = Mono{1'000};
  shard.step({.command = core::Loaded{}}, now, out);
  Join join;
  join.group = GroupId{"g"};
  shard.step({.command = Request{join}}, now, out);
  core::Shard restored;
  for (const core::Record& record : out.records) ASSERT_TRUE(restored.replay(record));
  core::Record meta;
  meta.revision = 1'000;
  meta.value =
      std::make_shared<const core::ShardMeta>(core::ShardMeta{65'537, 1 + (1 << 24), 0, Millis{0}});
  ASSERT_TRUE(restored.replay(meta));

  out.clear();
  restored.step({.command = core::Loaded{}}, now, out);

  const auto* group = restored.view()->groups.find(std::string{"g"});
  ASSERT_NE(group, nullptr);
  EXPECT_GT((*group)->record->epoch, 1 + (1 << 24));
  EXPECT_EQ(restored.view()->term, 65'538U);
}

TEST(Term, AtItsLimitIsATypedErrorAndNeverWraps) {
  core::Shard shard;
  core::Effects out;
  core::Moment now;
  shard.step({.command = core::Loaded{max_term, 0}}, now, out);
  shard.step({.command = Request{CreateTopic{TopicName{"t"}, 1}}}, now, out);

  ASSERT_EQ(out.replies.size(), 1U);
  EXPECT_EQ(outcome(out.replies[0].body), "epoch_exhausted");
}

}  // namespace
}  // namespace muster::test
