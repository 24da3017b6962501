#include "scenario.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace muster::test {
namespace {

using Partitions = std::vector<PartitionIndex>;

TEST(Rebalance, LeaveHandsTheWorkOverAtOnce) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.join("g", "b");
  s.advance(Millis{100});

  s.leave(s.member("a"));
  s.advance(Millis{5});

  EXPECT_EQ(s.owned("b"), (Partitions{0, 1, 2, 3}));
  EXPECT_EQ(s.events(EventKind::member_left).size(), 1U);
  EXPECT_EQ(s.history("g")[0].reason, Reason::member_left);
}

TEST(Rebalance, LastMemberLeavesASettledEmptyGroup) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});
  const Epoch before = s.describe("g").epoch;

  s.leave(s.member("a"));

  const GroupDescription g = s.describe("g");
  EXPECT_EQ(g.state, GroupState::empty);
  EXPECT_EQ(g.epoch, before + 1);
  EXPECT_EQ(g.assignment_epoch, g.epoch);
}

TEST(Rebalance, OthersKeepWhatTheyHaveWhenOneLeaves) {
  Scenario s;
  s.create_topic("t", 12);
  for (const char* id : {"a", "b", "c"}) s.join("g", id);
  s.advance(Millis{100});
  const auto b = s.owned("b");
  std::map<PartitionIndex, Token> tokens;
  for (const OwnedPartitions& o : s.member("b").step.assigned)
    for (std::size_t i = 0; i < o.partitions.size(); ++i) tokens[o.partitions[i]] = o.tokens[i];

  s.leave(s.member("a"));
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("b").size(), 6U);
  for (const OwnedPartitions& o : s.member("b").step.assigned)
    for (std::size_t i = 0; i < o.partitions.size(); ++i)
      if (tokens.contains(o.partitions[i])) {
        EXPECT_EQ(o.tokens[i], tokens[o.partitions[i]]);
      }
  for (const PartitionIndex p : b) {
    const auto now = s.owned("b");
    EXPECT_TRUE(std::find(now.begin(), now.end(), p) != now.end());
  }
}

TEST(Rebalance, TokensRiseWithEachOwner) {
  Scenario s;
  s.create_topic("t", 1);
  Token last = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "m" + std::to_string(i);
    s.join("g", id);
    s.advance(Millis{60});
    ASSERT_EQ(s.owned(id), Partitions{0}) << i;
    const Token token = s.member(id).step.assigned[0].tokens[0];
    EXPECT_GT(token, last);
    last = token;
    s.leave(s.member(id));
    if (i % 5 == 4) s.restart();
  }
}

TEST(Rebalance, ASlowRevokerHoldsUpOnlyWhatItGives) {
  Scenario s;
  s.create_topic("t", 6);
  s.join("g", "a").releasing = false;
  s.join("g", "b");
  s.advance(Millis{100});

  s.join("g", "c");
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("b").size(), 2U) << "b has given up its one";
  EXPECT_EQ(s.owned("c").size(), 1U) << "and c has it, though a has not";
  s.release(s.member("a"));
  EXPECT_EQ(s.owned("c").size(), 2U);
}

