#include "scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace muster::test {
namespace {

Status status_of(Scenario& s, const std::string& id) {
  for (const MemberDescription& m : s.describe("g").members)
    if (m.member.value == id) return m.status;
  return Status::dead;
}

std::vector<std::string> edges(Scenario& s) {
  std::vector<std::string> out;
  for (const Event& e : s.events(EventKind::member_status_changed))
    out.push_back(e.member + ":" + std::string{to_string(e.from)} + ">" +
                  std::string{to_string(e.to)} + ":" + std::string{to_string(e.reason)});
  return out;
}

TEST(Heartbeat, TellsTheSequenceTheTimeoutAndTheNewestStep) {
  Scenario s;
  s.create_topic("t", 1);
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{10});

  const auto ok = std::get<HeartbeatOk>(s.beat(a));

  EXPECT_EQ(ok.sequence, 1U);
  EXPECT_EQ(ok.session_timeout_ms, 3'000U);
  EXPECT_EQ(ok.told_step, a.step.number);
  EXPECT_EQ(s.effects().records.size(), 0U) << "a routine heartbeat writes nothing";
  EXPECT_EQ(s.effects().replies.at(0).after, 0U) << "and waits for nothing";
}

TEST(Heartbeat, IsRefusedOnAnotherConnection) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  const Heartbeat beat{a.session, 1, 0, 1, 3'000, 0};

  EXPECT_EQ(outcome(s.request(beat, a.connection + 1)), "unknown_session");
  EXPECT_EQ(outcome(s.request(beat, a.connection)), "ok");
}

TEST(Heartbeat, OfAnUnknownHandleIsRefusedForEveryBitOfIt) {
  Scenario s;
  FakeMember& a = s.join("g", "a");

  for (int bit = 0; bit < 64; ++bit) {
    Heartbeat beat;
    beat.session.value = a.session.value ^ (std::uint64_t{1} << bit);
    EXPECT_EQ(outcome(s.request(beat, a.connection)), "unknown_session") << bit;
  }
}

TEST(Ladder, ATimelyMemberStaysHealthyForEver) {
  Scenario s;
  s.join("g", "a");

  s.advance(Millis{3'600'000});

  EXPECT_EQ(status_of(s, "a"), Status::healthy);
  EXPECT_TRUE(edges(s).empty());
}

TEST(Ladder, JitterBelowTheGraceLeavesNoTrace) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;

  for (int i = 0; i < 20; ++i) {
    s.advance(heartbeat_interval(a.session_timeout) + heartbeat_grace(a.session_timeout));
    EXPECT_EQ(outcome(s.beat(a)), "ok");
  }

  EXPECT_TRUE(edges(s).empty());
}

