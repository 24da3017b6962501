/// All programs of an agent together, and what a reload means for them.
#include <agent/reload.hpp>
#include <agent/status_json.hpp>
#include <agent/supervisor.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

using Finding = Outcome::Finding;

ServiceSpec service(const std::string& name, const std::string& instance) {
  ServiceSpec out;
  out.service = ServiceName(name);
  out.instance = InstanceId(instance);
  out.command = {"server"};
  out.restart.backoff = out.restart.backoff_max = Millis{0};
  out.drain = Millis{0};
  return out;
}

AgentSpec agent(std::vector<ServiceSpec> services) {
  AgentSpec out;
  out.node = NodeName("host-1");
  out.services = std::move(services);
  return out;
}

struct World {
  explicit World(AgentSpec spec) : supervisor(std::move(spec), {}) {}

  [[nodiscard]] Instant now() const { return {{ms}, {1'000'000 + ms}}; }
  /// "web-1:start api-1:terminate", sorted by what was asked for first; starts are carried out.
  std::string tasks() {
    std::string out;
    while (!supervisor.tasks().empty()) {
      std::vector<Task> tasks;
      tasks.swap(supervisor.tasks());
      for (const Task& task : tasks) {
        constexpr const char* names[] = {"start", "terminate", "kill", "check"};
        out += (out.empty() ? "" : " ") + task.instance.value + ":" +
               names[static_cast<int>(task.act.kind)];
        if (task.act.kind == Act::Kind::start)
          supervisor.spawned(now(), task.instance, task.act.incarnation, ++pid);
        if (task.act.kind == Act::Kind::check) checks.push_back(task);
      }
    }
    return out;
  }
  /// Its processes end, as they were told or not.
  void ends(const std::string& instance) {
    const Incarnation incarnation = supervisor.units().at(instance).incarnation();
    supervisor.exited(now(), InstanceId(instance), incarnation, {false, 0});
    supervisor.gone(now(), InstanceId(instance), incarnation);
  }

  std::int64_t ms = 0;
  int pid = 100;
  Supervisor supervisor;
  std::vector<Task> checks;
};

TEST(Supervisor, StartsAllAndRestartsTheOneThatEnds) {
  World w(agent({service("api", "api-1"), service("web", "web-1")}));
  w.supervisor.begin(w.now());
  EXPECT_EQ(w.tasks(), "api-1:start web-1:start");
  w.ends("web-1");
  EXPECT_EQ(w.tasks(), "web-1:terminate web-1:start");
}

