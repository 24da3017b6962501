// What goes wrong around the registry: nodes that die, crowds that fall silent, instances that
// flap, brokers that stall and restart.
#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using Ids = std::vector<std::string>;

void silence(Scenario& s, const std::string& service, const Ids& ids) {
  for (const std::string& id : ids) s.instance(service + "/" + id).beating = false;
}

// Nodes -------------------------------------------------------------------------------------------

TEST(Nodes, ThatDieMakeThoseThatLiveWithThemCriticalAtOnceInOneEvent) {
  Scenario s;
  s.serve_node("n");
  for (const char* id : {"a", "b", "c"})
    s.serve("pay", id, {.session_timeout = Millis{0}, .node = "n"});
  s.serve("mail", "a", {.session_timeout = Millis{0}, .node = "n"});
  s.serve("mail", "own", {.node = "n"});  // beats for itself
  ASSERT_EQ(s.handed_out("pay").size(), 3U);
  const auto before = s.events(EventKind::node_instances_changed).size();
  s.instance("n").beating = false;

  s.advance(Millis{3'010});

  EXPECT_EQ(s.handed_out("pay"), Ids{});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  EXPECT_EQ(s.look_up("pay").instances.at(0).reason, Reason::node_dead);
  EXPECT_EQ(s.handed_out("mail"), Ids{"own"});
  const auto told = s.events(EventKind::node_instances_changed);
  ASSERT_EQ(told.size(), before + 3) << "late, missed, dead: each once for all";
  EXPECT_EQ(told.back().reason, Reason::node_dead);
  EXPECT_EQ(told.back().detail, "4 instances of 2 services");
  EXPECT_EQ(s.events(EventKind::node_removed).size(), 1U);
}

TEST(Nodes, ThatComeBackBringTheirInstancesBack) {
  Scenario s;
  s.serve_node("n");
  s.serve("pay", "a", {.session_timeout = Millis{0}, .node = "n"});
  s.instance("n").beating = false;
  s.advance(Millis{10'000});
  ASSERT_EQ(s.handed_out("pay"), Ids{});

  s.serve_node("n", {.incarnation = 5});

  EXPECT_EQ(s.handed_out("pay"), Ids{"a"});
  s.advance(Millis{120'000});
  EXPECT_EQ(s.handed_out("pay"), Ids{"a"});
}

TEST(Nodes, ThatStayAwayTakeTheirInstancesWithThem) {
  Scenario s;
  s.serve_node("n");
  s.serve("pay", "a", {.session_timeout = Millis{0}, .node = "n"});
  s.instance("n").beating = false;

  s.advance(Millis{3'000 + 60'000 + 100});

  const ServiceResult result = s.look_up("pay");
  EXPECT_TRUE(result.instances.empty());
  ASSERT_EQ(result.departed.size(), 1U);
  EXPECT_EQ(result.departed[0].reason, Reason::node_dead);
}

TEST(Nodes, ThatAreNeverRegisteredKeepNobody) {
  Scenario s;
  s.serve("pay", "a", {.session_timeout = Millis{0}, .node = "nowhere"});
  EXPECT_EQ(s.status("pay", "a"), Status::starting);

  s.advance(Millis{60'100});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

TEST(Nodes, OfOtherShardsReachTheInstancesOfThisOne) {
  Scenario s;
  const auto tell = [&](Status status, bool whole = false) {
    core::NodesChange change;
    change.from = 3;
    change.whole = whole;
    change.nodes.push_back({NodeName{"far"}, status});
    s.step({.command = change});
  };
  tell(Status::healthy);
  s.serve("pay", "a", {.session_timeout = Millis{0}, .node = "far"});
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);

  tell(Status::overloaded);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  tell(Status::dead);
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  tell(Status::healthy);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  core::NodesChange nothing;
  nothing.from = 3;
  nothing.whole = true;
  s.step({.command = nothing});
  EXPECT_EQ(s.status("pay", "a"), Status::critical) << "what is missing is gone";
}

TEST(Nodes, ThatEndedUntoldAreGoneAtTheNextStart) {
  Scenario s;
  constexpr std::uint32_t shards = 8;
  const ShardIndex home = core::shard_of("far", shards);
  const auto tell = [&](ShardIndex from, std::vector<core::NodesChange::Change> nodes) {
    s.step({.command = core::NodesChange{from, true, shards, std::move(nodes)}});
  };
  tell(home, {{NodeName{"far"}, Status::overloaded}});
  s.serve("pay", "a", {.session_timeout = Millis{0}, .node = "far"});
  s.serve("mail", "b", {.session_timeout = Millis{0}, .node = "nowhere"});

  s.restart();
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  tell((home + 1) % shards, {});
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "another shard cannot know";
  tell(home, {});

  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  const Revision told = s.events(EventKind::node_instances_changed).back().revision;
  for (ShardIndex from = 0; from < shards; ++from) tell(from, {});
  EXPECT_EQ(s.events(EventKind::node_instances_changed).back().revision, told) << "once";
  EXPECT_EQ(s.status("mail", "b"), Status::starting) << "its node never came";
  s.advance(Millis{60'100});
  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
  EXPECT_EQ(s.status("mail", "b"), std::nullopt);
}

TEST(Nodes, OlderIncarnationsAreRefusedAndTold) {
  Scenario s;
  FakeInstance& old = s.serve_node("n", {.incarnation = 4});
  const std::uint64_t connection = old.connection;
  std::optional<Fenced> told;
  s.on_step = [&](const core::Effects& effects) {
    for (const core::Push& push : effects.pushes)
      if (push.to.connection == connection && std::holds_alternative<Fenced>(push.body)) {
        told = std::get<Fenced>(push.body);
        EXPECT_EQ(push.after, effects.records.front().revision)
            << "a crash may take the newer one back";
      }
  };
  s.serve_node("n", {.incarnation = 5});

  ASSERT_TRUE(told);
  EXPECT_EQ(told->node.value, "n");
  EXPECT_EQ(outcome(s.request(BeatNode{NodeName{"n"}, 4})), "stale_incarnation");
  RegisterNode again;
  again.node = NodeName{"n"};
  again.incarnation = 4;
  EXPECT_EQ(outcome(s.request(again)), "stale_incarnation");
}

// Protection --------------------------------------------------------------------------------------

struct Crowd : testing::Test {
  Scenario s;
  void gather(int count, const std::string& zone = "") {
    for (int i = 0; i < count; ++i) s.serve("pay", "i" + std::to_string(i), {.zone = zone});
  }
  void fall_silent(int count) {
    for (int i = 0; i < count; ++i) s.instance("pay/i" + std::to_string(i)).beating = false;
  }
};

TEST_F(Crowd, HalfThatFallSilentAtOnceAreHeldAndTheirTrueStatusIsShown) {
  gather(6);
  fall_silent(3);

  s.advance(Millis{2'500});
  EXPECT_EQ(s.handed_out("pay").size(), 6U);
  EXPECT_EQ(s.status("pay", "i0"), Status::critical);
  EXPECT_EQ(s.handed_out("pay").front(), "i3") << "those that are heard come first";
  s.advance(Millis{10'000});

  const ServiceResult result = s.look_up("pay");
  EXPECT_EQ(result.protected_for, Reason::service_silent);
  EXPECT_EQ(s.status("pay", "i0"), Status::dead);
  EXPECT_TRUE(result.instances.at(0).is_protected);
  EXPECT_EQ(s.handed_out("pay").size(), 6U);
  const auto told = s.events(EventKind::protection_started);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].detail, "3 of 6 instances are silent; held for at most 30000 ms");
}

TEST_F(Crowd, FewerThanHalfAreNotHeld) {
  gather(7);
  fall_silent(3);

  s.advance(Millis{4'000});

  EXPECT_EQ(s.look_up("pay").protected_for, Reason::none);
  EXPECT_EQ(s.handed_out("pay").size(), 4U);
}

TEST_F(Crowd, TwoAreTooFewToBeImplausible) {
  gather(2);
  fall_silent(2);

  s.advance(Millis{4'000});

  EXPECT_EQ(s.handed_out("pay"), Ids{});
}

TEST_F(Crowd, EndsWhenMostAreHeardAgainAndTheDeadGoThen) {
  gather(9);
  fall_silent(6);
  s.advance(Millis{5'000});
  ASSERT_EQ(s.look_up("pay").protected_for, Reason::service_silent);

  for (int i = 0; i < 5; ++i) s.instance("pay/i" + std::to_string(i)).beating = true;
  s.advance(Millis{2'500});
  EXPECT_EQ(s.status("pay", "i5"), Status::dead) << "it may still be on its way";
  s.advance(Millis{1'000});

  const ServiceResult result = s.look_up("pay");
  EXPECT_EQ(result.protected_for, Reason::none);
  EXPECT_EQ(result.instances.size(), 8U) << "i5 did not come back";
  EXPECT_EQ(s.handed_out("pay").size(), 8U);
  EXPECT_EQ(s.status("pay", "i0"), Status::healthy);
  EXPECT_EQ(s.events(EventKind::protection_ended).back().reason, Reason::heard_again);
}

TEST_F(Crowd, IsHeldForABoundedTimeOnly) {
  gather(4);
  fall_silent(4);
  s.advance(Millis{2'300});
  ASSERT_EQ(s.look_up("pay").protected_for, Reason::service_silent);

  s.advance(Millis{29'000});
  EXPECT_EQ(s.handed_out("pay").size(), 4U);
  s.advance(Millis{2'000});

  EXPECT_EQ(s.handed_out("pay"), Ids{});
  EXPECT_EQ(s.look_up("pay").departed.size(), 4U);
  EXPECT_EQ(s.events(EventKind::protection_ended).back().reason, Reason::protection_expired);
}

TEST_F(Crowd, AnOperatorEndsTheProtection) {
  gather(4);
  EXPECT_EQ(outcome(s.request(EndProtection{ServiceName{"pay"}, ""})), "not_protected");
  fall_silent(4);
  s.advance(Millis{5'000});
  ASSERT_EQ(s.handed_out("pay").size(), 4U);

  EXPECT_EQ(outcome(s.request(EndProtection{ServiceName{"pay"}, "they are gone"})), "ok");

  EXPECT_EQ(s.handed_out("pay"), Ids{});
  EXPECT_EQ(s.events(EventKind::protection_ended).back().detail, "they are gone");
}

TEST_F(Crowd, WhatACheckSaysIsNotHeld) {
  gather(6);
  s.report(s.instance("pay/i0"), Status::critical, "no database");
  fall_silent(4);
  s.advance(Millis{2'500});

  ASSERT_EQ(s.look_up("pay").protected_for, Reason::service_silent);
  EXPECT_EQ(s.handed_out("pay").size(), 5U);
}

TEST_F(Crowd, AZoneThatFallsSilentIsHeldToo) {
  for (const char* id : {"a", "b"}) s.serve("pay", id, {.zone = "north"});
  for (const char* id : {"c", "d", "e", "f", "g"}) s.serve("pay", id, {.zone = "south"});
  for (const char* id : {"x", "y"}) s.serve("mail", id, {.zone = "north"});
  silence(s, "pay", {"a", "b"});
  silence(s, "mail", {"x", "y"});

  s.advance(Millis{5'000});

  EXPECT_EQ(s.look_up("pay").protected_for, Reason::zone_silent);
  EXPECT_EQ(s.handed_out("pay").size(), 7U);
  EXPECT_EQ(s.handed_out("mail").size(), 2U);
}

TEST_F(Crowd, IsSeenAsOneEvenWhereTheBrokerLooksLate) {
  gather(8);
  fall_silent(8);
  s.tick_late(Millis{3'500});  // all are due for everything at once

  EXPECT_EQ(s.shard().stats().instances, 8U);
  EXPECT_EQ(s.shard().stats().protected_services, 1U);
}

// Flapping ----------------------------------------------------------------------------------------

TEST(Flapping, MakesALastChoiceUntilItIsSteady) {
  Scenario s;
  s.serve("pay", "steady");
  FakeInstance& a = s.serve("pay", "a");
  const auto flap = [&] {
    a.beating = false;
    s.advance(Millis{2'500});
    a.beating = true;
    a.next_beat = s.now();
    s.advance(Millis{2'500});
  };
  flap();
  flap();
  EXPECT_FALSE(s.look_up("pay").instances.at(0).degraded);

  flap();
  EXPECT_TRUE(s.look_up("pay").instances.at(0).degraded);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy) << "the truth stays visible";
  EXPECT_EQ(s.handed_out("pay"), (Ids{"steady", "a"}));
  s.advance(Millis{180'000});

  EXPECT_FALSE(s.look_up("pay").instances.at(0).degraded);
  EXPECT_EQ(s.handed_out("pay"), (Ids{"a", "steady"}));
  EXPECT_EQ(s.events(EventKind::instance_status_changed).back().reason, Reason::steady);
}

TEST(Flapping, IsRememberedAcrossCrashesOfTheProcess) {
  Scenario s;
  for (Incarnation n = 1; n <= 4; ++n) s.serve("pay", "a", {.incarnation = n});

  EXPECT_TRUE(s.look_up("pay").instances.at(0).degraded) << "a crash loop";
}

// Restarts and stalls -----------------------------------------------------------------------------

TEST(RegistryRestart, KeepsEverybodyWithTheirStatusAndGivesEachItsTime) {
  Scenario s;
  s.serve("pay", "a");
  s.serve("pay", "b").beating = false;
  s.serve_node("n");
  s.advance(Millis{1'500});
  ASSERT_EQ(s.status("pay", "b"), Status::overloaded);
  const auto index = s.look_up("pay").index;

  s.restart(Millis{60'000});

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  EXPECT_EQ(s.status("pay", "b"), Status::overloaded);
  EXPECT_EQ(s.look_up("pay").index, index);
  EXPECT_EQ(s.handed_out("pay"), (Ids{"a", "b"})) << "nobody was away but the broker";
  s.advance(Millis{2'990});
  EXPECT_EQ(s.status("pay", "b"), Status::critical);
  s.advance(Millis{30});
  EXPECT_EQ(s.status("pay", "b"), std::nullopt);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(RegistryRestart, IsNotSureUntilSomebodyIsHeard) {
  Scenario s;
  s.serve("pay", "a");
  EXPECT_TRUE(s.look_up("pay").sure);
  s.instance("pay/a").beating = false;

  s.restart();
  EXPECT_FALSE(s.look_up("pay").sure);
  const auto index = s.look_up("pay").index;
  s.instance("pay/a").by_name = true;
  s.beat(s.instance("pay/a"));

  EXPECT_TRUE(s.look_up("pay").sure);
  EXPECT_EQ(s.look_up("pay").index, index) << "the result is the same";
}

TEST(RegistryRestart, CriticalOneThatIsHeardAndFallsSilentAgainIsCriticalInTime) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  a.beating = false;
  s.advance(Millis{2'300});
  ASSERT_EQ(s.status("pay", "a"), Status::critical);
  s.restart();
  a.by_name = true;
  s.beat(a);
  ASSERT_EQ(s.status("pay", "a"), Status::overloaded);

  s.advance(Millis{2'260});

  EXPECT_EQ(s.status("pay", "a"), Status::critical);
}

TEST(RegistryRestart, IsSureOnceSomebodyWasJudged) {
  Scenario s;
  s.serve("pay", "a").beating = false;
  s.restart();

  s.advance(Millis{1'300});

  EXPECT_TRUE(s.look_up("pay").sure);
}

TEST(RegistryRestart, RepeatedOnesDoNotKeepTheDeadAlive) {
  Scenario s;
  s.serve("pay", "dead", {.session_timeout = Millis{9'000}}).beating = false;
  s.serve("pay", "alive", {.session_timeout = Millis{9'000}});
  int restarts = 0;
  while (s.status("pay", "dead") && restarts < 10) {
    s.advance(Millis{4'000});
    s.restart();
    ++restarts;
  }
  s.advance(Millis{6'100});

  EXPECT_EQ(s.status("pay", "dead"), std::nullopt) << "gone after " << restarts << " restarts";
  EXPECT_EQ(s.status("pay", "alive"), Status::healthy);
}

TEST(RegistryRestart, KeepsProtectionAndTombstonesAndMaintenance) {
  Scenario s;
  for (const char* id : {"a", "b", "c", "d"}) s.serve("pay", id);
  s.serve("mail", "x");
  s.request(SetMaintenance{ServiceName{"mail"}, InstanceId{"x"}, true, "why"});
  s.serve("mail", "y");
  s.deregister(s.instance("mail/y"));
  silence(s, "pay", {"a", "b", "c", "d"});
  s.advance(Millis{5'000});
  ASSERT_EQ(s.look_up("pay").protected_for, Reason::service_silent);

  s.restart();

  EXPECT_EQ(s.look_up("pay").protected_for, Reason::service_silent);
  EXPECT_EQ(s.handed_out("pay").size(), 4U);
  EXPECT_EQ(s.status("mail", "x"), Status::maintenance);
  EXPECT_EQ(s.look_up("mail").departed.size(), 1U);
  s.advance(Millis{30'100});
  EXPECT_EQ(s.handed_out("pay"), Ids{}) << "bounded, also after a restart";
}

TEST(RegistryStall, ExpelsNobody) {
  for (const Millis away : {Millis{1'500}, Millis{3'000}, Millis{60'000}}) {
    Scenario s;
    for (const char* id : {"a", "b", "c"}) s.serve("pay", id);
    s.advance(Millis{500});

    s.stall(away);
    s.advance(Millis{0});

    EXPECT_EQ(s.handed_out("pay").size(), 3U) << away.count();
    s.advance(Millis{5'000});
    EXPECT_EQ(s.status("pay", "a"), Status::healthy) << away.count();
    EXPECT_EQ(s.events(EventKind::instance_removed).size(), 0U);
  }
}

TEST(RegistryImage, GoesOnAlike) {
  Scenario s;
  s.serve_node("n");
  s.serve("pay", "node-1", {.session_timeout = Millis{0}, .node = "n"});
  for (const char* id : {"a", "b", "c", "d"}) s.serve("pay", id, {.zone = "z", .tags = {"t"}});
  s.serve("mail", "x");
  s.deregister(s.instance("mail/x"));
  core::NodesChange far;
  far.from = 2;
  far.nodes.push_back({NodeName{"far"}, Status::healthy});
  s.step({.command = far});
  s.serve("far", "f", {.session_timeout = Millis{0}, .node = "far"});
  s.twin();
  silence(s, "pay", {"a", "b", "c"});
  s.advance(Millis{2'400});
  s.twin();  // protected, scores are running
  s.instance("pay/a").beating = true;
  s.advance(Millis{4'000});
  s.twin();
  s.instance("n").beating = false;
  s.advance(Millis{4'000});
  s.twin();  // orphans wait
  s.join("g", "m");

  s.advance(Millis{120'000});

  EXPECT_EQ(s.status("pay", "node-1"), std::nullopt);
  EXPECT_EQ(s.status("far", "f"), Status::healthy);
}

TEST(RegistryImage, OfARestartedShardGoesOnAlike) {
  Scenario s;
  for (const char* id : {"a", "b", "c"}) s.serve("pay", id);
  s.serve("mail", "silent").beating = false;
  s.advance(Millis{1'000});
  s.restart();
  s.advance(Millis{1'100});  // silence is noted
  s.twin();

  s.advance(Millis{20'000});

  EXPECT_EQ(s.handed_out("pay").size(), 3U);
}

}  // namespace
}  // namespace muster::test
