#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

CommittedOffset committed(Scenario& s, const std::string& topic, PartitionIndex partition) {
  return std::get<OffsetList>(s.query(FetchOffsets{GroupId{"g"}, {{s.topic(topic), partition}}}))
      .offsets.at(0);
}

struct Owner : testing::Test {
  Owner() {
    s.create_topic("t", 2);
    s.join("g", "a");
    s.advance(Millis{10});
  }
  Scenario s;
  FakeMember& a() { return s.member("a"); }
};

using CommitTest = Owner;

TEST_F(CommitTest, OfTheHolderIsKept) {
  EXPECT_EQ(outcome(s.commit(a(), "t", 1, 42)), "ok");

  EXPECT_EQ(committed(s, "t", 1).offset, 42);
  EXPECT_EQ(committed(s, "t", 1).metadata, "meta");
  EXPECT_EQ(committed(s, "t", 1).topic.value, "t");
  EXPECT_EQ(committed(s, "t", 0).offset, -1);
}

TEST_F(CommitTest, SurvivesARestart) {
  s.commit(a(), "t", 1, 42);
  s.restart();
  EXPECT_EQ(committed(s, "t", 1).offset, 42);
}

TEST_F(CommitTest, WithAnyOtherTokenIsRefused) {
  const Token token = a().step.assigned[0].tokens[1];
  for (const Token wrong : {Token{0}, token - 1, token + 1, ~token})
    EXPECT_EQ(outcome(s.commit(a(), "t", 1, 1, wrong)), "stale_token");
  EXPECT_EQ(committed(s, "t", 1).offset, -1);
}

TEST_F(CommitTest, IsAllOrNothing) {
  const TopicId t = s.topic("t");
  const auto& owned = a().step.assigned[0];
  Commit commit{a().session, 1, {{{t, 0}, owned.tokens[0], 5, -1, ""}, {{t, 1}, 99, 5, -1, ""}}};

  EXPECT_EQ(outcome(s.request(commit, a().connection)), "stale_token");
  EXPECT_EQ(committed(s, "t", 0).offset, -1);
  EXPECT_TRUE(s.effects().records.empty());
}

TEST_F(CommitTest, RetryRepeatsTheAnswerAndAnOlderOneIsRefused) {
  const TopicId t = s.topic("t");
  const Token token = a().step.assigned[0].tokens[0];
  const auto commit = [&](std::uint32_t sequence, Offset offset) {
    return outcome(s.request(Commit{a().session, sequence, {{{t, 0}, token, offset, -1, ""}}},
                             a().connection));
  };

  EXPECT_EQ(commit(2, 20), "ok");
  EXPECT_EQ(commit(2, 20), "ok");
  EXPECT_TRUE(s.effects().records.empty()) << "the retry changes nothing";
  EXPECT_EQ(commit(1, 10), "stale_commit");
  EXPECT_EQ(committed(s, "t", 0).offset, 20);
  EXPECT_EQ(commit(3, 15), "ok") << "a holder may go back on purpose";
}

TEST_F(CommitTest, OfWhatIsBeingRevokedIsAcceptedUntilItIsReleased) {
  a().releasing = false;
  s.join("g", "b");
  s.advance(Millis{100});
  const PartitionIndex p = a().step.revoking.at(0).partitions.at(0);
  const Token token = a().step.revoking.at(0).tokens.at(0);

  EXPECT_EQ(outcome(s.commit(a(), "t", p, 7)), "ok");
  s.release(a());
  EXPECT_EQ(outcome(s.commit(a(), "t", p, 8, token)), "stale_token");
  EXPECT_EQ(outcome(s.commit(s.member("b"), "t", p, 9)), "ok");
  EXPECT_EQ(committed(s, "t", p).offset, 9);
}

