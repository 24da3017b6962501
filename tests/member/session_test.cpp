#include "player.hpp"

#include <set>

namespace muster::member {
namespace {

constexpr Millis s{3'000};

TEST(Session, JoinsWithAnIdOfItsOwnAndBeatsAtOnce) {
  Player p;
  EXPECT_EQ(p.session.next_deadline(), never);

  p.connect();

  const auto join = p.sent<Join>();
  ASSERT_TRUE(join);
  EXPECT_EQ(join->second.member.value.size(), 32U);
  EXPECT_EQ(join->second.topics, (std::vector<TopicName>{TopicName{"t"}}));
  p.answer(join->first, JoinOk{SessionHandle{5}, GroupId{"g"}, join->second.member, 1, s, s / 3});
  ASSERT_TRUE(p.told<Joined>());
  const auto beat = p.sent<Heartbeat>();
  ASSERT_TRUE(beat);
  EXPECT_EQ(beat->second.session, SessionHandle{5});
  EXPECT_EQ(beat->second.session_timeout_ms, 3'000U);
}

TEST(Session, SameSeedSameFrames) {
  Player a, b;
  a.join(), b.join();

  EXPECT_EQ(a.session.member(), b.session.member());
  EXPECT_EQ(a.session.next_deadline(), b.session.next_deadline());
  EXPECT_NE(a.session.member(), Player(options_of(s, Millis{300'000}, 8)).session.member());
}

TEST(Session, AJoinWhoseAnswerWasLostIsRepeatedWithTheSameId) {
  Player p;
  p.connect();
  const auto first = p.sent<Join>();
  p.disconnect();
  p.connect();
  const auto second = p.sent<Join>();

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->second.member, second->second.member);
  p.answer(first->first, JoinOk{SessionHandle{5}, GroupId{"g"}, first->second.member, 1, s, s / 3});
  EXPECT_FALSE(p.session.active()) << "an answer of the old connection";
}

TEST(Session, TellsAssignmentsAndHoldsThem) {
  Player p;
  p.join();

  p.push(p.step(1, {{0, 10}, {3, 13}}));

  const auto assigned = p.told<Assigned>();
  ASSERT_TRUE(assigned);
  EXPECT_EQ(assigned->partitions, (std::vector<Held>{{part(0), 10}, {part(3), 13}}));
  EXPECT_TRUE(p.holds(3, 13));
}

TEST(Session, IgnoresStepsOfOthersAndOlderOnes) {
  Player p;
  p.join();
  p.push(p.step(2, {{0, 10}}));
  Step other = p.step(3, {});
  other.member = MemberId{"somebody else"};

  p.push(other);
  p.push(p.step(1, {{1, 11}}));

  EXPECT_TRUE(p.holds(0, 10));
  EXPECT_FALSE(p.holds(1, 11));
}

TEST(Session, ReleasesOnlyAfterTheApplicationHasLetGo) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}, {1, 11}}));
  p.push(p.step(2, {{0, 10}}, {{1, 11}}));
  const auto revoked = p.told<Revoked>();
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->partitions, (std::vector<Held>{{part(1), 11}}));
  EXPECT_FALSE(p.sent<Release>());
  EXPECT_TRUE(p.holds(1, 11));

  p.session.released(revoked->ticket, p.now), p.settle();

  const auto release = p.sent<Release>();
  ASSERT_TRUE(release);
  EXPECT_EQ(release->second.step, 2U);
  EXPECT_EQ(release->second.session, p.handle);
}

TEST(Session, ALostReleaseIsRepeatedAfterResume) {
  Player p;
  p.join();
  p.push(p.step(1, {{1, 11}}));
  p.push(p.step(2, {}, {{1, 11}}));
  p.session.released(p.told<Revoked>()->ticket, p.now), p.settle();
  ASSERT_TRUE(p.sent<Release>());
  p.disconnect();
  p.connect();
  p.answer_resume();

  p.push(p.step(2, {}, {{1, 11}}));

  EXPECT_TRUE(p.sent<Release>());
}

TEST(Session, ResumesWithItsEpochAfterAReconnectAndKeepsItsWork) {
  Player p;
  p.join();
  p.push(p.step(4, {{0, 10}}));
  p.answer_beat();
  p.told<Assigned>();
  p.disconnect();
  p.pass(Millis{500});
  p.connect();

  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_EQ(resume->second.member, p.session.member());
  EXPECT_EQ(resume->second.member_epoch, 4);
  EXPECT_FALSE(resume->second.fenced_itself);
  p.answer(resume->first, ResumeOk{SessionHandle{77}, GroupId{"g"}, p.session.member(), s, s / 3});
  p.push(p.step(4, {{0, 10}}));
  EXPECT_TRUE(p.holds(0, 10));
  EXPECT_FALSE(p.told<Lost>());
  const auto beat = p.sent<Heartbeat>();
  ASSERT_TRUE(beat);
  EXPECT_EQ(beat->second.session, SessionHandle{77});
  EXPECT_EQ(beat->second.sequence, 2U) << "goes on";
}

TEST(Session, SendsNoBeatsWhileThereIsNoConnection) {
  Player p;
  p.join();
  p.disconnect();
  p.frames.clear();

  p.pass(Millis{10'000});

  EXPECT_TRUE(p.frames.empty());
}

TEST(Session, ABeatToAnUnknownSessionResumesOnceOnTheSameConnection) {
  Player p;
  p.join();
  const auto beat = p.sent<Heartbeat>();
  ASSERT_TRUE(beat);

  p.answer(beat->first, Refusal{Errc::unknown_session, "no such session"});

  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);
  EXPECT_FALSE(p.sent<Resume>());
  EXPECT_FALSE(resume->second.fenced_itself);
}

TEST(Session, AnUnknownMemberLosesEverythingAndJoinsUnderANewId) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}}));
  const MemberId old = p.session.member();
  p.disconnect();
  p.connect();
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);

  p.answer(resume->first, Refusal{Errc::unknown_member, "member is not in the group"});

  const auto lost = p.told<Lost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->detail, "member is not in the group");
  EXPECT_FALSE(p.holds(0, 10));
  p.pass(Millis{100});
  const auto join = p.sent<Join>();
  ASSERT_TRUE(join);
  EXPECT_NE(join->second.member, old);
}