TEST(Rebalance, NewTargetSupersedesOneUnderWayWithoutABarrier) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a").releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{100});
  ASSERT_EQ(s.member("a").step.revoking.at(0).partitions.size(), 2U);

  s.leave(s.member("b"));  // its share is wanted by nobody else now
  s.advance(Millis{100});

  EXPECT_EQ(s.member("a").step.revoking.at(0).partitions.size(), 2U)
      << "what was asked back stays so";
  const Token before = s.member("a").step.revoking.at(0).tokens.at(0);
  s.release(s.member("a"));
  EXPECT_EQ(s.owned("a"), (Partitions{0, 1, 2, 3})) << "and comes back as a new grant";
  std::set<Token> tokens;
  for (const Token t : s.member("a").step.assigned[0].tokens) tokens.insert(t);
  EXPECT_FALSE(tokens.contains(before));
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Rebalance, MoreIsAskedBackWhileSomethingIsStillBeingReleased) {
  Scenario s;
  s.create_topic("t", 12);
  s.join("g", "a", {.rebalance_timeout = Millis{60'000}}).releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{100});
  ASSERT_EQ(s.owned("a").size(), 6U);

  s.join("g", "c");
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size(), 4U);
  EXPECT_EQ(s.member("a").step.revoking.at(0).partitions.size(), 8U);
}

TEST(Rebalance, ReleaseOfAnOldStepReleasesNothingOfTheNewer) {
  Scenario s;
  s.create_topic("t", 12);
  FakeMember& a = s.join("g", "a", {.rebalance_timeout = Millis{60'000}});
  a.releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{100});
  const std::uint32_t old_step = a.step.number;
  s.join("g", "c");
  s.advance(Millis{100});
  ASSERT_GT(a.step.number, old_step);

  EXPECT_EQ(outcome(s.request(Release{a.session, old_step}, a.connection)), "ok");
  EXPECT_EQ(a.step.revoking.at(0).partitions.size(), 8U);
  EXPECT_EQ(outcome(s.request(Release{a.session, a.step.number + 1}, a.connection)),
            "out_of_range");
}

TEST(Rebalance, WhoDoesNotReleaseInTimeIsExpelled) {
  Scenario s;
  s.create_topic("t", 4);
  FakeMember& a = s.join("g", "a", {.rebalance_timeout = Millis{5'000}});
  a.releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.advance(Millis{10});
  const std::uint32_t told = a.step.revoke_ms_left;
  EXPECT_GT(told, 4'000U);
  EXPECT_LE(told, 6'000U);

  s.advance(Millis{5'900});
  EXPECT_EQ(s.members("g").size(), 2U) << "one interval more than the member counts";
  s.advance(Millis{200});

  EXPECT_EQ(s.members("g"), std::vector<std::string>{"b"});
  EXPECT_EQ(a.expelled->reason, Reason::rebalance_timeout);
  EXPECT_EQ(s.owned("b").size(), 4U);
}

TEST(Rebalance, GrownTopicMovesNothingThatIsOwned) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.join("g", "b");
  s.advance(Millis{100});
  const auto a = s.owned("a");

  s.request(GrowTopic{TopicName{"t"}, 8});
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size(), 4U);
  for (const PartitionIndex p : a) {
    const auto now = s.owned("a");
    EXPECT_NE(std::find(now.begin(), now.end(), p), now.end());
  }
}

TEST(Rebalance, DeletedTopicIsAskedBackAndItsOffsetsGo) {
  Scenario s;
  s.create_topic("t", 2);
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{100});
  ASSERT_EQ(outcome(s.commit(a, "t", 0, 5)), "ok");

  s.request(DeleteTopic{TopicName{"t"}});
  s.advance(Millis{100});

  EXPECT_TRUE(a.step.assigned.empty());
  EXPECT_EQ(std::get<OffsetList>(s.query(FetchOffsets{GroupId{"g"}, {}})).offsets.size(), 0U);
  s.create_topic("t", 2);
  s.advance(Millis{100});
  EXPECT_EQ(s.owned("a"), (Partitions{0, 1})) << "the new topic of that name is other work";
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Rebalance, SubscriptionChangeTakesAndGives) {
  Scenario s;
  s.create_topic("t", 2);
  s.create_topic("u", 2);
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{100});

  s.request(
      Update{a.session, std::vector<TopicName>{TopicName{"u"}}, std::nullopt, std::nullopt, 0},
      a.connection);
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a", "t"), Partitions{});
  EXPECT_EQ(s.owned("a", "u"), (Partitions{0, 1}));
}

TEST(Rebalance, WeightsShareInProportion) {
  Scenario s;
  s.create_topic("t", 9);
  s.join("g", "a", {.weight = 2});
  s.join("g", "b", {.weight = 1});
  s.advance(Millis{100});
  EXPECT_EQ(s.owned("a").size(), 6U);
  EXPECT_EQ(s.owned("b").size(), 3U);

  FakeMember& b = s.member("b");
  s.request(Update{b.session, std::nullopt, 0U, std::nullopt, 0}, b.connection);
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size(), 9U) << "weight 0 drains";
}

TEST(Rebalance, HistoryTellsWhyWhoAndHowLong) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});
  FakeMember& a = s.member("a");
  a.releasing = false;
  s.join("g", "b");
  s.advance(Millis{30});
  s.release(a);

  const EpochHistory h = s.history("g").at(0);

  EXPECT_EQ(h.reason, Reason::member_joined);
  EXPECT_EQ(h.trigger, "b");
  EXPECT_EQ(h.changes, 1U);
  EXPECT_EQ(h.assignor, "uniform");
  EXPECT_EQ(h.members, 2U);
  EXPECT_EQ(h.moved, 2U);
  ASSERT_EQ(h.moves.size(), 1U);
  EXPECT_EQ(h.moves[0].from.value, "a");
  EXPECT_EQ(h.moves[0].to.value, "b");
  EXPECT_EQ(h.moves[0].partitions.partitions.size(), 2U);
  EXPECT_EQ(h.gathered, Millis{5});
  EXPECT_EQ(h.revoked, Millis{25});
  EXPECT_EQ(h.settled, Millis{25});
}

TEST(Rebalance, HistoryNamesTheMemberThatWent) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.join("g", "b");
  s.advance(Millis{100});

  s.leave(s.member("a"));
  s.advance(Millis{100});

  ASSERT_EQ(s.history("g").at(0).moves.size(), 1U);
  EXPECT_EQ(s.history("g")[0].moves[0].from.value, "a");
  EXPECT_EQ(s.history("g")[0].moves[0].to.value, "b");
}

TEST(Rebalance, HistoryIsBounded) {
  core::ShardOptions options;
  options.limits.max_history = 5;
  Scenario s(options);
  s.create_topic("t", 2);
  for (int i = 0; i < 20; ++i) {
    s.join("g", "a");
    s.advance(Millis{60});
    s.leave(s.member("a"));
  }

  EXPECT_EQ(s.history("g").size(), 5U);
  EXPECT_EQ(s.history("g")[0].epoch, s.describe("g").epoch);
}

TEST(Rebalance, StartedAndCompletedAreTold) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});

  ASSERT_EQ(s.events(EventKind::rebalance_started).size(), 1U);
  ASSERT_EQ(s.events(EventKind::rebalance_completed).size(), 1U);
  EXPECT_EQ(s.events(EventKind::rebalance_completed)[0].epoch, 1);
  std::uint64_t last = 0;
  const auto all = std::get<EventList>(s.query(ReadEvents{}));
  for (const Event& e : all.events)
    if (e.group == "g") {
      EXPECT_EQ(e.sequence, last + 1) << "dense per group";
      last = e.sequence;
    }
}