TEST(Supervisor, WhatBelongsToAnEarlierIncarnationIsPassedOver) {
  World w(agent({service("web", "web-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  const Incarnation now = w.supervisor.units().at("web-1").incarnation();
  w.supervisor.exited(w.now(), InstanceId("web-1"), now - 1, {true, 9});
  w.supervisor.gone(w.now(), InstanceId("web-1"), now - 1);
  EXPECT_EQ(w.tasks(), "");
  EXPECT_EQ(w.supervisor.units().at("web-1").phase(), Phase::running);
}

TEST(Supervisor, RestartNamesAServiceOrAnInstanceThatIsThere) {
  World w(agent({service("api", "api-1"), service("web", "web-1"), service("web", "web-2")}));
  w.supervisor.begin(w.now());
  w.tasks();
  EXPECT_FALSE(w.supervisor.order_restart(w.now(), "db", OrderedBy::operator_, "").accepted);
  EXPECT_FALSE(w.supervisor.order_restart(w.now(), "", OrderedBy::operator_, "").accepted);
  EXPECT_TRUE(w.supervisor.order_restart(w.now(), "api-1", OrderedBy::operator_, "").accepted);
  EXPECT_EQ(w.tasks(), "api-1:terminate");
  EXPECT_TRUE(w.supervisor.order_restart(w.now(), "web", OrderedBy::operator_, "").accepted);
  EXPECT_EQ(w.tasks(), "web-1:terminate web-2:terminate");
}

TEST(Supervisor, BoundsTheChecksThatAreUnderWay) {
  std::vector<ServiceSpec> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(service("web", "web-" + std::to_string(i)));
    CheckSpec check;
    check.host = "127.0.0.1";
    check.port = 1;
    many.back().checks = {check, check};
  }
  AgentSpec spec = agent(many);
  spec.most_checks = 3;
  World w(spec);
  w.supervisor.begin(w.now());
  w.tasks();
  w.supervisor.tick(w.now());
  w.tasks();
  std::size_t tried = 0;
  while (!w.checks.empty()) {
    EXPECT_LE(w.checks.size(), 3U);
    const Task task = w.checks.front();
    w.checks.erase(w.checks.begin());
    ++tried;
    w.supervisor.checked(w.now(), task, {Finding::passed, {}});
    w.tasks();
  }
  EXPECT_EQ(tried, 20U) << "each of them once";
}

TEST(Supervisor, ReloadTouchesOnlyWhatChanged) {
  World w(agent({service("api", "api-1"), service("db", "db-1"), service("web", "web-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  ServiceSpec changed = service("web", "web-1");
  changed.command = {"other"};
  const Acknowledgement done = w.supervisor.reload(
      w.now(), agent({service("api", "api-1"), changed, service("new", "new-1")}));
  EXPECT_TRUE(done.accepted);
  EXPECT_EQ(done.words, "1 added, 1 changed, 1 removed");
  EXPECT_EQ(w.tasks(), "db-1:terminate new-1:start web-1:terminate");
  w.ends("db-1");
  EXPECT_FALSE(w.supervisor.units().contains("db-1"));
  w.ends("web-1");
  EXPECT_EQ(w.tasks(), "web-1:start");
  EXPECT_EQ(w.supervisor.reload(w.now(), w.supervisor.spec()).words,
            "0 added, 0 changed, 0 removed");
  EXPECT_EQ(w.tasks(), "");
}

TEST(Supervisor, AnInstanceThatMovesToAnotherServiceIsAnother) {
  World w(agent({service("web", "x-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  EXPECT_TRUE(w.supervisor.reload(w.now(), agent({service("api", "x-1")})).accepted);
  EXPECT_EQ(w.tasks(), "x-1:terminate") << "the old one ends first";
  const Incarnation old = w.supervisor.units().at("x-1").incarnation();
  w.ends("x-1");
  EXPECT_EQ(w.tasks(), "x-1:start");
  EXPECT_EQ(w.supervisor.units().at("x-1").spec().service.value, "api");
  EXPECT_GT(w.supervisor.units().at("x-1").incarnation(), old);
}

TEST(Supervisor, ReloadRefusesWhatOnlyANewStartCanChange) {
  World w(agent({service("web", "web-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  AgentSpec other = agent({});
  other.node = NodeName("host-2");
  EXPECT_FALSE(w.supervisor.reload(w.now(), other).accepted);
  EXPECT_EQ(w.tasks(), "") << "and nothing of it is done";
}

TEST(Supervisor, ShutsDownOnceAllIsGone) {
  World w(agent({service("api", "api-1"), service("web", "web-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  w.supervisor.shut_down(w.now());
  EXPECT_EQ(w.tasks(), "api-1:terminate web-1:terminate");
  w.ends("api-1");
  EXPECT_FALSE(w.supervisor.finished());
  w.ends("web-1");
  EXPECT_TRUE(w.supervisor.finished()) << "there is no broker to say goodbye to";
  EXPECT_EQ(w.tasks(), "");
}

TEST(Supervisor, AOneLinerEndsWithItsProgram) {
  for (const bool crash_loop : {false, true}) {
    ServiceSpec one = service("web", "web-1");
    one.restart.policy = crash_loop ? RestartPolicy::always : RestartPolicy::on_failure;
    one.restart.budget = 0;
    AgentSpec spec = agent({one});
    spec.one_liner = true;
    spec.beats_for_node = false;
    World w(spec);
    w.supervisor.begin(w.now());
    w.tasks();
    EXPECT_FALSE(w.supervisor.finished());
    w.ends("web-1");
    EXPECT_TRUE(w.supervisor.finished()) << crash_loop;
  }
}

TEST(Supervisor, ReplaysTheSameFromTheSameSeed) {
  const auto played = [] {
    ServiceSpec one = service("web", "web-1");
    one.restart.backoff = one.restart.backoff_max = Millis{5'000};
    World w(agent({one}));
    w.supervisor.begin(w.now());
    w.tasks();
    w.ends("web-1");
    return w.supervisor.due().ms;
  };
  EXPECT_EQ(played(), played());
}

TEST(Reload, KnowsWhatIsTheSame) {
  const std::vector<ServiceSpec> before{service("a", "a-1"), service("b", "b-1")};
  EXPECT_TRUE(changes_between(before, before).empty());
  const Changes order = changes_between(before, {before[1], before[0]});
  EXPECT_TRUE(order.empty()) << "their order means nothing";
  const Changes all = changes_between(before, {});
  EXPECT_EQ(all.removed.size(), 2U);
}

TEST(Status, TellsWhatThereIs) {
  World w(agent({service("web", "web-1")}));
  w.supervisor.begin(w.now());
  w.tasks();
  const std::string json = status_json(w.supervisor, {"no broker", "yes", "/run/x", 1});
  for (const char* const part :
       {"\"node\":\"host-1\"", "\"connected\":false", "\"trouble\":\"no broker\"",
        "\"service\":\"web\"", "\"phase\":\"running\"", "\"status\":\"healthy\"", "\"pid\":101"})
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
}

}  // namespace
}  // namespace muster::agent
