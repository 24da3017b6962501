#include "player.hpp"

namespace muster::member {
namespace {

std::vector<OffsetCommit> offset(PartitionIndex partition, Token token, Offset value) {
  return {OffsetCommit{part(partition), token, value, -1, ""}};
}

struct Committing : ::testing::Test {
  Player p;
  void SetUp() override {
    p.join();
    p.push(p.step(1, {{0, 10}, {1, 11}}));
    p.answer_beat();
    p.told<Assigned>();
  }
};

TEST_F(Committing, CarriesTokenAndARisingSequence) {
  const auto first = p.session.commit(offset(0, 10, 5), p.now);
  const auto second = p.session.commit(offset(1, 11, 6), p.now);
  p.settle();

  ASSERT_TRUE(first && second);
  EXPECT_LT(*first, *second);
  const auto frame = p.sent<Commit>();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->second.session, p.handle);
  EXPECT_EQ(frame->second.offsets.at(0).token, 10U);
  p.answer(frame->first, Done{});
  const auto done = p.told<Committed>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->sequence, *first);
  EXPECT_EQ(done->error.code, Errc::ok);
}

TEST_F(Committing, IsRepeatedVerbatimAfterAReconnectUntilAnswered) {
  const auto sequence = p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  ASSERT_TRUE(p.sent<Commit>());
  p.disconnect();
  p.connect();
  EXPECT_FALSE(p.told<Committed>());
  p.answer_resume();

  const auto again = p.sent<Commit>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->second.sequence, *sequence);
  EXPECT_EQ(again->second.offsets.at(0).offset, 5);
  EXPECT_EQ(again->second.session, p.handle) << "under the new handle";
  p.answer(again->first, Done{});
  ASSERT_TRUE(p.told<Committed>());
  p.disconnect();
  p.connect();
  p.answer_resume();
  EXPECT_FALSE(p.sent<Commit>()) << "answered is over";
}

/// The first try may have taken effect before the partition went to somebody else.
TEST_F(Committing, ThatWasTriedBeforeAndIsRefusedThenHasAnUnknownOutcome) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  ASSERT_TRUE(p.sent<Commit>());
  p.disconnect();
  p.connect();
  p.answer_resume();
  const auto again = p.sent<Commit>();
  ASSERT_TRUE(again);

  p.answer(again->first, Refusal{Errc::stale_token, "granted anew"});

  const auto outcome = p.told<Committed>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error.code, Errc::connection_lost);
  EXPECT_NE(outcome->error.message.find("granted anew"), std::string::npos);
}

TEST_F(Committing, ThatNoSessionTookAndIsRefusedThenIsRefused) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  p.answer(p.sent<Commit>()->first, Refusal{Errc::unknown_session, "no such session"});
  p.answer_resume();
  const auto again = p.sent<Commit>();
  ASSERT_TRUE(again);

  p.answer(again->first, Refusal{Errc::stale_token, "granted anew"});

  const auto outcome = p.told<Committed>();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->error.code, Errc::stale_token);
}

TEST_F(Committing, WaitsForTheConnectionAndKeepsItsOrder) {
  p.disconnect();
  const auto first = p.session.commit(offset(0, 10, 5), p.now);
  const auto second = p.session.commit(offset(0, 10, 6), p.now);
  p.connect();
  p.answer_resume();

  const auto a = p.sent<Commit>();
  const auto b = p.sent<Commit>();
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->second.sequence, *first);
  EXPECT_EQ(b->second.sequence, *second);
}

TEST_F(Committing, AnUnknownSessionResumesOnceForAllOfThem) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  (void)p.session.commit(offset(1, 11, 6), p.now);
  p.settle();
  const auto a = p.sent<Commit>();
  const auto b = p.sent<Commit>();
  ASSERT_TRUE(a && b);

  p.answer(a->first, Refusal{Errc::unknown_session, "no such session"});
  p.answer_resume();
  p.answer(b->first, Refusal{Errc::unknown_session, "no such session"});  // of the old handle

  EXPECT_TRUE(p.sent<Commit>());
  EXPECT_TRUE(p.sent<Commit>());
  EXPECT_FALSE(p.sent<Resume>());
  EXPECT_FALSE(p.told<Committed>());
}