TEST(Rebalance, AssignmentEventsAreCutAtTheirBound) {
  core::ShardOptions options;
  options.limits.max_event_partitions = 10;
  Scenario s(options);
  s.create_topic("t", 25);
  s.join("g", "a");
  s.advance(Millis{100});

  const auto events = s.events(EventKind::assignment_changed);

  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].assigned.at(0).partitions.size(), 10U);
  EXPECT_EQ(events[2].assigned.at(0).partitions.size(), 5U);
}

TEST(Rebalance, LargeGroupsMoveNoMoreThanSmallOnes) {
  core::ShardOptions cached;
  cached.limits.cached_target_from = 1;
  core::ShardOptions plain;
  plain.limits.cached_target_from = 1'000'000'000;
  Scenario a(cached);
  Scenario b(plain);
  for (Scenario* s : {&a, &b}) {
    s->create_topic("t", 101);
    for (int i = 0; i < 20; ++i) s->join("g", "m" + std::to_string(i));
    s->advance(Millis{100});
    s->leave(s->member("m3"));
    s->advance(Millis{100});
    s->join("g", "m3");
    s->join("g", "n1");
    s->advance(Millis{100});
    s->leave(s->member("m7"));
    s->join("g", "m7");  // gone and back before a target was computed
    s->advance(Millis{100});
  }

  const auto with = a.history("g");
  const auto without = b.history("g");
  ASSERT_EQ(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) EXPECT_EQ(with[i].moved, without[i].moved) << i;
  EXPECT_EQ(a.describe("g").state, GroupState::stable);
  for (const MemberDescription& m : a.describe("g").members)
    EXPECT_NEAR(static_cast<double>(m.assigned.at(0).partitions.size()), 101.0 / 21, 1.0);
}

TEST(Rebalance, OneSettledMemberCostsTheOthersNothing) {
  Scenario s;
  s.create_topic("t", 100);
  for (int i = 0; i < 20; ++i) s.join("g", "m" + std::to_string(i));
  s.advance(Millis{100});
  s.leave(s.member("m7"));
  const std::size_t before = s.records().size();
  s.advance(Millis{100});

  std::size_t written = 0;
  for (std::size_t i = before; i < s.records().size(); ++i)
    if (s.records()[i].key.kind == core::RecordKind::current) ++written;
  EXPECT_LE(written, 5U) << "only the members that took its five partitions are written";
}

}  // namespace
}  // namespace muster::test
