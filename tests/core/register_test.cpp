#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using Ids = std::vector<std::string>;

Register plain(const std::string& service, const std::string& id) {
  Register request;
  request.service = ServiceName{service};
  request.instance = InstanceId{id};
  request.info.address = "10.0.0.1";
  request.info.port = 80;
  request.session_timeout = Millis{3'000};
  return request;
}

TEST(Registering, TellsTheTimeoutAndTheIntervalAndTheIndex) {
  Scenario s;

  const ReplyBody reply = s.request(plain("pay", "a"), 1);

  const auto& ok = std::get<RegisterOk>(reply);
  EXPECT_EQ(ok.session_timeout, Millis{3'000});
  EXPECT_EQ(ok.heartbeat_interval, Millis{1'000});
  EXPECT_EQ(ok.incarnation, 1U);
  EXPECT_EQ(ok.index, s.look_up("pay").index);
  EXPECT_EQ(s.status("pay", "a"), Status::starting);
  EXPECT_EQ(s.handed_out("pay"), Ids{}) << "it was never heard";
}

TEST(Registering, MayBeginHealthyOverloadedOrCritical) {
  Scenario s;
  Register request = plain("pay", "a");
  request.status = Status::healthy;
  s.request(request, 1);
  request.instance = InstanceId{"b"};
  request.status = Status::overloaded;
  s.request(request, 2);
  request.instance = InstanceId{"c"};
  request.status = Status::critical;
  s.request(request, 3);
  request.instance = InstanceId{"d"};
  request.status = Status::dead;

  EXPECT_EQ(outcome(s.request(request, 4)), "out_of_range");
  EXPECT_EQ(s.handed_out("pay"), (Ids{"a", "b"}));
  EXPECT_EQ(s.status("pay", "c"), Status::critical);
}

TEST(Registering, MakesAnIdThatIsNotGiven) {
  Scenario s;

  const ReplyBody one = s.request(plain("pay", ""), 1);
  const ReplyBody two = s.request(plain("pay", ""), 1);

  EXPECT_EQ(std::get<RegisterOk>(one).instance.value.size(), 32U);
  EXPECT_NE(std::get<RegisterOk>(one).instance, std::get<RegisterOk>(two).instance);
}

TEST(Registering, RefusesWhatBreaksTheRulesAndNamesIt) {
  Scenario s;
  const auto refusal = [&](auto change) {
    Register request = plain("pay", "a");
    change(request);
    return outcome(s.request(request, 1));
  };

  EXPECT_EQ(refusal([](Register& r) { r.service = ServiceName{"Pay"}; }), "invalid_name");
  EXPECT_EQ(refusal([](Register& r) { r.service = ServiceName{"-pay"}; }), "invalid_name");
  EXPECT_EQ(refusal([](Register& r) { r.service = ServiceName{std::string(64, 'a')}; }),
            "invalid_name");
  EXPECT_EQ(refusal([](Register& r) { r.instance = InstanceId{"a\nb"}; }), "invalid_name");
  EXPECT_EQ(refusal([](Register& r) { r.info.tags = {""}; }), "invalid_name");
  EXPECT_EQ(refusal([](Register& r) { r.info.tags.assign(65, "x"); }), "limit_reached");
  EXPECT_EQ(refusal([](Register& r) { r.info.meta = {{"k", "1"}, {"k", "2"}}; }),
            "invalid_request");
  EXPECT_EQ(refusal([](Register& r) { r.info.address = std::string(254, 'a'); }),
            "invalid_request");
  EXPECT_EQ(refusal([](Register& r) { r.info.weight = 1'000'001; }), "out_of_range");
  EXPECT_EQ(refusal([](Register& r) { r.session_timeout = Millis{999}; }), "out_of_range");
  EXPECT_EQ(refusal([](Register& r) { r.session_timeout = Millis{0}; }), "invalid_request")
      << "it names no node to live with";
  EXPECT_FALSE(s.look_up("pay").known);
  EXPECT_EQ(s.look_up("pay").index, 1U);
}

TEST(Registering, IsBounded) {
  core::ShardOptions options;
  options.limits.max_instances = 2;
  options.limits.max_services = 2;
  Scenario s(options);
  s.serve("pay", "a");
  s.serve("ship", "a");

  EXPECT_EQ(outcome(s.request(plain("pay", "b"), 1)), "limit_reached");
  EXPECT_EQ(outcome(s.request(plain("mail", "a"), 1)), "limit_reached");
  EXPECT_EQ(outcome(s.request(plain("pay", "a"), 1)), "ok") << "it is there already";
}

TEST(Registering, AgainChangesWhatIsSaidAndNotHowItIs) {
  Scenario s;
  s.serve("pay", "a", {.tags = {"v1"}});
  const auto index = s.look_up("pay").index;
  Register request = plain("pay", "a");
  request.info.tags = {"v2", "canary", "v2"};
  request.info.meta = {{"tier", "1"}, {"env", "prod"}};

  EXPECT_EQ(outcome(s.request(request, 9)), "ok");

  const ServiceResult result = s.look_up("pay");
  ASSERT_EQ(result.instances.size(), 1U);
  EXPECT_EQ(result.instances[0].info.tags, (Ids{"canary", "v2"}));
  EXPECT_EQ(result.instances[0].info.meta[0].key, "env");
  EXPECT_EQ(result.instances[0].status, Status::healthy);
  EXPECT_GT(result.index, index);
}

TEST(Registering, AgainWithTheSameWordsMovesNoIndexAndNeedsNoRecord) {
  Scenario s;
  s.serve("pay", "a");
  const auto index = s.look_up("pay").index;
  const auto records = s.records().size();

  EXPECT_EQ(outcome(s.request(plain("pay", "a"), 9)), "ok");

  EXPECT_EQ(s.look_up("pay").index, index);
  EXPECT_EQ(s.records().size(), records);
}

TEST(Registering, OnBehalfOfAnotherRemembersTheOwner) {
  Scenario s;

  s.serve("pay", "a", {.owner = "k8s-sync"});

  EXPECT_EQ(s.look_up("pay").instances.at(0).owner, "k8s-sync");
}

TEST(Incarnations, ANewerOneReplacesTheOlderAtOnceAndTheOlderIsTold) {
  Scenario s;
  FakeInstance& old = s.serve("pay", "a", {.incarnation = 7});
  const SessionHandle handle = old.session;
  const std::uint64_t connection = old.connection;
  std::optional<Fenced> told;
  s.on_step = [&](const core::Effects& effects) {
    for (const core::Push& push : effects.pushes)
      if (push.to.connection == connection)
        if (const auto* fenced = std::get_if<Fenced>(&push.body)) told = *fenced;
  };

  FakeInstance& fresh = s.serve("pay", "a", {.incarnation = 8, .port = 81});

  ASSERT_TRUE(told);
  EXPECT_EQ(told->incarnation, 7U);
  EXPECT_EQ(told->reason, Reason::replaced);
  EXPECT_EQ(outcome(s.request(Heartbeat{.session = handle}, connection)), "unknown_session");
  EXPECT_EQ(outcome(s.request(BeatInstance{ServiceName{"pay"}, InstanceId{"a"}, 7})),
            "stale_incarnation");
  EXPECT_EQ(outcome(s.request(BeatInstance{ServiceName{"pay"}, InstanceId{"a"}, 9})),
            "unknown_instance");
  EXPECT_EQ(fresh.incarnation, 8U);
  EXPECT_EQ(s.look_up("pay").instances.at(0).info.port, 81);
  const auto events = s.events(EventKind::instance_registered);
  EXPECT_EQ(events.back().reason, Reason::replaced);
  EXPECT_EQ(s.events(EventKind::instance_removed).size(), 0U) << "it was never away";
}

TEST(Incarnations, AnOlderOneIsRefusedAlsoAfterTheNewerIsGone) {
  Scenario s;
  s.serve("pay", "a", {.incarnation = 8});
  Register old = plain("pay", "a");
  old.incarnation = 7;

  EXPECT_EQ(outcome(s.request(old, 5)), "stale_incarnation");
  s.deregister(s.instance("pay/a"));
  EXPECT_EQ(outcome(s.request(old, 5)), "stale_incarnation");
  old.incarnation = 8;
  EXPECT_EQ(outcome(s.request(old, 5)), "ok") << "the same process may come back";
}

TEST(Incarnations, NoneIsThePresentOneOrTheNext) {
  Scenario s;
  EXPECT_EQ(s.serve("pay", "a").incarnation, 1U);
  EXPECT_EQ(s.serve("pay", "a").incarnation, 1U);
  s.deregister(s.instance("pay/a"));

  EXPECT_EQ(s.serve("pay", "a").incarnation, 2U);
}

TEST(InstanceLadder, GoesByTheEdgesOfTheSession) {
  Scenario s;  // S 3000: I 1000, g 250
  FakeInstance& a = s.serve("pay", "a");
  a.beating = false;

  s.advance(Millis{1'250});
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  s.advance(Millis{10});
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "last choice";
  EXPECT_EQ(s.handed_out("pay"), Ids{"a"});
  s.advance(Millis{985});
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  s.advance(Millis{15});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  EXPECT_EQ(s.handed_out("pay"), Ids{});
  s.advance(Millis{735});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.advance(Millis{15});
  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
  ASSERT_TRUE(a.fenced);
  EXPECT_EQ(a.fenced->reason, Reason::session_expired);
}

TEST(InstanceLadder, EveryEdgeIsOneEventWithFromToReasonAndEvidence) {
  Scenario s;
  s.serve("pay", "a").beating = false;
  s.advance(Millis{4'000});

  const auto edges = s.events(EventKind::instance_status_changed);
  ASSERT_EQ(edges.size(), 3U);
  EXPECT_EQ(edges[0].from, Status::starting);
  EXPECT_EQ(edges[0].to, Status::healthy);
  EXPECT_EQ(edges[1].to, Status::overloaded);
  EXPECT_EQ(edges[1].reason, Reason::heartbeat_late);
  EXPECT_EQ(edges[2].to, Status::critical);
  EXPECT_EQ(edges[2].reason, Reason::heartbeats_missed);
  EXPECT_NE(edges[2].detail.find("silent for 225"), std::string::npos) << edges[2].detail;
  const auto gone = s.events(EventKind::instance_removed);
  ASSERT_EQ(gone.size(), 1U);
  EXPECT_EQ(gone[0].from, Status::critical);
  EXPECT_EQ(gone[0].to, Status::dead);
  EXPECT_EQ(gone[0].sequence, 5U) << "dense per service";
  EXPECT_EQ(gone[0].incarnation, 1U);
}

TEST(InstanceLadder, OneThatWasNeverHeardIsNeverHandedOut) {
  Scenario s;
  s.serve("pay", "a", {.beating = false});

  s.advance(Millis{1'500});
  EXPECT_EQ(s.status("pay", "a"), Status::starting) << "not late: it is not awaited yet";
  s.advance(Millis{1'000});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.advance(Millis{600});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

TEST(InstanceLadder, ATimelyOneMovesNoIndexAndWritesNothing) {
  Scenario s;
  s.serve("pay", "a");
  s.serve("pay", "b").by_name = true;
  const auto index = s.look_up("pay").index;
  const auto records = s.records().size();

  s.advance(Millis{60'000});

  EXPECT_EQ(s.look_up("pay").index, index);
  EXPECT_EQ(s.records().size(), records);
}

TEST(InstanceLadder, OneThatWasCriticalRisesInTwoSteps) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  a.beating = false;
  s.advance(Millis{2'500});
  ASSERT_EQ(s.status("pay", "a"), Status::critical);

  s.beat(a);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  s.beat(a);
  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "at once is no second beat";
  s.advance(Millis{1'000});
  s.beat(a);

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(InstanceLadder, OneThatWasOnlyLateIsHealthyWithItsNextBeat) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  a.beating = false;
  s.advance(Millis{1'500});
  ASSERT_EQ(s.status("pay", "a"), Status::overloaded);

  s.beat(a);

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(InstanceLadder, OneThatSaysItIsOverloadedIsNotSilent) {
  Scenario s;
  for (const char* id : {"a", "b", "c", "d"}) {
    FakeInstance& i = s.serve("pay", id);
    i.beating = false;
  }
  s.advance(Millis{1'500});  // all are late
  for (const char* id : {"a", "b", "c"}) {
    FakeInstance& i = s.instance(std::string{"pay/"} + id);
    i.flags = beat_overloaded;
    i.beating = true;
  }
  s.advance(Millis{1'000});

  EXPECT_EQ(s.status("pay", "a"), Status::overloaded);
  EXPECT_EQ(s.status("pay", "d"), Status::critical);
  EXPECT_EQ(s.look_up("pay").protected_for, Reason::none) << "only d is silent";
}

TEST(Heartbeats, OfSomethingUnknownSayUnknown) {
  Scenario s;
  s.serve("pay", "a");

  EXPECT_EQ(outcome(s.request(BeatInstance{ServiceName{"mail"}, InstanceId{"a"}})),
            "unknown_service");
  EXPECT_EQ(outcome(s.request(BeatInstance{ServiceName{"pay"}, InstanceId{"b"}})),
            "unknown_instance");
  EXPECT_EQ(outcome(s.request(BeatNode{NodeName{"n"}})), "unknown_node");
}

TEST(Heartbeats, ByNameAnswerTheTimeout) {
  Scenario s;
  s.serve("pay", "a");

  const ReplyBody reply = s.request(BeatInstance{ServiceName{"pay"}, InstanceId{"a"}});

  EXPECT_EQ(std::get<HeartbeatOk>(reply).session_timeout_ms, 3'000U);
}

TEST(Heartbeats, OfAnInstanceAreNoMembersRequests) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");

  EXPECT_EQ(outcome(s.request(Leave{a.session}, a.connection)), "unknown_session");
  EXPECT_EQ(outcome(s.request(Release{a.session, 1}, a.connection)), "unknown_session");
  EXPECT_EQ(outcome(s.request(Update{a.session, {}, 5, {}, 0}, a.connection)), "unknown_session");
  EXPECT_EQ(outcome(s.request(Commit{a.session, 1, {}}, a.connection)), "unknown_session");
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Reports, OfACheckDecideUntilTheNextOne) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");

  s.report(a, Status::critical, "503 from /health");
  s.advance(Millis{5'000});

  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  EXPECT_EQ(s.look_up("pay").instances.at(0).detail, "503 from /health");
  EXPECT_EQ(s.look_up("pay").instances.at(0).reason, Reason::status_reported);
  s.report(a, Status::overloaded);
  EXPECT_EQ(s.handed_out("pay"), Ids{"a"});
  s.report(a, Status::healthy);
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
  EXPECT_EQ(outcome(s.report(a, Status::dead)), "out_of_range");
}

TEST(Reports, AreHeartbeatsToo) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  a.beating = false;
  for (int i = 0; i < 10; ++i) {
    s.advance(Millis{1'000});
    s.report(a, Status::healthy);
  }

  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Reports, ThatRepeatWhatIsKnownMoveNoIndex) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  s.report(a, Status::critical, "one");
  const auto index = s.look_up("pay").index;

  s.report(a, Status::critical, "two");

  EXPECT_EQ(s.look_up("pay").index, index);
}

TEST(Deregistering, TakesItOutAndATombstoneTellsWhenAndWhy) {
  Scenario s;
  s.serve("pay", "a");
  s.serve("pay", "b");

  EXPECT_EQ(outcome(s.deregister(s.instance("pay/a"))), "ok");

  const ServiceResult result = s.look_up("pay");
  EXPECT_EQ(s.handed_out("pay"), Ids{"b"});
  ASSERT_EQ(result.departed.size(), 1U);
  EXPECT_EQ(result.departed[0].instance.value, "a");
  EXPECT_EQ(result.departed[0].reason, Reason::deregistered);
  EXPECT_EQ(result.departed[0].detail, "by hand");
  EXPECT_EQ(result.departed[0].last, Status::healthy);
  EXPECT_GT(result.departed[0].at.ms, 0);
  EXPECT_EQ(outcome(s.deregister(s.instance("pay/a"))), "unknown_instance");
}

TEST(Deregistering, AnOlderIncarnationIsRefused) {
  Scenario s;
  s.serve("pay", "a", {.incarnation = 8});

  const ReplyBody reply = s.request(Deregister{ServiceName{"pay"}, InstanceId{"a"}, 7, "too late"});

  EXPECT_EQ(outcome(reply), "stale_incarnation");
  EXPECT_EQ(s.status("pay", "a"), Status::healthy);
}

TEST(Tombstones, AreForgottenInTimeAndTheServiceWithTheLast) {
  core::ShardOptions options;
  options.limits.departed_kept = Millis{60'000};
  Scenario s(options);
  s.serve("pay", "a");
  s.deregister(s.instance("pay/a"));
  const auto index = s.look_up("pay").index;
  s.advance(Millis{59'000});
  EXPECT_EQ(s.look_up("pay").departed.size(), 1U);

  s.advance(Millis{1'100});

  EXPECT_FALSE(s.look_up("pay").known);
  EXPECT_GE(s.look_up("pay").index, index) << "an index never falls";
  s.serve("pay", "a");
  EXPECT_GT(s.look_up("pay").index, index);
}

TEST(Tombstones, AreBoundedPerServiceOldestFirst) {
  core::ShardOptions options;
  options.limits.max_departed_of_service = 3;
  Scenario s(options);
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    s.serve("pay", id);
    s.deregister(s.instance(std::string{"pay/"} + id));
  }

  const auto departed = s.look_up("pay").departed;
  ASSERT_EQ(departed.size(), 3U);
  EXPECT_EQ(departed[0].instance.value, "e") << "newest first";
  EXPECT_EQ(departed[2].instance.value, "c");
}

TEST(Tombstones, AreBoundedPerShard) {
  core::ShardOptions options;
  options.limits.max_departed = 2;
  Scenario s(options);
  for (const char* service : {"a", "b", "c", "d"}) {
    s.serve(service, "x");
    s.deregister(s.instance(std::string{service} + "/x"));
  }

  EXPECT_EQ(s.shard().stats().departed, 2U);
  EXPECT_FALSE(s.look_up("a").known);
  EXPECT_TRUE(s.look_up("d").known);
}

TEST(Maintenance, TakesOutAndLetsBackWhatItsSessionSays) {
  Scenario s;
  FakeInstance& a = s.serve("pay", "a");
  s.request(SetMaintenance{ServiceName{"pay"}, InstanceId{"a"}, true, "disk replaced"});

  s.advance(Millis{10'000});
  EXPECT_EQ(s.status("pay", "a"), Status::maintenance);
  EXPECT_EQ(s.look_up("pay").instances.at(0).detail, "disk replaced");
  EXPECT_EQ(s.handed_out("pay"), Ids{});
  a.beating = false;
  s.advance(Millis{1'500});
  s.request(SetMaintenance{ServiceName{"pay"}, InstanceId{"a"}, false, ""});

  EXPECT_EQ(s.status("pay", "a"), Status::overloaded) << "it fell silent meanwhile";
  const auto edges = s.events(EventKind::instance_status_changed);
  EXPECT_EQ(edges.back().reason, Reason::maintenance_ended);
}

TEST(Maintenance, OutlivesARestartOfTheProcess) {
  Scenario s;
  s.serve("pay", "a", {.incarnation = 1});
  s.request(SetMaintenance{ServiceName{"pay"}, InstanceId{"a"}, true, ""});

  s.serve("pay", "a", {.incarnation = 2});

  EXPECT_EQ(s.status("pay", "a"), Status::maintenance);
}

TEST(Indexes, RiseWithTheirOwnResultOnly) {
  Scenario s;
  s.serve("pay", "a", {.tags = {"v1"}});
  s.serve("ship", "a");
  const auto pay = s.look_up("pay").index;
  const auto ship = s.look_up("ship").index;
  const auto names = [&] { return std::get<ServiceList>(s.query(ListServices{})).index; };
  const auto before = names();

  s.serve("pay", "b", {.tags = {"v1"}});
  EXPECT_GT(s.look_up("pay").index, pay);
  EXPECT_EQ(s.look_up("ship").index, ship);
  EXPECT_EQ(names(), before) << "no name or tag is new";
  s.serve("pay", "c", {.tags = {"v2"}});
  EXPECT_GT(names(), before);
  const auto with_v2 = names();
  s.deregister(s.instance("pay/c"));
  EXPECT_GT(names(), with_v2) << "the last of a tag is gone";
}

TEST(Lists, NameServicesWithTheirCounts) {
  Scenario s;
  s.serve("pay", "a", {.tags = {"v1"}});
  s.serve("pay", "b", {.tags = {"v2"}, .beating = false});
  s.serve("mail", "x");
  s.deregister(s.instance("mail/x"));

  const auto list = std::get<ServiceList>(s.query(ListServices{}));

  ASSERT_EQ(list.services.size(), 1U) << "mail has nobody any more";
  EXPECT_EQ(list.services[0].instances, 2U);
  EXPECT_EQ(list.services[0].healthy, 1U);
  EXPECT_EQ(list.services[0].handed_out, 1U);
  EXPECT_EQ(list.services[0].tags, (Ids{"v1", "v2"}));
}

TEST(Lookups, AreFilteredByTagAndZone) {
  Scenario s;
  s.serve("pay", "a", {.zone = "north", .tags = {"v1"}});
  s.serve("pay", "b", {.zone = "south", .tags = {"v1", "v2"}});
  const auto found = [&](const std::string& tag, const std::string& zone, bool passing) {
    Ids ids;
    const ReplyBody reply =
        s.query(LookupService{ServiceName{"pay"}, passing, tag, zone, false, false});
    for (const auto& i : std::get<ServiceResult>(reply).instances) ids.push_back(i.instance.value);
    return ids;
  };

  for (const bool passing : {true, false}) {
    EXPECT_EQ(found("v1", "", passing), (Ids{"a", "b"}));
    EXPECT_EQ(found("v2", "", passing), Ids{"b"});
    EXPECT_EQ(found("v1", "north", passing), Ids{"a"});
    EXPECT_EQ(found("v2", "north", passing), Ids{});
  }
}

TEST(Registering, AgainBeginsTheSilenceAnewThoughItNeverBeat) {
  Scenario s;
  s.request(plain("pay", "a"), 1);
  s.advance(Millis{2'000});
  s.request(plain("pay", "a"), 2);

  s.advance(Millis{2'200});
  EXPECT_EQ(s.status("pay", "a"), Status::starting);
  s.advance(Millis{790});
  EXPECT_EQ(s.status("pay", "a"), Status::critical);
  s.advance(Millis{40});

  EXPECT_EQ(s.status("pay", "a"), std::nullopt);
}

}  // namespace
}  // namespace muster::test
