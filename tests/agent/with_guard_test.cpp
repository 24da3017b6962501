/// The guard with real commands, beside a real broker.
#include "world.hpp"

namespace muster::agent::test {
namespace {

class WithGuard : public World {
 protected:
  /// An instance of this host, as healthy as its last report.
  void enrol(const std::string& service, const std::string& timeout = "60s") {
    EXPECT_EQ(muster({"services", "register", service, "--instance", service + "-1", "--address",
                      "127.0.0.1", "--node", "here", "--session-timeout", timeout, "--status",
                      "healthy", "--incarnation", "7"})
                  .code,
              0);
  }
  [[nodiscard]] static Words guard(const std::string& service, const std::string& script) {
    return {"guard", "--service", service, "--node", "here", "--grace",
            "300ms", "--",        "sh",    "-c",     script};
  }
};

TEST_F(WithGuard, RunsForTheHealthyAndPassesTheCodeOn) {
  enrol("well");
  EXPECT_EQ(muster(guard("well", "exit 0")).code, 0);
  EXPECT_EQ(muster(guard("well", "exit 9")).code, 9);
  EXPECT_EQ(muster(guard("well", "kill -15 $$")).code, 143);
  const Ended told =
      muster(guard("well", "echo $MUSTER_SERVICE $MUSTER_INSTANCE $MUSTER_INCARNATION"));
  EXPECT_EQ(told.out, "well well-1 7\n");
}

TEST_F(WithGuard, DoesNotRunForOthers) {
  const Ended unknown = muster(guard("nobody", "echo ran"));
  EXPECT_EQ(unknown.code, 75);
  EXPECT_EQ(unknown.out, "");
  EXPECT_TRUE(has(unknown.err, "the command does not run: service nobody has no instance on here"))
      << unknown.err;
  enrol("ill");
  EXPECT_EQ(muster({"services", "heartbeat", "ill", "ill-1", "--status", "critical", "--detail",
                    "no disk"})
                .code,
            0);
  const Ended ill = muster(guard("ill", "echo ran"));
  EXPECT_EQ(ill.code, 75);
  EXPECT_EQ(ill.out, "");
  EXPECT_TRUE(has(ill.err, "no disk")) << ill.err;
  Words elsewhere = guard("ill", "echo ran");
  elsewhere.insert(elsewhere.begin(), {"--timeout", "1s", "--server", "127.0.0.1:" + free_port()});
  const Ended away = muster(elsewhere);
  EXPECT_EQ(away.code, 75);
  EXPECT_TRUE(has(away.err, "no broker answers")) << away.err;
}

TEST_F(WithGuard, EndsTheWholeCommandWhenHealthEnds) {
  struct Row {
    std::string service;
    Words change;
    std::string said;
  };
  const Row rows[] = {
      {"falls", {"services", "heartbeat", "falls", "falls-1", "--status", "critical"}, "critical"},
      {"leaves", {"services", "deregister", "leaves", "leaves-1"}, "is not registered"},
      {"rests", {"services", "maintenance", "rests", "rests-1"}, "maintenance"},
      {"renewed",
       {"services", "register", "renewed", "--instance", "renewed-1", "--address", "127.0.0.1",
        "--node", "here", "--status", "healthy", "--incarnation", "8"},
       "another incarnation"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.service);
    enrol(row.service);
    // It and a child in a session of its own; both ignore SIGTERM.
    const std::string child = path(row.service);
    const auto process = start(
        guard(row.service, "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ > " + child +
                               "; while :; do sleep 0.05; done' & while ! test -s " + child +
                               "; do sleep 0.01; done; echo runs; while :; do sleep 0.05; done"));
    ASSERT_TRUE(process->says("runs")) << process->err();
    EXPECT_EQ(muster(row.change).code, 0);
    EXPECT_EQ(process->wait(), 75);
    EXPECT_TRUE(has(process->err(), row.said)) << process->err();
    EXPECT_FALSE(lives(std::stoi(read_file(child))));
  }
}

TEST_F(WithGuard, OverloadIsNoEnd) {
  enrol("busy");
  const auto process =
      start(guard("busy", "echo runs; while ! test -e " + path("go") + "; do sleep 0.02; done"));
  ASSERT_TRUE(process->says("runs"));
  EXPECT_EQ(muster({"services", "heartbeat", "busy", "busy-1", "--status", "overloaded"}).code, 0);
  EXPECT_TRUE(becomes("busy", "overloaded"));
  write("go", "");
  EXPECT_EQ(process->wait(), 0) << process->err();
}

TEST_F(WithGuard, WithoutABrokerItEndsWithinTheSessionTimeout) {
  enrol("cut", "2s");
  const auto process = start(guard("cut", "echo runs; exec sleep 1000"));
  ASSERT_TRUE(process->says("runs")) << process->err();
  broker.stop();
  EXPECT_EQ(process->wait(), 75);
  EXPECT_TRUE(has(process->err(), "the broker was not reached")) << process->err();
}

TEST_F(WithGuard, SignalsGoToTheCommand) {
  enrol("signalled");
  const auto process =
      start(guard("signalled", "trap 'exit 3' TERM; echo runs; while :; do sleep 0.02; done"));
  ASSERT_TRUE(process->says("runs"));
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 3);
}

TEST_F(WithGuard, TheAgentEndsTheJobsOfWhatItStops) {
  write("agent.toml",
        "drain = \"0ms\"\nnode = \"here\"\n[[service]]\nname = \"zombie\"\n"
        "command = [\"sleep\", \"1000\"]\n");
  const auto process = agent();
  ASSERT_TRUE(becomes("zombie", "healthy"));
  const auto job = start(guard("zombie", "echo runs; exec sleep 1000"));
  ASSERT_TRUE(job->says("runs")) << job->err();
  EXPECT_EQ(muster({"agent", "restart", "zombie"}).code, 0);
  EXPECT_NE(job->wait(), 0);
}

}  // namespace
}  // namespace muster::agent::test
