#include <broker/config.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include <unistd.h>

namespace muster::broker {
namespace {

std::map<std::string, std::string>& environment() {
  static std::map<std::string, std::string> values;
  return values;
}
const char* lookup(const char* name) {
  const auto it = environment().find(name);
  return it == environment().end() ? nullptr : it->second.c_str();
}

struct Given {
  std::map<std::string, std::string> variables;
  std::string file;
  std::vector<NamedValue> flags;
};

Config config_of(const Given& given) {
  environment() = given.variables;
  std::string path;
  if (!given.file.empty()) {
    path = testing::TempDir() + "/muster-config-" + std::to_string(::getpid()) + ".toml";
    std::ofstream(path) << given.file;
  }
  const Config config = make_config(path, &lookup, given.flags);
  if (!path.empty()) std::remove(path.c_str());
  return config;
}

std::string error_of(const Given& given) {
  try {
    (void)config_of(given);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Config, DefaultsAreWhatTheTableSays) {
  const Config config = config_of({});

  EXPECT_EQ(config.listen_host, "127.0.0.1");
  EXPECT_EQ(config.listen_port, 7400);
  EXPECT_EQ(config.min_free, 256ULL << 20);
  EXPECT_EQ(config.limits.min_session_timeout, Millis{1'000});
  EXPECT_EQ(config.limits.max_session_timeout, Millis{1'800'000});
}

TEST(Config, DefaultsOfTheTableAreThoseOfTheCore) {
  const core::Limits core;
  const Config config = config_of({});

  EXPECT_EQ(config.limits.min_session_timeout, core.min_session_timeout);
  EXPECT_EQ(config.limits.max_session_timeout, core.max_session_timeout);
  EXPECT_EQ(config.limits.max_rebalance_timeout, core.max_rebalance_timeout);
  EXPECT_EQ(config.limits.max_groups, core.max_groups);
  EXPECT_EQ(config.limits.max_members, core.max_members);
  EXPECT_EQ(config.limits.max_group_size, core.max_group_size);
  EXPECT_EQ(config.limits.max_topics, core.max_topics);
  EXPECT_EQ(config.limits.max_partitions, core.max_partitions);
  EXPECT_EQ(config.limits.max_subscribed_partitions, core.max_subscribed_partitions);
  EXPECT_EQ(config.limits.max_history, core.max_history);
}

TEST(Config, FlagsWinOverEnvironmentOverFileOverDefault) {
  const Config config = config_of({.variables = {{"MUSTER_SHARDS", "20"}, {"MUSTER_THREADS", "3"}},
                                   .file = "shards = 10\nthreads = 2\nmax_queue = 5\n",
                                   .flags = {{"shards", "30"}}});

  EXPECT_EQ(config.shards, 30U);
  EXPECT_EQ(config.threads, 3U);
  EXPECT_EQ(config.max_queue, 5U);
}

TEST(Config, UnitsAreUnderstood) {
  const Config config =
      config_of({.variables = {},
                 .file = "min_free = \"2GiB\"\nhandshake_timeout = \"2s\"\n",
                 .flags = {{"max-unsynced", "1048577"}, {"read-timeout", "90000"}}});

  EXPECT_EQ(config.min_free, 2ULL << 30);
  EXPECT_EQ(config.handshake_timeout_ms, 2'000U);
  EXPECT_EQ(config.max_unsynced, 1'048'577U);
  EXPECT_EQ(config.read_timeout_ms, 90'000U);
}

TEST(Config, ValueOutOfRangeIsNamedWithItsBound) {
  EXPECT_EQ(error_of({.variables = {}, .file = {}, .flags = {{"shards", "5000"}}}),
            "shards (--shards): 5000 is outside 0 - 4096");
  EXPECT_EQ(error_of({.variables = {{"MUSTER_FRAME_TIMEOUT", "2h"}}, .file = {}, .flags = {}}),
            "frame-timeout (MUSTER_FRAME_TIMEOUT): 2h is outside 10ms - 1h");
}

TEST(Config, NonsenseIsNamed) {
  for (const char* value : {"", "-1", "abc", "1x", "99999999999999999999", "1 ", "0x10"}) {
    EXPECT_NE(error_of({.variables = {{"MUSTER_SHARDS", value}}, .file = {}, .flags = {}})
                  .find("'" + std::string{value} + "' is not a whole number"),
              std::string::npos)
        << value;
  }
  EXPECT_NE(error_of({.variables = {}, .file = {}, .flags = {{"min-free", "99999999999TiB"}}})
                .find("is not a number of bytes"),
            std::string::npos);
}

TEST(Config, ListenTakesAddressAndPort) {
  EXPECT_EQ(
      config_of({.variables = {}, .file = {}, .flags = {{"listen", "localhost:0"}}}).listen_host,
      "127.0.0.1");
  EXPECT_EQ(config_of({.variables = {}, .file = {}, .flags = {{"listen", "[::1]:80"}}}).listen_host,
            "::1");
  for (const char* value : {"7400", "host", ":1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:x"}) {
    EXPECT_NE(
        error_of({.variables = {}, .file = {}, .flags = {{"listen", value}}}).find("HOST:PORT"),
        std::string::npos)
        << value;
  }
}

TEST(Config, OtherThanLoopbackMustBeAskedForTwice) {
  const std::string error =
      error_of({.variables = {}, .file = {}, .flags = {{"listen", "0.0.0.0:1"}}});
  EXPECT_NE(error.find("--insecure-listen"), std::string::npos) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos);

  const Config config =
      config_of({.variables = {},
                 .file = {},
                 .flags = {{"listen", "0.0.0.0:1"}, {"insecure-listen", "true"}}});
  EXPECT_EQ(config.listen_host, "0.0.0.0");
}

TEST(Config, ListsGatherFromFileEnvironmentAndFlagsInThisOrder) {
  using List = std::vector<std::string>;

  EXPECT_EQ(config_of({}).kafka_properties, List{});
  EXPECT_EQ(config_of({.variables = {{"MUSTER_KAFKA_PROPERTY", "c=3\nd=4"}},
                       .file = "kafka_property = [\"a=1\", \"b=2\"]\n",
                       .flags = {{"kafka-property", "e=5\n"}, {"kafka-property", "a=6"}}})
                .kafka_properties,
            (List{"a=1", "b=2", "c=3", "d=4", "e=5", "a=6"}));
  EXPECT_EQ(config_of({.variables = {}, .file = "kafka_property = \"a=1,2\"\n", .flags = {}})
                .kafka_properties,
            List{"a=1,2"});
  EXPECT_NE(error_of({.variables = {}, .file = "kafka_property = [1]\n", .flags = {}})
                .find("has a part that is no text"),
            std::string::npos);
  EXPECT_NE(error_of({.variables = {}, .file = {}, .flags = {{"events-start", "then"}}})
                .find("'then' is none of kept, now"),
            std::string::npos);
}

TEST(Config, UnknownKeyInTheFileIsRefusedWithItsLine) {
  const std::string error =
      error_of({.variables = {}, .file = "shards = 3\nshard = 4\n", .flags = {}});

  EXPECT_NE(error.find(":2: there is no setting 'shard'"), std::string::npos) << error;
}

TEST(Config, BrokenFileIsNamedWithItsLine) {
  const std::string error =
      error_of({.variables = {}, .file = "shards = 3\nthreads = = 4\n", .flags = {}});

  EXPECT_NE(error.find(".toml:2: "), std::string::npos) << error;
  EXPECT_NE(
      error_of({.variables = {}, .file = "shards = [1]\n", .flags = {}}).find("shards is no text"),
      std::string::npos);
}

TEST(Config, ContradictionIsNamed) {
  const std::string error =
      error_of({.variables = {},
                .file = {},
                .flags = {{"min-session-timeout", "10s"}, {"max-session-timeout", "5s"}}});

  EXPECT_NE(error.find("10000 ms is above max-session-timeout 5000 ms"), std::string::npos)
      << error;
}

TEST(Config, NamesOfTheTableAreUnique) {
  std::set<std::string> names;
  for (const Setting& setting : settings()) {
    EXPECT_TRUE(names.insert(environment_name(setting)).second) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_EQ(setting.help.back(), '.') << setting.name;
  }
}

TEST(Config, ReferenceInTheDocsIsTheTable) {
  std::ifstream file(CONFIGURATION_MD);
  std::ostringstream text;
  text << file.rdbuf();

  EXPECT_EQ(text.str(), configuration_reference()) << "print it again: musterd config-reference";
}

}  // namespace
}  // namespace muster::broker