TEST_F(CommitTest, OfAFormerOwnerIsRefusedAfterItCameBack) {
  const Token old_token = a().step.assigned[0].tokens[0];
  a().beating = false;
  s.advance(Millis{3'100});
  ASSERT_TRUE(s.members("g").empty());

  EXPECT_EQ(outcome(s.commit(a(), "t", 0, 1)), "unknown_session");
  s.join("g", "a");
  s.advance(Millis{10});
  EXPECT_EQ(outcome(s.commit(a(), "t", 0, 1, old_token)), "stale_token");
}

TEST_F(CommitTest, RetryOfAFormerOwnerRepeatsTheAnswerUntilTheNextOneCommits) {
  const TopicId t = s.topic("t");
  a().releasing = false;
  s.join("g", "b");
  s.advance(Millis{100});
  const PartitionIndex p = a().step.revoking.at(0).partitions.at(0);
  const Token token = a().step.revoking.at(0).tokens.at(0);
  const auto commit = [&](std::uint32_t sequence, Offset offset) {
    return outcome(s.request(Commit{a().session, sequence, {{{t, p}, token, offset, -1, ""}}},
                             a().connection));
  };
  EXPECT_EQ(commit(5, 7), "ok");
  s.release(a());

  EXPECT_EQ(commit(5, 7), "ok") << "its first answer may have been lost";
  EXPECT_TRUE(s.effects().records.empty());
  EXPECT_EQ(commit(5, 8), "stale_token") << "another commit";
  EXPECT_EQ(commit(6, 7), "stale_token");
  EXPECT_EQ(outcome(s.commit(s.member("b"), "t", p, 9)), "ok");
  EXPECT_EQ(commit(5, 7), "stale_token") << "nobody knows any more";
  EXPECT_EQ(committed(s, "t", p).offset, 9);
}

TEST_F(CommitTest, BadOnesNameTheValueAndTheBound) {
  const TopicId t = s.topic("t");
  const auto& owned = a().step.assigned[0];
  const auto commit = [&](OffsetCommit one) {
    return s.request(Commit{a().session, 1, {std::move(one)}}, a().connection);
  };

  EXPECT_EQ(outcome(commit({{t, 2}, 1, 1, -1, ""})), "unknown_partition");
  EXPECT_EQ(outcome(commit({{t, -1}, 1, 1, -1, ""})), "unknown_partition");
  EXPECT_EQ(outcome(commit({{TopicId{}, 0}, 1, 1, -1, ""})), "unknown_topic");
  EXPECT_EQ(outcome(commit({{t, 0}, owned.tokens[0], -1, -1, ""})), "out_of_range");
  const ReplyBody long_one = commit({{t, 0}, owned.tokens[0], 1, -1, std::string(4'097, 'x')});
  EXPECT_EQ(std::get<Refusal>(long_one).message,
            "metadata of 4097 bytes is above the maximum 4096");
}

TEST_F(CommitTest, OperatorsCommitOnlyForAGroupWithoutMembers) {
  const TopicId t = s.topic("t");
  const AlterOffsets set{GroupId{"g"}, {{{t, 0}, 0, 100, -1, ""}}};

  EXPECT_EQ(outcome(s.request(set)), "group_not_empty");
  s.leave(a());
  EXPECT_EQ(outcome(s.request(set)), "ok");
  EXPECT_EQ(committed(s, "t", 0).offset, 100);
  s.request(AlterOffsets{GroupId{"g"}, {{{t, 0}, 0, -1, -1, ""}}});
  EXPECT_EQ(committed(s, "t", 0).offset, -1);
}

TEST_F(CommitTest, GroupIsMadeByAnOperatorsCommit) {
  const TopicId t = s.topic("t");
  EXPECT_EQ(outcome(s.request(AlterOffsets{GroupId{"new"}, {{{t, 0}, 0, 1, -1, ""}}})), "ok");
  EXPECT_EQ(s.describe("new").state, GroupState::empty);
}

TEST_F(CommitTest, FetchOfAnUnknownGroupIsNoError) {
  const auto list =
      std::get<OffsetList>(s.query(FetchOffsets{GroupId{"nobody"}, {{s.topic("t"), 0}}}));
  ASSERT_EQ(list.offsets.size(), 1U);
  EXPECT_EQ(list.offsets[0].offset, -1);
}

}  // namespace
}  // namespace muster::test
