/// The agent with real processes: killed, stopped, crashing, with stubborn children, left alone by
/// its broker, and killed itself.
#include "world.hpp"

#include <algorithm>

namespace muster::agent::test {
namespace {

/// Settings that make a test short: quick checks, no draining.
const std::string quick = "session_timeout = \"3s\"\ndrain = \"0ms\"\n";

std::string service(const std::string& name, const std::string& command,
                    const std::string& more = {}) {
  return "[[service]]\nname = \"" + name + "\"\ncommand = [\"/bin/sh\", \"-c\", '''" + command +
         "''']\nrestart_backoff = \"10ms\"\n" + more;
}

/// On a busy machine a good answer may be late, and a program restarted for it: that must not spend
/// its budget.
const std::string patient = "restart_budget = 1000\n";
const std::string quick_check = "interval = \"500ms\"\ntimeout = \"500ms\"\nslow = \"500ms\"\n";

class WithAgent : public World {};

TEST_F(WithAgent, AServiceIsStartedCheckedFoundAndGivenUp) {
  const std::string port = free_port();
  const auto process =
      agent(quick + service("web", "exec python3 -m http.server --bind 127.0.0.1 " + port,
                            "port = " + port + "\ntags = [\"v2\"]\n" +
                                "[[service.check]]\nhttp = \"/\"\n"));
  EXPECT_TRUE(becomes("web", "healthy"));
  EXPECT_EQ(muster({"services", "lookup", "web"}).out, "127.0.0.1:" + port + "\n");
  EXPECT_TRUE(has(muster({"nodes", "list", "--json"}).out, "\"healthy\""));

  process->signal(SIGTERM);

  EXPECT_EQ(process->wait(), 0);
  const std::string after = shown("web");
  EXPECT_TRUE(has(after, "\"instances\":[]")) << after;
  EXPECT_TRUE(has(after, "deregistered")) << after;
  EXPECT_FALSE(has(muster({"nodes", "list", "--json"}).out, "\"healthy\""));
}

TEST_F(WithAgent, WhoIsKilledIsRestartedUnderAHigherIncarnation) {
  const auto process = agent(quick + service("killed", "exec sleep 1000"));
  ASSERT_TRUE(becomes("killed", "healthy"));
  const pid_t before = pid_of_service();
  const std::string incarnation = field(shown("killed"), "incarnation");

  ::kill(before, SIGKILL);

  ASSERT_TRUE(comes_back("killed", before));
  EXPECT_GT(std::stoull(field(shown("killed"), "incarnation")), std::stoull(incarnation));
  EXPECT_TRUE(has(process->err(), "was ended by signal 9")) << process->err();
}

TEST_F(WithAgent, WhoHangsIsRestarted) {
  const std::string port = free_port();
  const auto process =
      agent(quick + service("stopped", "exec python3 -m http.server --bind 127.0.0.1 " + port,
                            patient + "port = " + port + "\n[[service.check]]\nhttp = \"/\"\n" +
                                quick_check));
  ASSERT_TRUE(becomes("stopped", "healthy"));
  const pid_t before = pid_of_service();

  ::kill(before, SIGSTOP);

  EXPECT_TRUE(comes_back("stopped", before));
  EXPECT_TRUE(has(process->err(), "it hangs: 3 in a row")) << process->err();
}

TEST_F(WithAgent, StubbornGrandchildrenEndBeforeTheNextStart) {
  // A child in a session of its own that ignores SIGTERM, and notes who else of its kind lives.
  const std::string list = path("list");
  const std::string child = "trap \"\" TERM; for p in $(cat " + list +
                            " 2>/dev/null); do kill -0 $p 2>/dev/null && echo overlap >> " + list +
                            ".bad; done; echo $$ >> " + list + "; while :; do sleep 0.1; done";
  write("child.sh", child + "\n");
  const auto process =
      agent(quick + service("family", "setsid sh " + path("child.sh") + " & exec sleep 1000",
                            "stop_grace = \"200ms\"\n"));
  const auto lines = [&] {
    const std::string all = read_file(list);
    return std::count(all.begin(), all.end(), '\n');
  };
  ASSERT_TRUE(eventually([&] { return lines() == 1; }));

  ::kill(pid_of_service(), SIGKILL);

  EXPECT_TRUE(eventually([&] { return lines() == 2; }));
  EXPECT_EQ(read_file(list + ".bad"), "");
  const pid_t last = std::stoi(read_file(list).substr(read_file(list).find('\n') + 1));
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 0);
  EXPECT_FALSE(lives(last));
}

TEST_F(WithAgent, ACrashLoopStopsAtItsBudgetAndSaysSoUntilAnOperatorActs) {
  const auto process = agent(
      quick + service("loop", "echo x >> " + path("runs") + "; exit 3", "restart_budget = 2\n"));
  ASSERT_TRUE(eventually([&] { return has(shown("loop"), "crash loop: 2 restarts"); }));
  EXPECT_EQ(status_of("loop"), "critical");
  EXPECT_EQ(read_file(path("runs")), "x\nx\nx\n");
  EXPECT_TRUE(has(shown("loop"), "exited with 3"));

  EXPECT_EQ(muster({"agent", "restart", "loop"}).code, 0);

  EXPECT_TRUE(eventually([&] { return read_file(path("runs")) == "x\nx\nx\nx\nx\nx\n"; }));
}

TEST_F(WithAgent, ACheckThatSaysOverloadedIsToldWithItsEvidence) {
  write("state", "0");
  const auto process = agent(
      quick + service("busy", "exec sleep 1000",
                      patient +
                          "[[service.check]]\ncommand = [\"sh\", \"-c\", 'echo queue is long; exit "
                          "$(cat " +
                          path("state") + ")']\n" + quick_check));
  ASSERT_TRUE(becomes("busy", "healthy"));
  write("state", "1");
  EXPECT_TRUE(becomes("busy", "overloaded"));
  EXPECT_TRUE(has(shown("busy"), "queue is long")) << shown("busy");
  write("state", "0");
  EXPECT_TRUE(becomes("busy", "healthy"));
}

TEST_F(WithAgent, AKilledAgentIsFollowedByOneThatClearsUpFirst) {
  const std::string config =
      quick + service("orphan",
                      "setsid sh -c 'trap \"\" TERM; while :; do sleep 0.1; done' & echo $! > " +
                          path("child") + "; exec sleep 1000",
                      "stop_grace = \"200ms\"\n");
  auto process = agent(config);
  ASSERT_TRUE(becomes("orphan", "healthy"));
  const pid_t before = pid_of_service();
  const pid_t child = std::stoi(read_file(path("child")));
  const std::string incarnation = field(shown("orphan"), "incarnation");

  process->signal(SIGKILL);
  process->wait();
  EXPECT_TRUE(lives(child)) << "nobody has told it yet";
  process = agent();

  EXPECT_TRUE(comes_back("orphan", before));
  EXPECT_FALSE(lives(before));
  EXPECT_FALSE(lives(child));
  EXPECT_TRUE(has(process->err(), "processes of an earlier run are stopped first"));
  EXPECT_GT(std::stoull(field(shown("orphan"), "incarnation")), std::stoull(incarnation));
}

TEST_F(WithAgent, GoesOnWithoutABrokerAndIsThereWhenItComesBack) {
  write("agent.toml", quick + service("alone", "exec sleep 1000"));
  {
    auto lonely =
        start({"--server", "127.0.0.1:" + free_port(), "agent", "--config", path("agent.toml")});
    ASSERT_TRUE(eventually([&] { return has(status(), "\"phase\":\"running\""); }));
    EXPECT_TRUE(has(muster({"agent", "status"}).out, "not connected: 127.0.0.1:"));
    const pid_t before = pid_of_service();
    ::kill(before, SIGKILL);
    EXPECT_TRUE(eventually([&] {
      const pid_t now = pid_of_service();
      return now != 0 && now != before;
    })) << "it is restarted without a broker, too";
    lonely->signal(SIGTERM);
    EXPECT_EQ(lonely->wait(), 0);
  }
  const auto process = agent();
  ASSERT_TRUE(becomes("alone", "healthy"));
  const pid_t before = pid_of_service();
  broker.kill_and_restart();
  EXPECT_TRUE(eventually([&] {
    const std::string all = process->err();
    return has(all, "the connection is lost") && all.rfind("connected") > all.find("is lost");
  }));
  EXPECT_TRUE(becomes("alone", "healthy"));
  EXPECT_EQ(pid_of_service(), before) << "and its programs have not noticed";
}

TEST_F(WithAgent, ReloadTouchesOnlyWhatHasChanged) {
  const std::string same = service("same", "exec sleep 1000");
  const auto process = agent(quick + same + service("changed", "exec sleep 1001") +
                             service("removed", "exec sleep 1000"));
  ASSERT_TRUE(becomes("removed", "healthy"));
  ASSERT_TRUE(becomes("same", "healthy"));
  const auto incarnation = [&](const std::string& name) {
    return field(shown(name), "incarnation");
  };
  const std::string of_same = incarnation("same");
  ASSERT_TRUE(becomes("changed", "healthy"));
  const std::string of_changed = incarnation("changed");

  write("agent.toml", quick + service("same", "exec sleep 1000", "tags = [\"v2\"]\n") +
                          service("changed", "exec sleep 1002") +
                          service("added", "exec sleep 1000"));
  EXPECT_EQ(muster({"agent", "reload"}).out, "1 added, 2 changed, 1 removed\n");

  EXPECT_TRUE(becomes("added", "healthy"));
  EXPECT_TRUE(eventually([&] { return has(shown("removed"), "\"instances\":[]"); }));
  EXPECT_TRUE(eventually([&] { return has(shown("same"), "\"v2\""); }));
  EXPECT_EQ(incarnation("same"), of_same);
  EXPECT_TRUE(eventually([&] { return incarnation("changed") != of_changed; }));

  write("agent.toml", "nonsense = 1\n");
  const Ended refused = muster({"agent", "reload"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(has(refused.err, "agent.toml:1: there is no setting nonsense")) << refused.err;
  process->signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return has(process->err(), "not reloaded: "); }));
  EXPECT_EQ(incarnation("same"), of_same);
}

