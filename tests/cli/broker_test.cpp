/// Every command as its users run it: the real program against the real broker.
#include "processes.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

namespace muster::cli::test {
namespace {

using Words = std::vector<std::string>;

struct Ended {
  int code = 0;
  std::string out;
  std::string err;
};

/// One broker for all tests here: each uses topics and groups of its own.
class WithBroker : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch = new Scratch;
    broker = new RealBroker(scratch->path());
  }
  static void TearDownTestSuite() {
    delete broker;
    delete scratch;
  }

  static std::unique_ptr<Process> start(Words words) {
    words.insert(words.begin(), MUSTER);
    return std::make_unique<Process>(scratch->path(), words,
                                     Words{"MUSTER_SERVER=" + broker->address()});
  }
  static Ended muster(const Words& words) {
    const auto process = start(words);
    const int code = process->wait();
    return {code, process->out(), process->err()};
  }
  static std::string out(const Words& words) {
    const Ended ended = muster(words);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.err, "");
    return ended.out;
  }
  static void create(const std::string& topic, int partitions) {
    out({"topics", "create", topic, "--partitions", std::to_string(partitions)});
  }
  /// A member that has got its first work.
  static std::unique_ptr<Process> joined(const std::string& group, const std::string& topic,
                                         Words more = {}) {
    Words words{"join", group, "--topic", topic, "--session-timeout", "10s"};
    words.insert(words.end(), more.begin(), more.end());
    auto process = start(words);
    EXPECT_TRUE(process->says("gets")) << process->err();
    return process;
  }
  static std::string member_of(const Process& worker) {
    const std::string line = worker.out();
    return line.substr(10, line.find(' ', 10) - 10);  // after "14:03:07  "
  }

  static Scratch* scratch;
  static RealBroker* broker;
};
Scratch* WithBroker::scratch = nullptr;
RealBroker* WithBroker::broker = nullptr;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(WithBroker, TopicsAreCreatedGrownListedAndDeleted) {
  EXPECT_EQ(out({"topics", "create", "t1.a", "--partitions", "3"}),
            "topic t1.a created with 3 partitions\n");
  EXPECT_EQ(out({"topics", "create", "t1.a", "--partitions", "3", "--if-not-exists"}),
            "topic t1.a exists already\n");
  EXPECT_EQ(out({"topics", "grow", "t1.a", "--partitions", "5"}),
            "topic t1.a grown to 5 partitions\n");
  EXPECT_TRUE(has(out({"topics", "list", "--prefix", "t1."}), "t1.a            5  "));
  EXPECT_TRUE(has(out({"topics", "describe", "t1.a", "--json"}), R"("partitions":5)"));
  EXPECT_EQ(out({"topics", "delete", "t1.a"}), "topic t1.a deleted\n");
  EXPECT_EQ(muster({"topics", "describe", "t1.a"}).code, 1);
}

