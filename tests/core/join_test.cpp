#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using Partitions = std::vector<PartitionIndex>;

TEST(Join, FirstMemberOwnsEverything) {
  Scenario s;
  s.create_topic("t", 4);

  s.join("g", "a");
  s.advance(Millis{5});

  EXPECT_EQ(s.owned("a"), (Partitions{0, 1, 2, 3}));
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Join, SecondMemberTakesHalfOfThePartitions) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{100});

  s.join("g", "b");
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size(), 2U);
  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Join, PartitionIsGrantedOnlyAfterItsFormerOwnerReleasedIt) {
  Scenario s;
  s.create_topic("t", 4);
  s.join("g", "a").releasing = false;
  s.advance(Millis{100});

  s.join("g", "b");
  s.advance(Millis{100});

  FakeMember& a = s.member("a");
  EXPECT_EQ(s.owned("a").size(), 2U);
  ASSERT_EQ(a.step.revoking.size(), 1U);
  EXPECT_EQ(s.owned("b"), Partitions{});
  EXPECT_EQ(s.describe("g").state, GroupState::reconciling);

  EXPECT_EQ(outcome(s.release(a)), "ok");
  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Join, ManyJoinsAreGatheredIntoOneEpoch) {
  Scenario s;
  s.create_topic("t", 10);

  for (int i = 0; i < 10; ++i) s.join("g", "m" + std::to_string(i));
  s.advance(Millis{60});

  EXPECT_EQ(s.describe("g").epoch, 1);
  ASSERT_EQ(s.history("g").size(), 1U);
  EXPECT_EQ(s.history("g")[0].changes, 10U);
  EXPECT_EQ(s.history("g")[0].reason, Reason::member_joined);
  EXPECT_EQ(s.history("g")[0].trigger, "m0");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(s.owned("m" + std::to_string(i)).size(), 1U);
}

TEST(Join, GatheringEndsEvenIfChangesNeverStop) {
  Scenario s;
  s.create_topic("t", 10);

  for (int i = 0; i < 30; ++i) {
    s.join("g", "m" + std::to_string(i));
    s.advance(Millis{4});
  }

  EXPECT_GE(s.describe("g").assignment_epoch, 1);
}