TEST(Ladder, SilenceGoesLateMissedDeadAtItsTimes) {
  Scenario s;
  s.create_topic("t", 1);
  FakeMember& a = s.join("g", "a");  // S 3000, I 1000, g 250
  a.beating = false;

  s.advance(Millis{1'250});
  EXPECT_EQ(status_of(s, "a"), Status::healthy);
  s.advance(Millis{10});
  EXPECT_EQ(status_of(s, "a"), Status::overloaded);
  EXPECT_EQ(a.pings.size(), 1U) << "the broker asks whether the process is alive";
  s.advance(Millis{990});
  EXPECT_EQ(status_of(s, "a"), Status::overloaded);
  s.advance(Millis{10});
  EXPECT_EQ(status_of(s, "a"), Status::critical);
  s.advance(Millis{739});
  EXPECT_EQ(s.members("g").size(), 1U) << "never before S";
  s.advance(Millis{21});
  EXPECT_TRUE(s.members("g").empty()) << "no later than S + 20 ms";

  ASSERT_TRUE(a.expelled.has_value());
  EXPECT_EQ(a.expelled->reason, Reason::session_expired);
  const auto expelled = s.events(EventKind::member_expelled);
  ASSERT_EQ(expelled.size(), 1U);
  EXPECT_EQ(expelled[0].from, Status::critical);
  EXPECT_EQ(expelled[0].to, Status::dead);
  EXPECT_EQ(edges(s), (std::vector<std::string>{"a:healthy>overloaded:heartbeat_late",
                                                "a:overloaded>critical:heartbeats_missed"}));
}

TEST(Ladder, ExpiryIsExactForEveryTimeout) {
  for (const std::int64_t timeout : {1'000, 1'001, 2'999, 45'000, 600'000, 1'800'000}) {
    Scenario s;
    FakeMember& a = s.join("g", "a", {.session_timeout = Millis{timeout}});
    a.beating = false;
    s.advance(Millis{timeout - 1});
    EXPECT_EQ(s.members("g").size(), 1U) << timeout;
    s.advance(Millis{std::max<std::int64_t>(20, timeout / 200) + 1});
    EXPECT_TRUE(s.members("g").empty()) << timeout;
  }
}

TEST(Ladder, ABeatEndsAStatusAtOnce) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.advance(Millis{2'400});
  ASSERT_EQ(status_of(s, "a"), Status::critical);

  const auto ok = s.beat(a);

  EXPECT_EQ(outcome(ok), "ok");
  EXPECT_EQ(s.effects().replies.at(0).after, 0U) << "its answer does not wait for the record";
  EXPECT_EQ(status_of(s, "a"), Status::healthy);
}

TEST(Ladder, CriticalMemberKeepsItsWorkAndGetsNothingNew) {
  Scenario s;
  s.create_topic("t", 4);
  FakeMember& a = s.join("g", "a", {.session_timeout = Millis{30'000}});
  s.join("g", "b");
  s.advance(Millis{100});
  a.beating = false;
  s.advance(Millis{23'000});
  ASSERT_EQ(status_of(s, "a"), Status::critical);
  const auto before = s.owned("a");

  s.request(GrowTopic{TopicName{"t"}, 8});
  s.advance(Millis{100});

  EXPECT_EQ(s.owned("a"), before);
  EXPECT_EQ(s.owned("b").size(), 6U);
  s.beat(a);
  a.beating = true;
  s.advance(Millis{100});
  EXPECT_EQ(s.owned("a").size(), 4U) << "back in time, it takes its share";
}

TEST(Zombie, BeatsWithoutProgressEndTheMembership) {
  Scenario s;
  s.create_topic("t", 2);
  FakeMember& a = s.join("g", "a", {.max_poll_interval = Millis{10'000}});
  s.join("g", "b");
  s.advance(Millis{5'000});
  a.progressing = false;

  s.advance(Millis{9'000});
  EXPECT_EQ(s.members("g").size(), 2U);
  s.advance(Millis{2'100});

  EXPECT_EQ(s.members("g"), std::vector<std::string>{"b"});
  EXPECT_EQ(a.expelled->reason, Reason::progress_stalled);
  EXPECT_EQ(s.owned("b").size(), 2U);
  EXPECT_EQ(outcome(s.commit(a, "t", 0, 1)), "unknown_session");
}

TEST(Zombie, AnsweringPingsWithoutBeatingIsNotDeath) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.advance(Millis{1'300});
  ASSERT_EQ(a.pings.size(), 1U);

  EXPECT_EQ(outcome(s.request(Pong{a.session, a.pings[0].nonce}, a.connection)), "ok");
  s.advance(Millis{1'800});

  EXPECT_EQ(a.expelled->reason, Reason::answers_without_beats);
  EXPECT_EQ(s.events(EventKind::member_expelled).at(0).to, Status::zombie);
}

TEST(Overload, ReportedByTheMemberIsAStatusUntilItEnds) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  Heartbeat beat{a.session, 1, 0, 1, 3'000, beat_overloaded};

  s.request(beat, a.connection);
  EXPECT_EQ(status_of(s, "a"), Status::overloaded);
  s.request(beat, a.connection);
  EXPECT_TRUE(s.effects().records.empty()) << "the same again is routine";
  beat.flags = 0;
  s.request(beat, a.connection);

  EXPECT_EQ(status_of(s, "a"), Status::healthy);
}

TEST(Gap, OfTheBrokerItselfExpelsNobody) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  s.advance(Millis{500});

  s.stall(Millis{60'000});
  s.advance(Millis{2'400});

  EXPECT_EQ(s.members("g").size(), 1U);
  EXPECT_EQ(outcome(s.beat(a)), "ok");
  ASSERT_EQ(s.events(EventKind::broker_stalled).size(), 1U);
  EXPECT_EQ(s.events(EventKind::broker_stalled)[0].took, Millis{60'000});
}

TEST(Gap, IsCreditedWholeAndOnce) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  const Mono before = s.now();
  s.stall(Millis{10'000});
  for (int loop = 0; loop < 4; ++loop)  // every loop of the broker tells of the same gap
    s.step({.command = core::Woke{before + Millis{loop * 10}}});

  s.advance(Millis{2'999});
  EXPECT_EQ(s.members("g").size(), 1U);
  s.advance(Millis{21});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Gap, UpTo50MsIsNotCredited) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  for (int i = 0; i < 60; ++i) s.stall(Millis{50});

  s.step({.command = core::Tick{}});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Timeout, LongerCountsAtOnceShorterWhenItIsEchoed) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  a.beating = false;
  s.request(Update{a.session, std::nullopt, std::nullopt, Millis{9'000}, 0}, a.connection);
  s.advance(Millis{8'900});
  EXPECT_EQ(s.members("g").size(), 1U);
  a.session_timeout = Millis{9'000};
  s.beat(a);

  s.request(Update{a.session, std::nullopt, std::nullopt, Millis{3'000}, 0}, a.connection);
  s.advance(Millis{8'000});
  EXPECT_EQ(s.members("g").size(), 1U) << "the member does not know of the shorter one yet";
  const auto told = std::get<HeartbeatOk>(s.beat(a));
  EXPECT_EQ(told.session_timeout_ms, 3'000U);
  a.session_timeout = Millis{3'000};
  s.beat(a);
  s.advance(Millis{3'021});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Interval, IsAThirdOfTheSessionTimeoutEverywhere) {
  for (const std::int64_t timeout : {1'000, 3'000, 45'000, 1'800'000}) {
    Scenario s;
    Join join;
    join.group = GroupId{"g"};
    join.member = MemberId{"a"};
    join.session_timeout = Millis{timeout};
    const auto joined = std::get<JoinOk>(s.request(join, 1));
    const auto resumed =
        std::get<ResumeOk>(s.request(Resume{GroupId{"g"}, MemberId{"a"}, 0, false}, 2));
    EXPECT_EQ(joined.heartbeat_interval, heartbeat_interval(Millis{timeout}));
    EXPECT_EQ(resumed.heartbeat_interval, Millis{timeout / 3});
    const auto beat =
        std::get<HeartbeatOk>(s.request(Heartbeat{resumed.session, 1, 0, 1, 0, 0}, 2));
    EXPECT_EQ(heartbeat_interval(Millis{beat.session_timeout_ms}), Millis{timeout / 3});
  }
}

}  // namespace
}  // namespace muster::test
