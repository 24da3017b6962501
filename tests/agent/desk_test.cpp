/// What the broker is told, against a broker that is a table.
#include <agent/desk.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <memory>

namespace muster::agent {
namespace {

class DeskTest : public ::testing::Test, public DeskEvents {
 protected:
  DeskTest() {
    renew(agent());
    spec.service = ServiceName("web");
    spec.instance = InstanceId("web-1");
    spec.info.address = "127.0.0.1";
    spec.info.port = 80;
    spec.session_timeout = Millis{3'000};
    standing.wanted = true;
    standing.incarnation = 7;
    standing.status = Status::healthy;
  }

  static AgentSpec agent() {
    AgentSpec out;
    out.node = NodeName("host-1");
    out.beats_for_node = false;
    out.session_timeout = Millis{3'000};
    return out;
  }

  void renew(const AgentSpec& with) { desk = std::make_unique<Desk>(with, 50, 1, *this); }
  void settle() { desk->settle({ms}, spec, standing); }
  void settle(Status status, const std::string& words, bool kept = true) {
    standing.status = status;
    standing.words = words;
    standing.kept = kept;
    settle();
  }
  void advance(std::int64_t by) {
    ms += by;
    desk->tick({ms});
  }
  /// The one call since the last time.
  template <class T>
  T called() {
    EXPECT_EQ(desk->calls().size(), 1U);
    if (desk->calls().size() != 1) return {};
    const Call call = desk->calls().front();
    desk->calls().clear();
    last = call.correlation;
    const auto* request = std::get_if<Request>(&call.body);
    const T* body = request == nullptr ? nullptr : std::get_if<T>(request);
    EXPECT_NE(body, nullptr);
    return body == nullptr ? T{} : *body;
  }
  void answer(const ReplyBody& body) { desk->answered({ms}, last, body); }
  void accept() {
    RegisterOk ok;
    ok.session = {1};
    ok.service = spec.service;
    ok.instance = spec.instance;
    ok.incarnation = standing.incarnation;
    ok.session_timeout = spec.session_timeout;
    answer(ok);
  }
  /// Connected, registered as healthy, and acknowledged.
  void enrolled() {
    desk->connected({ms});
    settle();
    EXPECT_EQ(called<Register>().status, Status::healthy);
    accept();
    EXPECT_EQ(called<Report>().status, Status::healthy);
    answer(Done{});
    EXPECT_TRUE(desk->calls().empty());
  }

  void zombie(const InstanceId&, const std::string&) override { told += "zombie "; }
  void superseded(const InstanceId&, const std::string&) override { told += "superseded "; }
  void outdated(const InstanceId&, Incarnation n) override {
    told += "outdated:" + std::to_string(n) + " ";
  }
  void note(const std::string&) override {}

  std::int64_t ms = 0;
  std::uint64_t last = 0;
  std::string told;
  ServiceSpec spec;
  Standing standing;
  std::unique_ptr<Desk> desk;
};

TEST_F(DeskTest, RegistersOnBehalfAndBeatsEveryInterval) {
  desk->connected({ms});
  settle();
  const auto request = called<Register>();
  EXPECT_EQ(request.owner, "host-1");
  EXPECT_EQ(request.incarnation, 7U);
  EXPECT_EQ(request.session_timeout, Millis{3'000});
  accept();
  called<Report>();
  answer(Done{});
  int beats = 0;
  for (int i = 0; i < 9'000; ++i) {
    advance(1);
    if (desk->calls().empty()) continue;
    EXPECT_EQ(called<BeatInstance>().incarnation, 7U);
    answer(HeartbeatOk{});
    ++beats;
  }
  EXPECT_GE(beats, 9);
  EXPECT_LE(beats, 10) << "an interval, less up to 5 % of jitter";
}

TEST_F(DeskTest, SaysNothingWithoutAConnectionAndEverythingAfterwards) {
  settle();
  EXPECT_TRUE(desk->calls().empty());
  EXPECT_EQ(desk->due(), Mono{std::numeric_limits<std::int64_t>::max()});
  enrolled();
  desk->disconnected();
  settle(Status::critical, "it exited with 1");
  advance(60'000);
  EXPECT_TRUE(desk->calls().empty());
  desk->connected({ms});
  EXPECT_EQ(called<Register>().status, Status::starting) << "what is worse comes with its words";
  accept();
  const auto report = called<Report>();
  EXPECT_EQ(report.status, Status::critical);
  EXPECT_EQ(report.detail, "it exited with 1");
}

TEST_F(DeskTest, EachEdgeIsToldAtOnce) {
  enrolled();
  settle(Status::overloaded, "slow");
  EXPECT_EQ(called<Report>().status, Status::overloaded);
  answer(Done{});
  settle(Status::critical, "2 in a row", false);
  const auto report = called<Report>();
  EXPECT_EQ(report.status, Status::critical);
  EXPECT_EQ(report.detail, "2 in a row");
  answer(Done{});
  settle(Status::healthy, "");
  EXPECT_EQ(called<Report>().status, Status::healthy);
}

TEST_F(DeskTest, DoesNotBeatForWhoIsNotWell) {
  enrolled();
  settle(Status::critical, "2 in a row", false);
  called<Report>();
  answer(Done{});
  advance(60'000);
  EXPECT_TRUE(desk->calls().empty()) << "silence says the rest";
}

TEST_F(DeskTest, KeepsThePlaceOfWhoIsBeingRestarted) {
  enrolled();
  settle(Status::critical, "it exited with 1", true);
  called<Report>();
  answer(Done{});
  advance(1'000);
  EXPECT_EQ(called<Report>().status, Status::critical);
}

TEST_F(DeskTest, AStartThatTakesLongIsCriticalAndSaysWhy) {
  desk->connected({ms});
  settle(Status::starting, "it is starting: refused");
  EXPECT_EQ(called<Register>().status, Status::starting);
  accept();
  EXPECT_TRUE(desk->calls().empty());
  advance(1'000);
  const auto report = called<Report>();
  EXPECT_EQ(report.status, Status::critical);
  EXPECT_EQ(report.detail, "it is starting: refused");
}

TEST_F(DeskTest, ABrokerThatForgotIsToldAgain) {
  for (const Errc errc : {Errc::unknown_instance, Errc::unknown_service}) {
    ms = 0;
    renew(agent());
    enrolled();
    advance(1'000);
    called<BeatInstance>();
    answer(Refusal{errc, "not registered"});
    EXPECT_EQ(called<Register>().status, Status::healthy);
  }
}

TEST_F(DeskTest, ANewIncarnationIsRegistered) {
  enrolled();
  standing.incarnation = 8;
  settle(Status::starting, "");
  EXPECT_EQ(called<Register>().incarnation, 8U);
}

TEST_F(DeskTest, OtherWordsAboutItAreRegisteredWithoutMissingABeat) {
  enrolled();
  spec.info.tags = {"v2"};
  settle();
  EXPECT_EQ(called<Register>().info.tags, spec.info.tags);
  advance(1'000);
  called<BeatInstance>();
  advance(1'000);
  called<BeatInstance>();
}

TEST_F(DeskTest, AGoodbyeIsSaidOnceAndOnlyForOurOwn) {
  enrolled();
  EXPECT_FALSE(desk->all_said());
  standing.wanted = false;
  settle(Status::critical, "is stopped");
  const auto goodbye = called<Deregister>();
  EXPECT_EQ(goodbye.incarnation, 7U);
  EXPECT_EQ(goodbye.why, "is stopped");
  EXPECT_FALSE(desk->all_said());
  answer(Done{});
  EXPECT_TRUE(desk->all_said());
  advance(60'000);
  EXPECT_TRUE(desk->calls().empty());
}

TEST_F(DeskTest, WhoHasReplacedUsIsNotDeregistered) {
  enrolled();
  standing.wanted = standing.ours = false;
  settle();
  EXPECT_TRUE(desk->calls().empty());
  EXPECT_TRUE(desk->all_said());
}

TEST_F(DeskTest, AGoodbyeThatWasCutOffIsSaidLater) {
  enrolled();
  desk->disconnected();
  standing.wanted = false;
  settle();
  desk->forget(spec.instance);
  desk->connected({ms});
  called<Deregister>();
  answer(Done{});
  EXPECT_EQ(desk->trouble(spec.instance), "");
  EXPECT_TRUE(desk->all_said());
}

TEST_F(DeskTest, AStaleIncarnationAsksWhoHasTheNewer) {
  struct Row {
    const char* what;
    std::string owner;
    bool departed;
    Incarnation newest;
    std::string told;
  };
  const Row rows[] = {
      {"another agent's", "host-2", false, 9, "superseded "},
      {"its own word", "", false, 9, "superseded "},
      {"ours, of an earlier run", "host-1", false, 9, "outdated:9 "},
      {"gone, and remembered", "", true, 9, "outdated:9 "},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    ms = 0;
    told.clear();
    renew(agent());
    desk->connected({ms});
    settle();
    called<Register>();
    answer(Refusal{Errc::stale_incarnation, "incarnation 7 is below 9"});
    ASSERT_EQ(desk->calls().size(), 1U);
    last = desk->calls().front().correlation;
    desk->calls().clear();
    ServiceResult result;
    if (row.departed) {
      result.departed.push_back({});
      result.departed.back().instance = spec.instance;
      result.departed.back().incarnation = row.newest;
    } else {
      result.instances.push_back({});
      result.instances.back().instance = spec.instance;
      result.instances.back().incarnation = row.newest;
      result.instances.back().owner = row.owner;
    }
    answer(result);
    EXPECT_EQ(told, row.told);
    EXPECT_TRUE(desk->calls().empty()) << "and it is not tried again in a race";
  }
}

TEST_F(DeskTest, WhatTheBrokerEndsIsJudgedByItsReason) {
  struct Row {
    Reason reason;
    std::string told;
    bool registers_again;
  };
  const Row rows[] = {
      {Reason::replaced, "superseded ", true},  // unless its unit says otherwise, as it does
      {Reason::answers_without_beats, "zombie ", true},
      {Reason::session_expired, "", true},
      {Reason::deregistered, "", true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(to_string(row.reason));
    ms = 0;
    told.clear();
    renew(agent());
    enrolled();
    Fenced fenced;
    fenced.service = spec.service;
    fenced.instance = spec.instance;
    fenced.incarnation = 7;
    fenced.reason = row.reason;
    desk->pushed({ms}, fenced);
    EXPECT_EQ(told, row.told);
    if (!told.empty()) continue;
    EXPECT_TRUE(desk->calls().empty());
    advance(1'000);
    called<Register>();
  }
}

TEST_F(DeskTest, AFenceOfAnEarlierIncarnationIsOld) {
  enrolled();
  Fenced fenced;
  fenced.service = spec.service;
  fenced.instance = spec.instance;
  fenced.incarnation = 6;
  fenced.reason = Reason::replaced;
  desk->pushed({ms}, fenced);
  EXPECT_EQ(told, "");
}

TEST_F(DeskTest, PingsAreAnsweredForThoseWhoAreWell) {
  enrolled();
  desk->pushed({ms}, Ping{{1}, 42});
  EXPECT_EQ(called<Pong>().nonce, 42U);
  settle(Status::critical, "hangs", false);
  called<Report>();
  desk->pushed({ms}, Ping{{1}, 43});
  EXPECT_TRUE(desk->calls().empty());
}

TEST_F(DeskTest, ARefusalIsShownAndTriedAgainLater) {
  desk->connected({ms});
  settle();
  called<Register>();
  answer(Refusal{Errc::limit_reached, "100000 services are the most"});
  EXPECT_EQ(desk->trouble(spec.instance), "100000 services are the most");
  EXPECT_TRUE(desk->calls().empty());
  advance(2'000);
  called<Register>();
  accept();
  EXPECT_EQ(desk->trouble(spec.instance), "");
}

TEST_F(DeskTest, ABrokerThatDoesNotAnswerBeatsIsLeft) {
  enrolled();
  advance(1'000);
  called<BeatInstance>();
  EXPECT_FALSE(desk->stalled({ms + 3'000}));
  EXPECT_TRUE(desk->stalled({ms + 3'001}));
}

TEST_F(DeskTest, EvidenceIsMadeFitForTheBroker) {
  enrolled();
  settle(Status::overloaded, "a\nb\x01\xff" + std::string(2'000, 'x'));
  const auto report = called<Report>();
  EXPECT_EQ(report.detail.size(), 1'000U);
  EXPECT_EQ(report.detail.substr(0, 5), "a b ?");
}

TEST_F(DeskTest, TheNodeIsRegisteredBeatenForAndGivenUp) {
  AgentSpec with = agent();
  with.beats_for_node = true;
  renew(with);
  desk->connected({ms});
  EXPECT_EQ(called<RegisterNode>().incarnation, 50U);
  answer(NodeOk{{9}, NodeName("host-1"), 50, Millis{3'000}, Millis{1'000}});
  EXPECT_EQ(called<BeatNode>().node.value, "host-1") << "it is starting until its first beat";
  answer(HeartbeatOk{});
  advance(1'000);
  EXPECT_EQ(called<BeatNode>().node.value, "host-1");
  answer(Refusal{Errc::unknown_node, "not registered"});
  called<RegisterNode>();
  answer(NodeOk{{9}, NodeName("host-1"), 50, Millis{3'000}, Millis{1'000}});
  called<BeatNode>();
  desk->close_node({ms});
  called<DeregisterNode>();
  EXPECT_FALSE(desk->all_said());
  answer(Done{});
  EXPECT_TRUE(desk->all_said());
}

}  // namespace
}  // namespace muster::agent