TEST_F(Committing, RefusesLocallyWhatIsNotHeld) {
  EXPECT_EQ(p.session.commit(offset(0, 9, 5), p.now).error(), Errc::stale_token);
  EXPECT_EQ(p.session.commit(offset(7, 10, 5), p.now).error(), Errc::stale_token);
  p.settle();
  EXPECT_FALSE(p.sent<Commit>());
}

TEST_F(Committing, RefusesLocallyOnceFencedEvenIfNothingTickedSince) {
  const Mono later = p.now + Millis{3'000};

  EXPECT_EQ(p.session.commit(offset(0, 10, 5), later).error(), Errc::stale_token);
}

TEST_F(Committing, OfWhatIsBeingRevokedIsAcceptedUntilItIsReleased) {
  p.push(p.step(2, {{0, 10}}, {{1, 11}}));

  EXPECT_TRUE(p.session.commit(offset(1, 11, 5), p.now));
  p.session.released(p.told<Revoked>()->ticket, p.now);
  EXPECT_FALSE(p.session.commit(offset(1, 11, 6), p.now));
  p.settle();
  EXPECT_TRUE(p.sent<Commit>());
  EXPECT_TRUE(p.sent<Release>()) << "after the commit";
}

TEST_F(Committing, TellsTheBrokersRefusal) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  const auto frame = p.sent<Commit>();

  p.answer(frame->first,
           Refusal{Errc::stale_token, "token 10 is not that of its present grant (12)"});

  const auto done = p.told<Committed>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error,
            (Error{Errc::stale_token, "token 10 is not that of its present grant (12)"}));
}

TEST_F(Committing, AnExpelledMembersOpenCommitsAreUnknownIfTheyWereSent) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.settle();

  p.push(Expelled{GroupId{"g"}, p.session.member(), Reason::session_expired, "silent"});

  const auto done = p.told<Committed>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error.code, Errc::connection_lost);
}

TEST_F(Committing, AndDefinitelyRefusedIfTheyWereNot) {
  p.disconnect();
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.connect();
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);

  p.answer(resume->first, Refusal{Errc::fenced_member, "expelled"});

  const auto done = p.told<Committed>();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error.code, Errc::fenced_member);
}

TEST_F(Committing, AfterFencingOnlyTheBrokerKnowsWhatBecameOfThoseUnderOldTokens) {
  (void)p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  ASSERT_TRUE(p.sent<Commit>());
  p.pass(Millis{3'000});
  ASSERT_TRUE(p.told<Lost>());
  p.disconnect();
  p.connect();
  p.answer_resume();

  const auto again = p.sent<Commit>();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->second.offsets.at(0).token, 10U);
  p.answer(again->first, Refusal{Errc::stale_token, "too late"});
  EXPECT_EQ(p.told<Committed>()->error.code, Errc::connection_lost) << "for this try it was";
}

TEST_F(Committing, AnAbandonedCommitIsNotRepeated) {
  const auto sequence = p.session.commit(offset(0, 10, 5), p.now);
  p.settle();
  p.session.abandon(*sequence);
  ASSERT_TRUE(p.sent<Commit>());

  p.disconnect();
  p.connect();
  p.answer_resume();

  EXPECT_FALSE(p.sent<Commit>());
}

TEST_F(Committing, IsBounded) {
  for (std::size_t i = 0; i < Session::max_open_commits; ++i)
    ASSERT_TRUE(p.session.commit(offset(0, 10, 5), p.now));

  EXPECT_EQ(p.session.commit(offset(0, 10, 5), p.now).error(), Errc::overloaded);
}

}  // namespace
}  // namespace muster::member
