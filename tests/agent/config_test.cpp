#include <agent/config.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

AgentSpec parsed(const std::string& text) {
  return parse_config(text, "agent.toml", "host-1");
}

/// What is said about it; empty: it was taken.
std::string refused(const std::string& text) {
  try {
    static_cast<void>(parsed(text));
    return {};
  } catch (const ConfigError& error) {
    return error.what();
  }
}

const std::string web = "[[service]]\nname = \"web\"\ncommand = [\"server\"]\n";

TEST(AgentConfig, NeedsLittle) {
  const AgentSpec spec = parsed(web);
  EXPECT_EQ(spec.node.value, "host-1");
  EXPECT_TRUE(spec.beats_for_node);
  ASSERT_EQ(spec.services.size(), 1U);
  const ServiceSpec& one = spec.services.front();
  EXPECT_EQ(one.instance.value, "web-host-1");
  EXPECT_EQ(one.info.address, "127.0.0.1");
  EXPECT_EQ(one.info.node.value, "host-1");
  EXPECT_EQ(one.session_timeout, Millis{15'000});
  EXPECT_EQ(one.restart, RestartSpec{});
  EXPECT_TRUE(one.checks.empty());
}

TEST(AgentConfig, TakesEverySetting) {
  const AgentSpec spec = parsed(R"(
node = "n"
address = "10.0.0.9"
zone = "north"
session_timeout = "3s"
most_checks = 4
drain = "1s"
[[service]]
name = "web"
instance = "web-9"
command = ["server", "--port", "80"]
environment = { B = "2", A = "1" }
directory = "/srv"
user = "www-data"
port = 80
tags = ["v2", "blue", "v2"]
meta = { env = "prod" }
weight = 3
zone = "south"
session_timeout = 4500
restart = "on-failure"
restart_backoff = "1s"
restart_backoff_max = "1m"
restart_budget = 9
restart_window = "1h"
start_timeout = "2m"
stop_grace = "3s"
drain = "0ms"
[[service.check]]
http = "/health"
interval = "2s"
timeout = "1s"
slow = "200ms"
overloaded_after = 2
critical_after = 3
dead_after = 4
rising = 5
[[service.check]]
tcp = ""
[[service.check]]
command = ["true"]
)");
  const ServiceSpec& one = spec.services.front();
  EXPECT_EQ(spec.most_checks, 4U);
  EXPECT_EQ(one.instance.value, "web-9");
  EXPECT_EQ(one.info.address, "10.0.0.9");
  EXPECT_EQ(one.info.zone, "south");
  EXPECT_EQ(one.info.weight, 3U);
  EXPECT_EQ(one.info.tags, (std::vector<std::string>{"blue", "v2"}));
  EXPECT_EQ(one.session_timeout, Millis{4'500});
  EXPECT_EQ(one.restart.policy, RestartPolicy::on_failure);
  EXPECT_EQ(one.restart.window, Millis{3'600'000});
  EXPECT_EQ(one.drain, Millis{0});
  ASSERT_EQ(one.checks.size(), 3U);
  EXPECT_EQ(in_words(one.checks[0]), "GET http://10.0.0.9:80/health");
  EXPECT_EQ(one.checks[0].rising, 5U);
  EXPECT_EQ(in_words(one.checks[1]), "connect to 10.0.0.9:80");
  EXPECT_EQ(one.checks[2].kind, CheckSpec::Kind::command);
}

TEST(AgentConfig, RefusesWithLineValueAndBound) {
  struct Row {
    std::string text;
    std::string said;
  };
  const Row rows[] = {
      {"node = 7\n", "agent.toml:1: node = 7: expected a text of at most 249 bytes"},
      {"nodes = \"x\"\n", "agent.toml:1: there is no setting nodes here"},
      {"session_timeout = \"500ms\"\n",
       "agent.toml:1: session_timeout = \"500ms\": expected a duration from 1000 ms to 1800000 ms"},
      {"\n\nmost_checks = 0\n",
       "agent.toml:3: most_checks = 0: expected a whole number from 1 to 1000"},
      {"[[service]]\ncommand = [\"x\"]\n", "agent.toml:1: name is missing: expected 1 to 63 of"},
      {"[[service]]\nname = \"Web\"\ncommand = [\"x\"]\n",
       "agent.toml:2: name = \"Web\": expected 1 to 63 of a-z, 0-9 and -"},
      {"[[service]]\nname = \"web\"\n", "agent.toml:1: command is missing"},
      {"[[service]]\nname = \"web\"\ncommand = []\n", "agent.toml:3: command = an array"},
      {"[[service]]\nname = \"web\"\ncommand = [\"a\", 1]\n",
       "agent.toml:3: command has the part 1"},
      {web + "port = 70000\n",
       "agent.toml:4: port = 70000: expected a whole number from 0 to 65535"},
      {web + "port = -1\n", "agent.toml:4: port = -1"},
      {web + "restart = \"often\"\n",
       "agent.toml:4: restart = \"often\": expected always, on-failure or never"},
      {web + "environment = { MUSTER_SERVICE = \"x\" }\n", "begins with MUSTER_"},
      {web + "restart_backoff = \"10s\"\nrestart_backoff_max = \"5s\"\n",
       "agent.toml:5: restart_backoff_max = \"5s\": expected a duration from 10000 ms"},
      {web + web, "agent.toml:5: name = \"web\": the instance \"web-host-1\" stands above already"},
      {web + "[[service.check]]\n", "a check has exactly one of them"},
      {web + "[[service.check]]\ntcp = \"\"\n", "agent.toml:5: tcp = \"\""},
      {web + "[[service.check]]\ntcp = \":80\"\nhttp = \"/\"\n", "a check has exactly one of them"},
      {web + "[[service.check]]\nhttp = \"/a b\"\n", "agent.toml:5: http = \"/a b\""},
      {web + "[[service.check]]\ntcp = \":80\"\ntimeout = \"6s\"\n",
       "agent.toml:6: timeout = \"6s\": expected a duration from 10 ms to 5000 ms"},
      {web + "[[service.check]]\ntcp = \":80\"\ncritical_after = 5\ndead_after = 4\n",
       "agent.toml:7: dead_after = 4: expected at least critical_after, 5"},
      {web + "checks = 1\n", "agent.toml:4: there is no setting checks here"},
      {"node = \n", "agent.toml:1: "},
  };
  for (const Row& row : rows) {
    const std::string said = refused(row.text);
    EXPECT_NE(said.find(row.said), std::string::npos) << row.text << "\nsaid: " << said;
  }
}

TEST(AgentConfig, FindsWhatAChecksTargetMeans) {
  InstanceInfo own;
  own.address = "10.0.0.9";
  own.port = 8080;
  const auto tcp = [&](const std::string& text) {
    CheckSpec out;
    return parse_tcp_target(text, own, out) ? in_words(out) : "no";
  };
  const auto http = [&](const std::string& text) {
    CheckSpec out;
    return parse_http_target(text, own, out) ? in_words(out) : "no";
  };
  EXPECT_EQ(tcp(""), "connect to 10.0.0.9:8080");
  EXPECT_EQ(tcp(":81"), "connect to 10.0.0.9:81");
  EXPECT_EQ(tcp("db:5432"), "connect to db:5432");
  EXPECT_EQ(tcp("[::1]:5432"), "connect to [::1]:5432");
  for (const char* const no : {"db", "db:", "db:0", "db:65536", "db:1x"}) EXPECT_EQ(tcp(no), "no");
  EXPECT_EQ(http("/health"), "GET http://10.0.0.9:8080/health");
  EXPECT_EQ(http("http://db/x"), "GET http://db:80/x");
  EXPECT_EQ(http("http://db:81"), "GET http://db:81/");
  EXPECT_EQ(http("http://[::1]:81/x"), "GET http://[::1]:81/x");
  for (const char* const no : {"", "health", "https://db/", "http:///x", "http://:80/", "/a\r\nb"})
    EXPECT_EQ(http(no), "no") << no;
}

}  // namespace
}  // namespace muster::agent
