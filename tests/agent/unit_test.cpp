/// One supervised program, in any hour and any trouble, without a process.
#include <agent/unit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace muster::agent {
namespace {

using Finding = Outcome::Finding;

ServiceSpec plain() {
  ServiceSpec out;
  out.service = ServiceName("web");
  out.instance = InstanceId("web-1");
  out.command = {"server"};
  out.restart.backoff = Millis{0};  // a restart is at once, unless a test says otherwise
  out.restart.backoff_max = Millis{0};
  out.restart.budget = 3;
  out.restart.window = Millis{60'000};
  out.stop_grace = Millis{1'000};
  out.drain = Millis{500};
  out.start_timeout = Millis{10'000};
  return out;
}

ServiceSpec checked() {
  ServiceSpec out = plain();
  CheckSpec check;
  check.host = "127.0.0.1";
  check.port = 80;
  out.checks = {check};
  return out;
}

/// A unit, its clock, and what it has asked for.
struct World {
  explicit World(ServiceSpec spec, Incarnation last = 0) : unit(std::move(spec), last, 1) {}

  [[nodiscard]] Instant now() const { return {{ms}, {1'000'000 + ms}}; }
  void advance(std::int64_t by) {
    ms += by;
    unit.tick(now());
  }
  /// What it has asked for since the last call: "start", "terminate", "kill", "check".
  std::string acts() {
    std::string out;
    for (const Act& act : unit.acts()) {
      constexpr const char* names[] = {"start", "terminate", "kill", "check"};
      out += (out.empty() ? "" : " ") + std::string(names[static_cast<int>(act.kind)]);
    }
    unit.acts().clear();
    return out;
  }
  void start() {
    unit.start(now());
    EXPECT_EQ(acts(), "start");
    unit.spawned(now(), 100);
  }
  /// Starts it and has its checks pass.
  void up() {
    start();
    answer(Finding::passed);
    EXPECT_EQ(unit.phase(), Phase::running);
  }
  /// All checks, tried now.
  void answer(Finding finding, const std::string& words = "said") {
    for (std::size_t i = 0; i < unit.spec().checks.size(); ++i)
      unit.checked(now(), unit.incarnation(), i, {finding, words});
  }
  void exit(int code) { unit.exited(now(), {false, code}); }
  void killed() { unit.exited(now(), {true, 9}); }
  /// Ends, is cleared away, and whatever follows.
  void ends(int code) {
    exit(code);
    EXPECT_EQ(acts(), "terminate");
    unit.gone(now());
  }

  std::int64_t ms = 0;
  Unit unit;
};

TEST(Unit, WithoutChecksIsUpOnceItIsStarted) {
  World w(plain());
  w.start();
  EXPECT_EQ(w.unit.phase(), Phase::running);
  EXPECT_EQ(w.unit.standing().status, Status::healthy);
}

TEST(Unit, WithChecksIsUpOnceTheyPass) {
  World w(checked());
  w.start();
  EXPECT_EQ(w.unit.standing().status, Status::starting);
  w.advance(0);
  EXPECT_EQ(w.acts(), "check");
  w.answer(Finding::missed);
  EXPECT_EQ(w.unit.standing().status, Status::starting);
  w.advance(100);
  EXPECT_EQ(w.acts(), "check") << "while it starts it is looked at sooner than every interval";
  w.answer(Finding::passed);
  EXPECT_EQ(w.unit.standing().status, Status::healthy);
}

TEST(Unit, PolicyDecidesWhatFollowsAnEnd) {
  struct Row {
    RestartPolicy policy;
    int code;
    Phase then;
    std::string acts;
  };
  const Row rows[] = {
      {RestartPolicy::always, 0, Phase::starting, "start"},
      {RestartPolicy::always, 1, Phase::starting, "start"},
      {RestartPolicy::on_failure, 0, Phase::finished, ""},
      {RestartPolicy::on_failure, 1, Phase::starting, "start"},
      {RestartPolicy::never, 0, Phase::finished, ""},
      {RestartPolicy::never, 1, Phase::finished, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(to_string(row.policy)) + " " + std::to_string(row.code));
    ServiceSpec spec = plain();
    spec.restart.policy = row.policy;
    World w(spec);
    w.start();
    w.ends(row.code);
    EXPECT_EQ(w.unit.phase(), row.then);
    EXPECT_EQ(w.acts(), row.acts);
    EXPECT_EQ(w.unit.standing().wanted, row.then != Phase::finished);
  }
}

TEST(Unit, IsNotStartedBesideWhatItHasLeftBehind) {
  World w(plain());
  w.start();
  w.killed();
  EXPECT_EQ(w.acts(), "terminate");
  EXPECT_EQ(w.unit.standing().status, Status::critical);
  w.advance(999);
  EXPECT_EQ(w.acts(), "") << "its children have their grace";
  w.advance(1);
  EXPECT_EQ(w.acts(), "kill");
  w.advance(1'000);
  EXPECT_EQ(w.acts(), "kill") << "and again, until they are gone";
  EXPECT_EQ(w.unit.phase(), Phase::stopping);
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, EachStartHasAHigherIncarnation) {
  World w(plain());
  w.start();
  const Incarnation first = w.unit.incarnation();
  w.ends(1);
  EXPECT_GT(w.unit.incarnation(), first) << "in the same millisecond, too";

  World behind(plain(), 5'000'000'000);
  behind.start();
  EXPECT_EQ(behind.unit.incarnation(), 5'000'000'001) << "the clock went back since the last run";
}

TEST(Unit, BacksOffBetweenRestarts) {
  ServiceSpec spec = plain();
  spec.restart.backoff = spec.restart.backoff_max = Millis{1'000};
  World w(spec);
  w.start();
  w.ends(1);
  if (w.unit.phase() == Phase::waiting) {
    EXPECT_EQ(w.acts(), "");
    w.advance(w.unit.due().ms - w.ms);
  }
  EXPECT_EQ(w.acts(), "start");
  EXPECT_LE(w.ms, 1'000);
}

TEST(Unit, StopsAtItsBudgetAndSaysSo) {
  World w(plain());
  w.start();
  for (int i = 0; i < 3; ++i) {
    w.ends(7);
    EXPECT_EQ(w.acts(), "start") << i;
    w.unit.spawned(w.now(), 101 + i);
    w.advance(10);
  }
  const Incarnation last = w.unit.incarnation();
  w.ends(7);
  EXPECT_EQ(w.acts(), "");
  EXPECT_EQ(w.unit.phase(), Phase::crash_loop);
  EXPECT_GT(w.unit.incarnation(), last) << "so that the broker takes the words that follow";
  const Standing standing = w.unit.standing();
  EXPECT_TRUE(standing.wanted);
  EXPECT_TRUE(standing.kept);
  EXPECT_EQ(standing.status, Status::critical);
  EXPECT_EQ(standing.words,
            "crash loop: 3 restarts within 60000 ms, the last time it exited with 7");
  w.advance(59'999);
  EXPECT_EQ(w.acts(), "");
  w.advance(1);
  EXPECT_EQ(w.acts(), "start") << "after the window it is tried again";
}

TEST(Unit, AnOperatorEndsACrashLoop) {
  ServiceSpec spec = plain();
  spec.restart.budget = 0;
  World w(spec);
  w.start();
  w.ends(1);
  EXPECT_EQ(w.unit.phase(), Phase::crash_loop);
  EXPECT_FALSE(w.unit.order_restart(w.now(), OrderedBy::broker, "why").accepted);
  EXPECT_TRUE(w.unit.order_restart(w.now(), OrderedBy::operator_, "why").accepted);
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, WhoCannotBeStartedIsTriedAgainWithinTheBudget) {
  World w(plain());
  w.unit.start(w.now());
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(w.acts(), "start");
    w.unit.not_started(w.now(), "no such file");
  }
  EXPECT_EQ(w.unit.phase(), Phase::crash_loop);
  EXPECT_NE(w.unit.words().find("no such file"), std::string::npos);
}

TEST(Unit, FallsStepByStepAndIsRestartedWhenItHangs) {
  World w(checked());
  w.up();
  w.answer(Finding::missed, "late");
  EXPECT_EQ(w.unit.standing().status, Status::overloaded);
  w.answer(Finding::missed, "late");
  EXPECT_EQ(w.unit.standing().status, Status::critical);
  EXPECT_FALSE(w.unit.standing().kept) << "the agent does not speak for who does not answer";
  EXPECT_EQ(w.unit.standing().words, "2 in a row: late");
  w.acts();
  w.answer(Finding::missed, "late");
  EXPECT_EQ(w.acts(), "terminate");
  EXPECT_TRUE(w.unit.standing().kept) << "now the agent knows what it is about";
  w.killed();
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, WhoIsNeverRestartedMayHang) {
  ServiceSpec spec = checked();
  spec.restart.policy = RestartPolicy::never;
  World w(spec);
  w.up();
  for (int i = 0; i < 5; ++i) w.answer(Finding::missed);
  w.acts();
  EXPECT_EQ(w.unit.phase(), Phase::running);
  EXPECT_EQ(w.unit.standing().status, Status::critical);
  w.answer(Finding::passed);
  EXPECT_EQ(w.unit.standing().status, Status::healthy);
}

TEST(Unit, MissesWhileItStartsDoNotCountUntilItsTimeIsOver) {
  World w(checked());
  w.start();
  for (int i = 0; i < 20; ++i) w.answer(Finding::missed, "refused");
  EXPECT_EQ(w.unit.phase(), Phase::starting);
  w.acts();
  w.advance(9'999);
  EXPECT_EQ(w.unit.phase(), Phase::starting);
  w.acts();
  w.advance(1);
  EXPECT_EQ(w.unit.phase(), Phase::stopping);
  EXPECT_NE(w.unit.words().find("start timeout of 10000 ms"), std::string::npos);
}

TEST(Unit, AnswersOfAnEarlierIncarnationSayNothing) {
  World w(checked());
  w.up();
  const Incarnation old = w.unit.incarnation();
  w.killed();
  w.unit.gone(w.now());
  w.unit.spawned(w.now(), 101);
  w.unit.checked(w.now(), old, 0, {Finding::passed, {}});
  EXPECT_EQ(w.unit.phase(), Phase::starting);
}

TEST(Unit, AnOrderedRestartDrainsAndIsAcknowledgedOnceASecond) {
  World w(checked());
  w.up();
  w.acts();
  EXPECT_TRUE(w.unit.order_restart(w.now(), OrderedBy::operator_, "deploy").accepted);
  EXPECT_EQ(w.unit.phase(), Phase::draining);
  EXPECT_EQ(w.unit.standing().status, Status::critical);
  EXPECT_TRUE(w.unit.standing().wanted);
  EXPECT_EQ(w.acts(), "");
  const Acknowledgement again = w.unit.order_restart(w.now(), OrderedBy::operator_, "deploy");
  EXPECT_FALSE(again.accepted);
  EXPECT_NE(again.words.find("once in 1000 ms"), std::string::npos);
  w.advance(500);
  EXPECT_EQ(w.acts(), "terminate");
  w.exit(0);
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, TheBrokersOrdersCountAgainstTheBudget) {
  ServiceSpec spec = plain();
  spec.restart.budget = 1;
  spec.drain = Millis{0};
  World w(spec);
  w.start();
  EXPECT_TRUE(w.unit.order_restart(w.now(), OrderedBy::broker, "zombie").accepted);
  EXPECT_EQ(w.acts(), "terminate");
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
  w.unit.spawned(w.now(), 101);
  w.advance(2'000);
  EXPECT_TRUE(w.unit.order_restart(w.now(), OrderedBy::broker, "zombie").accepted);
  w.unit.gone(w.now());
  EXPECT_EQ(w.unit.phase(), Phase::crash_loop);
}

TEST(Unit, AZombieIsRestartedWithoutDraining) {
  World w(checked());
  w.up();
  w.acts();
  w.unit.zombie(w.now(), "it answers pings without beats");
  EXPECT_EQ(w.acts(), "terminate");
  w.unit.zombie(w.now(), "again");
  EXPECT_EQ(w.acts(), "") << "it is on its way out already";
}

TEST(Unit, StoppingDrainsFirstAndSaysGoodbyeBeforeThat) {
  World w(checked());
  w.up();
  w.acts();
  w.unit.stop(w.now(), true, "is stopped");
  EXPECT_FALSE(w.unit.standing().wanted);
  EXPECT_TRUE(w.unit.standing().ours);
  EXPECT_EQ(w.acts(), "");
  w.advance(500);
  EXPECT_EQ(w.acts(), "terminate");
  w.advance(1'000);
  EXPECT_EQ(w.acts(), "kill");
  w.exit(0);
  EXPECT_FALSE(w.unit.at_rest());
  w.unit.gone(w.now());
  EXPECT_EQ(w.unit.phase(), Phase::stopped);
  EXPECT_EQ(w.acts(), "") << "and is not restarted, whatever its policy";
}

TEST(Unit, WhoWasNeverUpNeedsNoDraining) {
  World w(checked());
  w.start();
  w.unit.stop(w.now(), true, "is stopped");
  EXPECT_EQ(w.acts(), "terminate");
}

TEST(Unit, ASecondStopIsInAHurry) {
  World w(checked());
  w.up();
  w.acts();
  w.unit.stop(w.now(), true, "is stopped");
  w.unit.stop(w.now(), false, "is stopped at once");
  EXPECT_EQ(w.acts(), "terminate");
}

TEST(Unit, AStopWinsOverARestartUnderWay) {
  World w(plain());
  w.start();
  w.exit(1);
  w.unit.stop(w.now(), true, "is stopped");
  w.unit.gone(w.now());
  EXPECT_EQ(w.unit.phase(), Phase::stopped);
  EXPECT_FALSE(w.unit.order_restart(w.now(), OrderedBy::broker, "").accepted);
}

TEST(Unit, WhoIsSupersededEndsAndIsLeftAlone) {
  World w(plain());
  w.start();
  w.unit.supersede(w.now(), "another host");
  EXPECT_EQ(w.acts(), "terminate");
  EXPECT_FALSE(w.unit.standing().wanted);
  EXPECT_FALSE(w.unit.standing().ours);
  w.exit(0);
  w.unit.gone(w.now());
  EXPECT_EQ(w.unit.phase(), Phase::superseded);
  EXPECT_TRUE(w.unit.at_rest());
  EXPECT_TRUE(w.unit.order_restart(w.now(), OrderedBy::operator_, "ours again").accepted);
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, WhoIsOutdatedStartsAboveWhatIsKnown) {
  World w(plain());
  w.start();
  w.unit.outdated(w.now(), 9'000'000'000);
  EXPECT_EQ(w.acts(), "terminate");
  w.exit(0);
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
  EXPECT_EQ(w.unit.incarnation(), 9'000'000'001);
}

TEST(Unit, AChangeRestartsOnlyWhatItMust) {
  struct Row {
    const char* what;
    void (*change)(ServiceSpec&);
    bool restarts;
  };
  const Row rows[] = {
      {"command", [](ServiceSpec& s) { s.command = {"other"}; }, true},
      {"environment", [](ServiceSpec& s) { s.environment = {{"A", "b"}}; }, true},
      {"directory", [](ServiceSpec& s) { s.directory = "/"; }, true},
      {"user", [](ServiceSpec& s) { s.user = "nobody"; }, true},
      {"port", [](ServiceSpec& s) { s.info.port = 81; }, false},
      {"tags", [](ServiceSpec& s) { s.info.tags = {"v2"}; }, false},
      {"session timeout", [](ServiceSpec& s) { s.session_timeout = Millis{3'000}; }, false},
      {"checks", [](ServiceSpec& s) { s.checks.clear(); }, false},
      {"restart policy", [](ServiceSpec& s) { s.restart.policy = RestartPolicy::never; }, false},
      {"grace", [](ServiceSpec& s) { s.stop_grace = Millis{1}; }, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    World w(checked());
    w.up();
    w.acts();
    ServiceSpec spec = w.unit.spec();
    row.change(spec);
    w.unit.change(w.now(), spec);
    EXPECT_EQ(w.unit.phase(), row.restarts ? Phase::draining : Phase::running);
    EXPECT_EQ(w.unit.spec(), spec);
    EXPECT_EQ(w.unit.standing().status, row.restarts ? Status::critical : Status::healthy);
  }
}

TEST(Unit, WhoComesBackWhileItIsBeingRemovedStartsAgain) {
  World w(plain());
  w.start();
  w.unit.stop(w.now(), false, "is removed");
  EXPECT_EQ(w.acts(), "terminate");
  w.unit.change(w.now(), plain());
  w.exit(0);
  w.unit.gone(w.now());
  EXPECT_EQ(w.acts(), "start");
}

TEST(Unit, ChecksAreTriedOneAtATimeAndSpread) {
  ServiceSpec spec = checked();
  spec.checks.resize(8, spec.checks.front());
  World w(spec);
  w.up();
  w.acts();
  std::set<std::int64_t> moments;
  while (w.ms < 5'000) {
    w.advance(std::clamp<std::int64_t>(w.unit.due().ms - w.ms, 1, 5'000));
    if (!w.unit.acts().empty()) moments.insert(w.ms);
    w.acts();
  }
  EXPECT_GE(moments.size(), 6U) << "what began together must part";
  w.advance(60'000);
  EXPECT_EQ(w.acts(), "") << "a check whose answer is out is not tried again";
}

}  // namespace
}  // namespace muster::agent