TEST(Session, AnExpelledMemberJoinsAnewAndAcceptsItsFirstStep) {
  Player p;
  p.join();
  p.push(p.step(50, {{0, 10}}));

  p.push(Expelled{GroupId{"g"}, p.session.member(), Reason::expelled_by_operator, "drill"});

  const auto lost = p.told<Lost>();
  ASSERT_TRUE(lost);
  EXPECT_EQ(lost->reason, Reason::expelled_by_operator);
  EXPECT_EQ(lost->detail, "drill");
  p.pass(Millis{100});
  p.answer_join();
  p.push(p.step(1, {{0, 20}}));
  EXPECT_TRUE(p.holds(0, 20));
}

TEST(Session, AnExpulsionOfSomebodyElseIsNotIts) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}}));

  p.push(Expelled{GroupId{"g"}, MemberId{"other"}, Reason::session_expired, ""});

  EXPECT_TRUE(p.holds(0, 10));
}

TEST(Session, AZombieWaitsForItsNextPollBeforeItRejoins) {
  Player p;
  p.join();
  p.push(Expelled{GroupId{"g"}, p.session.member(), Reason::progress_stalled, "stuck"});
  p.pass(Millis{10'000});
  EXPECT_FALSE(p.sent<Join>());

  p.session.enter(p.now), p.settle();

  EXPECT_TRUE(p.sent<Join>());
}

TEST(Session, AReplacedStaticMemberIsOutForGood) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}}));

  p.push(
      Expelled{GroupId{"g"}, p.session.member(), Reason::static_member_replaced, "by a newer one"});

  EXPECT_TRUE(p.told<Lost>());
  const auto ended = p.told<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error.code, Errc::fenced_member);
  p.pass(Millis{10'000});
  EXPECT_FALSE(p.sent<Join>());
}

TEST(Session, ARefusedJoinEndsItWithTheBrokersSentence) {
  Player p;
  p.connect();
  const auto join = p.sent<Join>();
  ASSERT_TRUE(join);

  p.answer(join->first, Refusal{Errc::group_full, "group \"g\" has reached its maximum of 5"});

  const auto ended = p.told<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error, (Error{Errc::group_full, "group \"g\" has reached its maximum of 5"}));
}