TEST_F(WithAgent, OrdersNameWhatIsThereAndAreBounded) {
  const auto process = agent(quick + service("ordered", "exec sleep 1000"));
  ASSERT_TRUE(becomes("ordered", "healthy"));
  const pid_t before = pid_of_service();
  const Ended unknown = muster({"agent", "restart", "other"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(has(unknown.err, "there is no service or instance other here")) << unknown.err;
  EXPECT_EQ(muster({"agent", "restart", "ordered"}).code, 0);
  EXPECT_TRUE(comes_back("ordered", before));
  EXPECT_EQ(std::filesystem::status(folder() + "/control").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const Ended second = muster({"agent", "--config", path("agent.toml")});
  EXPECT_EQ(second.code, 1);
  EXPECT_TRUE(has(second.err, "another agent uses the folder")) << second.err;
  EXPECT_EQ(muster({"agent", "stop"}).code, 0);
  EXPECT_EQ(process->wait(), 0);
  EXPECT_EQ(muster({"agent", "status"}).code, 2);
}

TEST_F(WithAgent, DrainsBeforeItStops) {
  const auto process = agent("drain = \"1h\"\n" + service("drained", "exec sleep 1000"));
  ASSERT_TRUE(becomes("drained", "healthy"));
  const pid_t pid = pid_of_service();
  process->signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return has(shown("drained"), "\"instances\":[]"); }));
  EXPECT_TRUE(lives(pid)) << "nobody new is sent, and who is there is served";
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 0) << "said twice it waits no longer";
  EXPECT_FALSE(lives(pid));
}