TEST_F(WithBroker, WhatTheBrokerRefusesEndsWithOneAndItsSentence) {
  create("t2", 4);

  for (const Words& words :
       {Words{"topics", "create", "t2", "--partitions", "4"},
        Words{"topics", "create", "zero", "--partitions", "0"},
        Words{"topics", "create", "less", "--partitions", "-1"},
        Words{"topics", "create", "huge", "--partitions", "1000001"},
        Words{"topics", "create", "no blanks", "--partitions", "1"},
        Words{"topics", "create", std::string(250, 'x'), "--partitions", "1"},
        Words{"topics", "grow", "t2", "--partitions", "3"},
        Words{"topics", "grow", "nowhere", "--partitions", "3"},
        Words{"topics", "delete", "nowhere"}, Words{"groups", "describe", "nowhere"},
        Words{"groups", "members", "nowhere"}, Words{"groups", "why", "nowhere"},
        Words{"groups", "delete", "nowhere"},
        Words{"groups", "alter", "nowhere", "--assignor", "unheard-of"},
        Words{"members", "expel", "nowhere", "nobody"}, Words{"offsets", "set", "g2", "t2:4=0"},
        Words{"offsets", "set", "g2", "t2:0=0", "--metadata", std::string(4'097, 'm')},
        Words{"join", "g2", "--topic", "t2", "--session-timeout", "1ms"}}) {
    const Ended ended = muster(words);
    EXPECT_EQ(ended.code, 1) << words[0] << ' ' << words[1] << ": " << ended.err;
    EXPECT_TRUE(ended.err.starts_with("muster: ")) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(WithBroker, AMillionPartitionsAreNotTooMany) {
  create("t3", 1'000'000);
  const auto worker = joined("g3", "t3");

  EXPECT_TRUE(has(out({"groups", "describe", "g3"}), "t3:0-999999"));

  worker->signal(SIGTERM);
  EXPECT_EQ(worker->wait(), 0);
}

TEST_F(WithBroker, AGroupIsShownAndExplained) {
  create("t4", 8);
  const auto first = joined("g4", "t4", {"--client-id", "one", "--zone", "z"});
  const auto second = joined("g4", "t4");
  ASSERT_TRUE(first->says("gives up"));

  EXPECT_TRUE(
      has(out({"groups", "list", "--prefix", "g4"}), "g4     consumer  stable      2        2"));
  EXPECT_TRUE(has(out({"groups", "describe", "g4"}), "t4:"));
  EXPECT_TRUE(has(out({"groups", "describe", "g4", "--partitions"}), member_of(*second)));
  EXPECT_TRUE(has(out({"groups", "members", "g4"}), "  one  "));
  const std::string why = out({"groups", "why", "g4", "--epoch", "2"});
  EXPECT_TRUE(has(why, "member_joined: " + member_of(*second) + " joined")) << why;
  EXPECT_TRUE(has(why, "4 from " + member_of(*first) + " to " + member_of(*second))) << why;
  EXPECT_TRUE(has(why, "settled after")) << why;
  EXPECT_TRUE(has(out({"top", "--rounds", "1"}), "g4 "));
  EXPECT_EQ(muster({"groups", "why", "g4", "--epoch", "99"}).code, 1);
}

TEST_F(WithBroker, AnExpelledMemberIsTold) {
  create("t5", 2);
  const auto worker = joined("g5", "t5");

  EXPECT_TRUE(has(out({"members", "expel", "g5", member_of(*worker), "--why", "test of mine"}),
                  "expelled"));

  EXPECT_TRUE(worker->says("has lost t5:0-1")) << worker->out();
  EXPECT_TRUE(has(out({"events", "--group", "g5"}), "(test of mine)"));
}

TEST_F(WithBroker, GroupsAreAlteredAndDeletedOnceEmpty) {
  create("t6", 2);
  const auto worker = joined("g6", "t6");

  EXPECT_EQ(out({"groups", "alter", "g6", "--assignor", "range"}), "group g6 altered\n");
  EXPECT_TRUE(
      has(out({"groups", "why", "g6", "--last", "1"}), "an operator asked for assignor range"));
  EXPECT_EQ(muster({"groups", "delete", "g6"}).code, 1) << "it has a member";
  worker->signal(SIGINT);
  EXPECT_EQ(worker->wait(), 0);
  EXPECT_EQ(out({"groups", "delete", "g6"}), "group g6 deleted\n");
}

TEST_F(WithBroker, OffsetsAreSetListedAndDeleted) {
  create("t7", 4);

  EXPECT_EQ(out({"offsets", "set", "g7", "t7:0-1=42", "--metadata", "by hand"}),
            "2 offsets of group g7 set\n");
  EXPECT_TRUE(has(out({"groups", "offsets", "g7"}), "  42  "));
  EXPECT_TRUE(
      has(out({"groups", "offsets", "g7", "t7", "--json"}), R"("partition":3,"offset":null)"));
  EXPECT_EQ(out({"offsets", "delete", "g7", "t7"}), "4 offsets of group g7 deleted\n");
  EXPECT_EQ(out({"groups", "offsets", "g7", "--json"}), R"({"group":"g7","offsets":[]})"
                                                        "\n");

  const auto worker = joined("g7", "t7");
  const Ended refused = muster({"offsets", "set", "g7", "t7=0"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(has(refused.err, "group_not_empty")) << refused.err;
}

TEST_F(WithBroker, EventsOfAGroupAreReadAndFollowed) {
  create("t8", 2);
  const auto follower = start({"events", "--follow", "--group", "g8", "--json", "--limit", "4"});
  const auto worker = joined("g8", "t8");

  EXPECT_EQ(follower->wait(), 0);
  EXPECT_TRUE(has(follower->out(), R"("kind":"rebalance_completed")")) << follower->out();
  EXPECT_EQ(out({"events", "--group", "g8", "--json", "--limit", "4"}), follower->out());
  const std::string last = out({"events", "--group", "g8", "--last", "1"});
  EXPECT_TRUE(has(last, "rebalance_completed")) << last;
}

TEST_F(WithBroker, MetricsAreText) {
  EXPECT_TRUE(
      has(out({"metrics", "--prefix", "muster_sessions"}), "# TYPE muster_sessions gauge\n"));
  EXPECT_TRUE(has(out({"metrics", "--json"}), R"({"metrics":[{"name":"muster_)"));
}

TEST_F(WithBroker, JoinRunsACommandForEachChange) {
  create("t9", 4);
  const auto log = (scratch->path() / "changes").string();

  const Ended ended = muster({"join", "g9", "--topic", "t9", "--changes", "1", "--", "sh", "-c",
                              "echo \"$MUSTER_GROUP owns '$MUSTER_OWNED' got '$MUSTER_ASSIGNED' "
                              "gives '$MUSTER_REVOKED'\" >> " +
                                  log + "; cat >> " + log});

  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::string text = read_file(log);
  EXPECT_TRUE(has(text, "g9 owns 't9:0-3' got 't9:0-3' gives ''\n")) << text;
  EXPECT_TRUE(has(text, "g9 owns '' got '' gives 't9:0-3'\n")) << text;
  EXPECT_TRUE(has(text, R"("owned":[{"topic":"t9","partitions":[0,1,2,3],"tokens":[")")) << text;
}

TEST_F(WithBroker, ACommandThatFailsEndsTheMembershipWithFive) {
  create("t10", 1);

  const Ended ended = muster({"join", "g10", "--topic", "t10", "--", "sh", "-c", "exit 3"});

  EXPECT_EQ(ended.code, 5);
  EXPECT_EQ(ended.err, "muster: command sh exited with 3\n");
  EXPECT_TRUE(has(out({"groups", "list", "--prefix", "g10"}), "empty"));
}

TEST_F(WithBroker, NamesWithOddCharactersAreShownSafely) {
  const std::string odd = "größe \xE2\x80\xAE\\";
  create("t11", 1);
  const auto worker = joined(odd, "t11");

  const std::string list = out({"groups", "list"});

  EXPECT_TRUE(has(list, "größe \\u{202e}\\\\")) << list;
  EXPECT_TRUE(has(out({"groups", "describe", odd}), "t11:0"));
  EXPECT_EQ(muster({"groups", "describe", "a\nb"}).code, 1);
}

/// Last, for it restarts the broker of them all.
TEST_F(WithBroker, ZAFollowerAndAWorkerOutliveTheBroker) {
  if (!MUSTER_WITH_ROCKSDB) GTEST_SKIP() << "built without RocksDB, nothing outlives a broker";
  create("t12", 2);
  const auto follower = start({"events", "--follow", "--last", "0", "--group", "g12"});
  const auto worker = joined("g12", "t12");
  ASSERT_TRUE(follower->says("rebalance_completed"));

  broker->kill_and_restart();
  const auto second = joined("g12", "t12");

  EXPECT_TRUE(follower->says("rebalance_completed", 2)) << follower->out() << follower->err();
  EXPECT_TRUE(has(follower->err(), "trying again"));
  EXPECT_TRUE(worker->says("gives up")) << worker->out();
}

TEST(WithoutBroker, EveryKindOfEndHasItsExitCode) {
  const Scratch scratch;
  const auto code = [&](Words words) {
    words.insert(words.begin(), MUSTER);
    return Process(scratch.path(), words, {"MUSTER_SERVER=127.0.0.1:1"}).wait();
  };

  EXPECT_EQ(code({"--version"}), 0);
  EXPECT_EQ(code({"topics", "--help"}), 0);
  EXPECT_EQ(code({"nonsense"}), 64);
  EXPECT_EQ(code({"groups", "list"}), 2);
  EXPECT_EQ(code({"join", "g", "--topic", "t", "--timeout", "100ms"}), 2);
}

}  // namespace
}  // namespace muster::cli::test