TEST(Session, ARetriableRefusalIsRetriedWithinTheBackoff) {
  Player p;
  p.connect();
  for (int i = 0; i < 10; ++i) {
    const auto join = p.sent<Join>();
    ASSERT_TRUE(join) << i;
    p.answer(join->first, Refusal{Errc::store_full, "free space is below the reserve"});
    p.pass(Millis{1'000});  // an interval is the most
  }
  EXPECT_FALSE(p.session.ended());
}

TEST(Session, AnswersPingsWithTheirNonce) {
  Player p;
  p.join();

  p.push(Ping{p.handle, 4711});
  const auto pong = p.sent<Pong>();
  p.push(Ping{SessionHandle{999}, 4712});

  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->second.nonce, 4711U);
  EXPECT_FALSE(p.sent<Pong>()) << "of another session";
}

TEST(Session, ABeatThatIsDueWithinTheToleranceGoesWithTheOthers) {
  Player p;
  p.join();
  p.answer_beat();
  p.frames.clear();
  p.now = p.session.next_deadline() - Millis{10};

  p.session.tick(p.now), p.settle();
  EXPECT_FALSE(p.sent<Heartbeat>());
  p.session.tick(p.now, Millis{10}), p.settle();

  EXPECT_TRUE(p.sent<Heartbeat>());
}

TEST(Session, AStepThatNeverCameIsFetchedByAResume) {
  Player p;
  p.join();
  p.answer_beat(s, 3);

  p.pass(Millis{1'000});

  EXPECT_TRUE(p.sent<Resume>());
}

TEST(Session, AnUnansweredBeatStallsTheConnectionAfterAnInterval) {
  Player p;
  p.join();
  EXPECT_FALSE(p.session.stalled(p.now + Millis{999}));
  EXPECT_TRUE(p.session.stalled(p.now + Millis{1'000}));
  p.answer_beat();
  EXPECT_FALSE(p.session.stalled(p.now + Millis{1'000}));
}

TEST(Session, AnUnansweredResumeStallsItSooner) {
  Player p;
  p.join();
  p.disconnect();
  p.connect();

  EXPECT_FALSE(p.session.stalled(p.now + Millis{999}));
  EXPECT_TRUE(p.session.stalled(p.now + Millis{1'000}));
}

TEST(Session, LeavesAndIsDoneWhenTheBrokerSaysSo) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}}));

  p.session.leave(p.now), p.settle();

  EXPECT_FALSE(p.holds(0, 10));
  const auto leave = p.sent<Leave>();
  ASSERT_TRUE(leave);
  EXPECT_FALSE(p.told<Ended>());
  p.answer(leave->first, Done{});
  const auto ended = p.told<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error.code, Errc::ok);
}

TEST(Session, LeavingBeforeAnyJoinWasSentEndsAtOnce) {
  Player p;

  p.session.leave(p.now), p.settle();

  EXPECT_TRUE(p.told<Ended>());
}

TEST(Session, LeavingWithoutAConnectionLeavesAfterTheReconnect) {
  Player p;
  p.join();
  p.disconnect();

  p.session.leave(p.now), p.settle();

  EXPECT_FALSE(p.told<Ended>());
  p.connect();
  p.answer_resume();
  const auto leave = p.sent<Leave>();
  ASSERT_TRUE(leave);
  p.answer(leave->first, Done{});
  EXPECT_TRUE(p.told<Ended>());
}

TEST(Session, LeavingWhileTheJoinIsOutLeavesOnceItIsAnswered) {
  Player p;
  p.connect();
  p.session.leave(p.now), p.settle();
  EXPECT_FALSE(p.told<Ended>());

  p.answer_join();

  EXPECT_TRUE(p.sent<Leave>());
}

TEST(Session, ALeaveWhoseAnswerWasLostIsOverOnceTheBrokerKnowsItNoMore) {
  Player p;
  p.join();
  p.session.leave(p.now), p.settle();
  p.disconnect();
  p.connect();
  const auto resume = p.sent<Resume>();
  ASSERT_TRUE(resume);

  p.answer(resume->first, Refusal{Errc::unknown_member, "it has left"});

  const auto ended = p.told<Ended>();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error.code, Errc::ok);
}

TEST(Session, AJoinLostWhileLeavingEndsIt) {
  Player p;
  p.connect();
  p.session.leave(p.now), p.settle();

  p.disconnect();

  EXPECT_TRUE(p.told<Ended>());
}

TEST(Session, ANewSIsEchoedByTheNextBeat) {
  Player p;
  p.join();
  p.answer_beat(Millis{6'000});
  p.pass(Millis{1'000});

  const auto beat = p.sent<Heartbeat>();

  ASSERT_TRUE(beat);
  EXPECT_EQ(beat->second.session_timeout_ms, 6'000U);
}

TEST(Session, AStormOfReconnectsNeitherLosesNorDoublesWork) {
  Player p;
  p.join();
  p.push(p.step(1, {{0, 10}, {1, 11}}));
  p.answer_beat();
  p.told<Assigned>();

  for (int i = 0; i < 200; ++i) {
    p.disconnect();
    p.pass(Millis{i % 7});
    p.connect();
    if (i % 3 == 0) continue;  // lost again before the answer
    p.answer_resume();
    p.push(p.step(1, {{0, 10}, {1, 11}}));
    p.answer_beat();
    ASSERT_TRUE(p.holds(0, 10)) << i;
  }

  EXPECT_FALSE(p.told<Lost>());
  EXPECT_EQ(p.session.held().size(), 2U);
  EXPECT_TRUE(p.frames.size() < 5) << "nothing piles up";
}

TEST(Session, FleetReconnectsAreSpreadOverTheWindow) {
  Dice dice(3);
  std::set<std::int64_t> waits;
  for (int i = 0; i < 1'000; ++i) {
    const Millis wait = backoff(10, Millis{1'000}, dice);
    EXPECT_LE(wait, Millis{1'000});
    waits.insert(wait.count());
  }
  EXPECT_GT(waits.size(), 500U);
  EXPECT_LE(backoff(0, Millis{60'000}, dice), Millis{100});
  EXPECT_LE(backoff(100, Millis{60'000}, dice), Millis{2'000});
}

TEST(Session, RefusedBeatsDoNotCountAsHeard) {
  Player p;
  p.join();
  const Mono fence = p.session.fence_at();
  p.pass(Millis{1'000});
  while (const auto beat = p.sent<Heartbeat>())
    p.answer(beat->first, Refusal{Errc::overloaded, "a queue is full"});

  EXPECT_EQ(p.session.fence_at(), fence);
  EXPECT_TRUE(p.session.active());
}

}  // namespace
}  // namespace muster::member