TEST_F(WithAgent, WhoeverRegistersANewerIncarnationElsewhereTakesItOver) {
  const auto process =
      agent(quick + service("moved", "exec sleep 1000", "instance = \"moved-1\"\n"));
  ASSERT_TRUE(becomes("moved", "healthy"));
  const pid_t pid = pid_of_service();
  EXPECT_EQ(muster({"services", "register", "moved", "--instance", "moved-1", "--address",
                    "127.0.0.1", "--incarnation", "9000000000000000"})
                .code,
            0);
  EXPECT_TRUE(eventually([&] { return has(status(), "\"phase\":\"superseded\""); }));
  EXPECT_FALSE(lives(pid)) << "two of one instance would both work";
  EXPECT_TRUE(has(shown("moved"), "9000000000000000"));
}

TEST_F(WithAgent, TheOneLinerPassesSignalsAndTheExitCodeOn) {
  struct Row {
    Words options;
    std::string script;
    int code;
  };
  const Row rows[] = {
      {{"--restart", "never"}, "exit 7", 7},
      {{"--restart", "never"}, "kill -9 $$", 137},
      {{}, "exit 0", 0},
      {{"--restart-budget", "0"}, "exit 9", 9},
      {{"--restart", "always", "--restart-budget", "1"},
       "echo x >> " + path("twice") + "; exit 4",
       4},
      {{},
       "test \"$MUSTER_SERVICE $MUSTER_INSTANCE\" = 'one one-1' && test $MUSTER_INCARNATION -gt 0"
       " && test -n \"$MUSTER_SERVER\" && test -n \"$MUSTER_NODE\"",
       0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.script);
    Words words{"agent", "run", "--service", "one", "--instance", "one-1", "--drain", "0s"};
    words.insert(words.end(), row.options.begin(), row.options.end());
    words.insert(words.end(), {"--", "sh", "-c", row.script});
    const Ended ended = muster(words);
    EXPECT_EQ(ended.code, row.code) << ended.err;
  }
  EXPECT_EQ(read_file(path("twice")), "x\nx\n");

  const auto process =
      start({"agent", "run", "--service", "signals", "--drain", "0s", "--", "sh", "-c",
             "trap 'echo hup' HUP; trap 'echo usr1' USR1; trap 'exit 5' TERM; "
             "echo ready; while :; do sleep 0.05; done"});
  ASSERT_TRUE(process->says("ready")) << process->err();
  process->signal(SIGHUP);
  EXPECT_TRUE(process->says("hup"));
  process->signal(SIGUSR1);
  EXPECT_TRUE(process->says("usr1"));
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(), 5);
  EXPECT_EQ(muster({"health", "signals"}).code, 1);
}

TEST_F(WithAgent, AsPid1ItReapsStrangers) {
  const Words own{"unshare", "--pid", "--fork", "--mount-proc", "--kill-child"};
  {
    Words probe = own;
    probe.emplace_back("true");
    Process allowed(scratch.path(), probe, {});
    if (allowed.wait() != 0)
      GTEST_SKIP() << "no process namespace can be made here: " << allowed.err();
  }
  // An orphan that ends must not stay as a zombie: then its number is gone from /proc.
  const std::string script =
      "sh -c 'sleep 0 & echo $! > " + path("orphan") + "'; i=0; while test -d /proc/$(cat " +
      path("orphan") + "); do i=$((i+1)); test $i -lt 600 || exit 1; sleep 0.1; done; exit 42";
  Words words = own;
  words.insert(words.end(), {MUSTER, "agent", "run", "--service", "init", "--restart", "never",
                             "--drain", "0s", "--", "sh", "-c", script});
  Process process(scratch.path(), words,
                  {"MUSTER_SERVER=" + broker.address(), "MUSTER_AGENT_DIR=" + folder()});
  EXPECT_EQ(process.wait(), 42) << process.err();
}

}  // namespace
}  // namespace muster::agent::test