TEST(Join, BrokerMakesAnIdWhereNoneIsGiven) {
  Scenario s;
  Join join;
  join.group = GroupId{"g"};
  join.topics = {TopicName{"t"}};

  const auto first = std::get<JoinOk>(s.request(join, 1));
  const auto second = std::get<JoinOk>(s.request(join, 2));

  EXPECT_EQ(first.member.value.size(), 32U);
  EXPECT_NE(first.member, second.member);
  EXPECT_EQ(first.session_timeout, Millis{45'000});
  EXPECT_EQ(first.heartbeat_interval, Millis{15'000});
}

TEST(Join, AgainWithTheSameIdStartsTheMemberAnewWithNewTokens) {
  Scenario s;
  s.create_topic("t", 2);
  s.join("g", "a");
  s.advance(Millis{10});
  const Token before = s.member("a").step.assigned.at(0).tokens.at(0);
  const Epoch epoch = s.describe("g").epoch;
  const auto old_session = s.member("a").session;
  const auto old_connection = s.member("a").connection;

  s.join("g", "a");

  EXPECT_EQ(s.owned("a"), (Partitions{0, 1}));
  EXPECT_GT(s.member("a").step.assigned.at(0).tokens.at(0), before);
  EXPECT_EQ(s.describe("g").epoch, epoch) << "nothing changed for an assignor";
  EXPECT_EQ(outcome(s.request(Heartbeat{old_session, 1, 0, 1, 0, 0}, old_connection)),
            "unknown_session");
}

TEST(Join, MoreMembersThanPartitionsLeavesSomeIdle) {
  Scenario s;
  s.create_topic("t", 1);
  s.join("g", "a");
  s.join("g", "b");

  s.advance(Millis{60});

  EXPECT_EQ(s.owned("a").size() + s.owned("b").size(), 1U);
  EXPECT_EQ(s.describe("g").state, GroupState::stable);
}

TEST(Join, TopicsThatDoNotExistYetAreAssignedWhenTheyAppear) {
  Scenario s;
  s.join("g", "a", {.topics = {"later"}});
  s.advance(Millis{10});
  EXPECT_EQ(s.owned("a", "later"), Partitions{});

  s.create_topic("later", 3);
  s.advance(Millis{10});

  EXPECT_EQ(s.owned("a", "later"), (Partitions{0, 1, 2}));
  EXPECT_EQ(s.history("g")[0].reason, Reason::topic_created);
  EXPECT_EQ(s.history("g")[0].trigger, "later");
}

TEST(Join, WaitsForANewerCatalogueButNotForEver) {
  Scenario s;
  s.create_topic("t", 2);
  Join join;
  join.group = GroupId{"g"};
  join.member = MemberId{"a"};
  join.topics = {TopicName{"t"}};
  join.catalogue_version = 99;

  EXPECT_EQ(std::get<Refusal>(s.request(join, 7)).message, "no reply yet");
  s.advance(Millis{999});
  EXPECT_TRUE(s.members("g").empty());
  s.advance(Millis{1});

  EXPECT_EQ(s.members("g"), std::vector<std::string>{"a"});
}

TEST(Join, ParkedJoinOfAClosedConnectionIsForgotten) {
  Scenario s;
  Join join;
  join.group = GroupId{"g"};
  join.member = MemberId{"a"};
  join.catalogue_version = 99;
  s.request(join, 7);

  s.step({.from = core::SessionRef{7}, .command = core::ConnectionClosed{}});
  s.advance(Millis{2'000});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Join, FirstAssignmentDelayWaitsForTheOthers) {
  Scenario s;
  s.create_topic("t", 4);
  s.request(AlterGroup{GroupId{"g"}, std::nullopt, Millis{500}});

  s.join("g", "a");
  s.advance(Millis{400});
  s.join("g", "b");
  EXPECT_EQ(s.owned("a"), Partitions{});
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size(), 2U);
  EXPECT_EQ(s.owned("b").size(), 2U);
}

struct BadJoin {
  const char* what;
  void (*spoil)(Join&);
  const char* refusal;
  const char* says;
};

class BadJoins : public testing::TestWithParam<BadJoin> {};

TEST_P(BadJoins, AreRefusedWithTheValueAndTheBound) {
  Scenario s;
  Join join;
  join.group = GroupId{"g"};
  GetParam().spoil(join);

  const ReplyBody reply = s.request(join, 1);

  EXPECT_EQ(outcome(reply), GetParam().refusal);
  EXPECT_NE(std::get<Refusal>(reply).message.find(GetParam().says), std::string::npos)
      << std::get<Refusal>(reply).message;
}

INSTANTIATE_TEST_SUITE_P(
    All, BadJoins,
    testing::Values(
        BadJoin{"EmptyGroup", [](Join& j) { j.group.value = ""; }, "invalid_name", "group \"\""},
        BadJoin{"LongGroup", [](Join& j) { j.group.value = std::string(250, 'x'); }, "invalid_name",
                "249"},
        BadJoin{"ControlInGroup", [](Join& j) { j.group.value = "a\nb"; }, "invalid_name", "\\x0a"},
        BadJoin{"BrokenUtf8", [](Join& j) { j.group.value = "a\xc3"; }, "invalid_name", "\\xc3"},
        BadJoin{"Surrogate", [](Join& j) { j.member.value = "\xed\xa0\x80"; }, "invalid_name",
                "member"},
        BadJoin{"C1Control", [](Join& j) { j.member.value = "\xc2\x85"; }, "invalid_name",
                "member"},
        BadJoin{"TopicName", [](Join& j) { j.topics = {TopicName{"a/b"}}; }, "invalid_name", "a/b"},
        BadJoin{"DotDot", [](Join& j) { j.topics = {TopicName{".."}}; }, "invalid_name", ".."},
        BadJoin{"ManyTopics", [](Join& j) { j.topics.assign(1'001, TopicName{"t"}); },
                "limit_reached", "1001 topics is above the maximum 1000"},
        BadJoin{"ShortSession", [](Join& j) { j.session_timeout = Millis{999}; }, "out_of_range",
                "session timeout 999 ms is below the minimum 1000 ms"},
        BadJoin{"LongSession", [](Join& j) { j.session_timeout = Millis{1'800'001}; },
                "out_of_range", "above the maximum 1800000 ms"},
        BadJoin{"AbsurdSession", [](Join& j) { j.session_timeout = Millis{INT64_MIN}; },
                "out_of_range", "below"},
        BadJoin{"Rebalance", [](Join& j) { j.rebalance_timeout = Millis{0}; }, "out_of_range",
                "rebalance timeout 0"},
        BadJoin{"Poll", [](Join& j) { j.max_poll_interval = Millis{86'400'001}; }, "out_of_range",
                "max.poll.interval"},
        BadJoin{"Weight", [](Join& j) { j.weight = 1'000'001; }, "out_of_range", "1000001"},
        BadJoin{"Assignor", [](Join& j) { j.assignor = "best"; }, "unknown_assignor", "uniform"},
        BadJoin{"ClientText", [](Join& j) { j.client.host = std::string(513, 'x'); },
                "invalid_request", "512"},
        BadJoin{"Instance", [](Join& j) { j.instance = InstanceId{""}; }, "invalid_name",
                "group.instance.id"}),
    [](const auto& tested) { return tested.param.what; });

TEST(Join, GroupsAndMembersAreBounded) {
  core::ShardOptions options;
  options.limits.max_groups = 1;
  options.limits.max_group_size = 1;
  Scenario s(options);
  s.join("g", "a");
  Join other;
  other.group = GroupId{"h"};
  Join second;
  second.group = GroupId{"g"};

  EXPECT_EQ(outcome(s.request(other, 9)), "limit_reached");
  EXPECT_EQ(outcome(s.request(second, 9)), "group_full");
}

TEST(Join, ToMorePartitionsThanAStepCanTellIsRefused) {
  core::ShardOptions options;
  options.limits.max_subscribed_partitions = 10;
  Scenario s(options);
  s.create_topic("t", 6);
  s.create_topic("u", 5);
  Join join;
  join.group = GroupId{"g"};
  join.topics = {TopicName{"t"}, TopicName{"u"}};

  const ReplyBody reply = s.request(join, 9);

  EXPECT_EQ(outcome(reply), "limit_reached");
  EXPECT_NE(std::get<Refusal>(reply).message.find("11 partitions is above the maximum 10"),
            std::string::npos);
}

TEST(Join, MemberNeverHoldsMoreThanAStepCanTell) {
  core::ShardOptions options;
  options.limits.max_held_partitions = 3;
  Scenario s(options);
  s.create_topic("t", 5);
  s.join("g", "a");
  s.advance(Millis{10});
  EXPECT_EQ(s.owned("a").size(), 3U);

  s.join("g", "b");
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a").size() + s.owned("b").size(), 5U);
}

}  // namespace
}  // namespace muster::test
