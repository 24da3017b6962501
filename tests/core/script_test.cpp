// Golden scripts: a command, then the exact effects. A change of behaviour shows as a difference
// that a reviewer can read. MUSTER_REWRITE=1 writes what is seen; commit it only if you can explain
// it.
#include "scenario.hpp"

#include <muster/core/trace.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace muster::test {
namespace {

/// Plays the lines of a script that start with "> ".
class Script {
 public:
  std::string play(const std::string& line) {
    seen_.clear();
    s_.on_step = [this](const core::Effects& effects) {
      seen_ += core::trace(effects, [this](const TopicId& id) { return name_of(id); });
    };
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    run(verb, words);
    s_.on_step = nullptr;
    return seen_.empty() ? "  nothing\n" : seen_;
  }

 private:
  void run(const std::string& verb, std::istringstream& words) {
    std::string a;
    std::string b;
    std::int64_t n = 0;
    if (verb == "create-topic" || verb == "grow-topic") {
      words >> a >> n;
      const auto count = static_cast<std::int32_t>(n);
      if (verb == "create-topic") {
        s_.request(CreateTopic{TopicName{a}, count});
      } else {
        s_.request(GrowTopic{TopicName{a}, count});
      }
    } else if (verb == "delete-topic") {
      words >> a;
      s_.request(DeleteTopic{TopicName{a}});
    } else if (verb == "join") {
      words >> a >> b;
      FakeMember& m = s_.join(a, b);
      m.releasing = m.beating = false;
    } else if (verb == "beat") {
      words >> a;
      s_.beat(s_.member(a));
    } else if (verb == "release") {
      words >> a;
      s_.release(s_.member(a));
    } else if (verb == "leave") {
      words >> a;
      s_.leave(s_.member(a));
    } else if (verb == "resume" || verb == "resume-fenced") {
      words >> a;
      s_.resume(s_.member(a), verb == "resume-fenced");
    } else if (verb == "commit") {
      PartitionIndex p = 0;
      words >> a >> b >> p >> n;
      s_.commit(s_.member(a), b, p, n);
    } else if (verb == "expel") {
      words >> a >> b;
      s_.request(ExpelMember{GroupId{a}, MemberId{b}, "by hand"});
    } else if (verb == "delete-group") {
      words >> a;
      s_.request(DeleteGroup{GroupId{a}});
    } else if (verb == "advance") {
      words >> n;
      s_.advance(Millis{n});
    } else if (verb == "stall") {
      words >> n;
      s_.stall(Millis{n});
    } else if (verb == "restart") {
      s_.restart();
    } else if (verb == "disk-stalls") {
      s_.disk_stalls();
    } else if (verb == "disk-returns") {
      s_.disk_returns();
    } else {
      run_registry(verb, words);
    }
  }

  void run_registry(const std::string& verb, std::istringstream& words) {
    std::string a;
    std::string b;
    words >> a;
    if (verb == "serve" || verb == "serve-as" || verb == "serve-on") {
      RegisterAs as{.beating = false};
      words >> b;
      if (verb == "serve-as") words >> as.incarnation;
      if (verb == "serve-on") {
        words >> as.node;
        as.session_timeout = Millis{0};
      }
      s_.serve(a, b, as);
    } else if (verb == "serve-node") {
      s_.serve_node(a);
    } else if (verb == "beat-instance") {
      s_.beat(s_.instance(a));
    } else if (verb == "silent") {
      s_.instance(a).beating = false;
    } else if (verb == "report") {
      words >> b;
      s_.report(s_.instance(a), b == "critical" ? Status::critical : Status::healthy, "by hand");
    } else if (verb == "maintenance") {
      words >> b;
      const FakeInstance& i = s_.instance(a);
      s_.request(SetMaintenance{ServiceName{i.service}, InstanceId{i.id}, b == "on", "by hand"});
    } else if (verb == "deregister") {
      s_.deregister(s_.instance(a));
    } else {
      ADD_FAILURE() << "no such command: " << verb;
    }
  }

  std::string name_of(const TopicId& id) {
    s_.shard().view()->topics.for_each(
        [&](const std::string& name, const auto& topic) { names_[topic->id] = name; });
    const auto it = names_.find(id);
    return it == names_.end() ? "?" : it->second;
  }

  Scenario s_;
  std::string seen_;
  std::map<TopicId, std::string> names_;  // of deleted topics too
};

std::string replay(const std::string& text) {
  Script script;
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') out += line + "\n";
    if (line.rfind("> ", 0) == 0) out += line + "\n" + script.play(line.substr(2));
  }
  return out;
}

class Scripts : public testing::TestWithParam<std::string> {};

TEST_P(Scripts, GiveTheirExactEffects) {
  const std::filesystem::path path = std::filesystem::path{SCRIPTS_DIR} / (GetParam() + ".txt");
  std::stringstream expected;
  expected << std::ifstream(path).rdbuf();
  ASSERT_FALSE(expected.str().empty()) << path;

  const std::string seen = replay(expected.str());

  if (std::getenv("MUSTER_REWRITE") != nullptr) {
    std::ofstream(path) << seen;
    return;
  }
  EXPECT_EQ(seen, expected.str());
}

INSTANTIATE_TEST_SUITE_P(All, Scripts,
                         testing::Values("join_and_rebalance", "silence", "commit", "restart",
                                         "topics", "stall", "registry", "slow_disk"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace muster::test
