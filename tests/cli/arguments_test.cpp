#include <gtest/gtest.h>
#include <arguments.hpp>

#include <cstdlib>

namespace muster::cli {
namespace {

using Words = std::vector<std::string>;

Ending ending(Words words) {
  const auto parsed = parse_arguments(std::move(words));
  if (const auto* out = std::get_if<Ending>(&parsed)) return *out;
  return {Exit::refused, "it was accepted"};
}

template <class C>
C command(Words words) {
  const auto parsed = parse_arguments(std::move(words));
  if (const auto* wrong = std::get_if<Ending>(&parsed)) {
    ADD_FAILURE() << wrong->text;
    return {};
  }
  const auto* out = std::get_if<C>(&std::get<Invocation>(parsed).command);
  if (out == nullptr) ADD_FAILURE() << "another command";
  return out == nullptr ? C{} : *out;
}

Invocation invocation(Words words) {
  auto parsed = parse_arguments(std::move(words));
  if (const auto* wrong = std::get_if<Ending>(&parsed)) {
    ADD_FAILURE() << wrong->text;
    return {};
  }
  return std::get<Invocation>(std::move(parsed));
}

TEST(Arguments, ACommandThatThereIsNotIsNamed) {
  for (const auto& [words, said] : {std::pair{Words{"service", "list"}, "no command service"},
                                    {Words{"services", "lst"}, "no command lst"},
                                    {Words{"services"}, "a command is missing"},
                                    {Words{}, "a command is missing"}}) {
    const Ending told = ending(words);
    EXPECT_EQ(told.code, Exit::usage);
    EXPECT_NE(told.text.find(said), std::string::npos) << told.text;
  }
}

TEST(Arguments, DefaultsSuitABrokerOnThisMachine) {
  const Invocation it = invocation({"groups", "list"});

  EXPECT_EQ(it.connection.servers, (std::vector<ServerAddress>{{"127.0.0.1", "7400"}}));
  EXPECT_EQ(it.connection.timeout, Millis{10'000});
  EXPECT_FALSE(it.json);
}

TEST(Arguments, GlobalOptionsStandBeforeOrAfterTheCommand) {
  for (const Words& words :
       {Words{"--json", "--server", "a:1,b", "--timeout", "500ms", "topics", "list"},
        Words{"topics", "list", "--json", "--server", "a:1,b", "--timeout", "500ms"}}) {
    const Invocation it = invocation(words);
    EXPECT_TRUE(it.json);
    EXPECT_EQ(it.connection.servers, (std::vector<ServerAddress>{{"a", "1"}, {"b", "7400"}}));
    EXPECT_EQ(it.connection.timeout, Millis{500});
  }
}

TEST(Arguments, TheEnvironmentNamesTheServerUnlessAnOptionDoes) {
  ::setenv("MUSTER_SERVER", "[::1]:7", 1);

  const auto from_environment = invocation({"groups", "list"}).connection.servers;
  const auto from_option = invocation({"--server", "h:8", "groups", "list"}).connection.servers;
  ::setenv("MUSTER_SERVER", "nonsense:", 1);
  const Ending wrong = ending({"groups", "list"});
  ::unsetenv("MUSTER_SERVER");

  EXPECT_EQ(from_environment, (std::vector<ServerAddress>{{"::1", "7"}}));
  EXPECT_EQ(from_option, (std::vector<ServerAddress>{{"h", "8"}}));
  EXPECT_EQ(wrong.code, Exit::usage);
}

TEST(Arguments, EveryCommandFillsItsStruct) {
  const auto create = command<TopicsCreate>(
      {"topics", "create", "orders", "--partitions", "64", "--if-not-exists"});
  EXPECT_EQ(create.topic, "orders");
  EXPECT_EQ(create.partitions, 64);
  EXPECT_TRUE(create.if_not_exists);
  EXPECT_EQ(command<TopicsList>({"topics", "list", "--prefix", "o"}).prefix, "o");
  EXPECT_EQ(command<TopicsDescribe>({"topics", "describe", "t"}).topic, "t");
  EXPECT_EQ(command<TopicsGrow>({"topics", "grow", "t", "--partitions", "9"}).partitions, 9);
  EXPECT_EQ(command<TopicsDelete>({"topics", "delete", "t"}).topic, "t");
  EXPECT_EQ(command<GroupsList>({"groups", "list"}).prefix, "");
  EXPECT_TRUE(command<GroupsDescribe>({"groups", "describe", "g", "--partitions"}).partitions);
  EXPECT_EQ(command<GroupsMembers>({"groups", "members", "g"}).group, "g");
  EXPECT_EQ(command<GroupsDelete>({"groups", "delete", "g"}).group, "g");
  const auto why = command<GroupsWhy>({"groups", "why", "g", "--epoch", "12", "--last", "3"});
  EXPECT_EQ(why.epoch, 12);
  EXPECT_EQ(why.last, 3U);
  const auto expel =
      command<MembersExpel>({"members", "expel", "g", "m", "--why", "host is broken"});
  EXPECT_EQ(expel.member, "m");
  EXPECT_EQ(expel.why, "host is broken");
  EXPECT_EQ(command<MetricsShow>({"metrics", "--prefix", "muster_"}).prefix, "muster_");
  const auto top = command<Top>({"top", "--interval", "5s", "--rounds", "2", "--groups", "3"});
  EXPECT_EQ(top.every, Millis{5'000});
  EXPECT_EQ(top.rounds, 2U);
  EXPECT_EQ(top.groups, 3U);
}

TEST(Arguments, GroupsAlterWantsSomethingToAlter) {
  const auto alter = command<GroupsAlter>(
      {"groups", "alter", "g", "--assignor", "", "--first-assignment-delay", "3s"});

  EXPECT_EQ(alter.assignor, "");
  EXPECT_EQ(alter.first_assignment_delay, Millis{3'000});
  EXPECT_FALSE(
      command<GroupsAlter>({"groups", "alter", "g", "--assignor", "range"}).first_assignment_delay);
  EXPECT_EQ(ending({"groups", "alter", "g"}).code, Exit::usage);
}

TEST(Arguments, OffsetsAreNamedByTopicAndRanges) {
  const auto set =
      command<OffsetsSet>({"offsets", "set", "g", "orders:0-2,9=7", "users=0", "--metadata", "m"});
  ASSERT_EQ(set.offsets.size(), 2U);
  EXPECT_EQ(set.offsets[0], (TopicRanges{"orders", std::vector<PartitionIndex>{0, 1, 2, 9}, 7}));
  EXPECT_EQ(set.offsets[1], (TopicRanges{"users", std::nullopt, 0}));
  EXPECT_EQ(set.metadata, "m");
  const auto remove = command<OffsetsDelete>({"offsets", "delete", "g", "orders:3"});
  EXPECT_EQ(remove.partitions,
            (std::vector<TopicRanges>{{"orders", std::vector<PartitionIndex>{3}, -1}}));
  EXPECT_TRUE(command<GroupsOffsets>({"groups", "offsets", "g"}).only.empty());
  EXPECT_EQ(command<GroupsOffsets>({"groups", "offsets", "g", "a", "b:1"}).only.size(), 2U);

  for (const char* bad :
       {"orders", "orders:=1", ":1=1", "orders:x=1", "orders:1=-1", "orders:1=", "orders:1=1x"})
    EXPECT_EQ(ending({"offsets", "set", "g", bad}).code, Exit::usage) << bad;
  EXPECT_EQ(ending({"offsets", "set", "g"}).code, Exit::usage);
  EXPECT_EQ(ending({"offsets", "delete", "g", "orders:"}).code, Exit::usage);
}

TEST(Arguments, EventsTakePositionsPerShard) {
  const auto events = command<Events>(
      {"events", "-f", "--group", "g", "--after", "3:7,0:120", "--limit", "5", "--last", "0"});

  EXPECT_TRUE(events.follow);
  EXPECT_EQ(events.group, "g");
  EXPECT_EQ(events.after, (std::vector<std::uint64_t>{120, 0, 0, 7}));
  EXPECT_EQ(events.limit, 5U);
  EXPECT_EQ(events.last, 0U);
  EXPECT_FALSE(command<Events>({"events"}).last);
  for (const char* bad : {"", "7", "0:", ":7", "0:7,", "a:1", "99999999:1", "0:-1"})
    EXPECT_EQ(ending({"events", "--after", bad}).code, Exit::usage) << bad;
}

TEST(Arguments, JoinKeepsTheCommandAsItIs) {
  const auto join = command<JoinGroup>({"join", "g", "--topic", "a", "--topic", "b",
                                        "--session-timeout", "3s", "--weight", "2", "--", "sh",
                                        "-c", "echo --json $MUSTER_OWNED", "--topic"});

  EXPECT_EQ(join.group, "g");
  EXPECT_EQ(join.topics, (Words{"a", "b"}));
  EXPECT_EQ(join.session_timeout, Millis{3'000});
  EXPECT_EQ(join.weight, 2U);
  EXPECT_EQ(join.command, (Words{"sh", "-c", "echo --json $MUSTER_OWNED", "--topic"}));
  EXPECT_TRUE(command<JoinGroup>({"join", "g", "--topic", "a"}).command.empty());
}

TEST(Arguments, ANameMayStartWithADash) {
  EXPECT_EQ(command<TopicsDescribe>({"topics", "describe", "--", "-odd"}).topic, "-odd");
}

TEST(Arguments, HelpAndVersionEndWithZero) {
  EXPECT_EQ(ending({"--version"}).code, Exit::ok);
  EXPECT_TRUE(ending({"--version"}).text.starts_with("muster 0.")) << ending({"--version"}).text;
  const Ending help = ending({"--help"});
  EXPECT_EQ(help.code, Exit::ok);
  for (const char* word : {"topics", "groups", "offsets", "members", "events", "metrics", "top",
                           "join", "MUSTER_SERVER", "Exit codes", "64"})
    EXPECT_NE(help.text.find(word), std::string::npos) << word;
}

TEST(Arguments, EveryCommandHasItsHelp) {
  const std::vector<Words> commands{{"topics", "create"},
                                    {"topics", "list"},
                                    {"topics", "describe"},
                                    {"topics", "grow"},
                                    {"topics", "delete"},
                                    {"groups", "list"},
                                    {"groups", "describe"},
                                    {"groups", "members"},
                                    {"groups", "offsets"},
                                    {"groups", "why"},
                                    {"groups", "alter"},
                                    {"groups", "delete"},
                                    {"offsets", "set"},
                                    {"offsets", "delete"},
                                    {"members", "expel"},
                                    {"events"},
                                    {"metrics"},
                                    {"top"},
                                    {"join"}};
  for (Words words : commands) {
    words.push_back("--help");
    const Ending help = ending(words);
    EXPECT_EQ(help.code, Exit::ok);
    EXPECT_NE(help.text.find("Usage"), std::string::npos) << words[0];
  }
}

TEST(Arguments, MistakesEndWithSixtyFourAndASentence) {
  const std::vector<Words> mistakes{{},
                                    {"nonsense"},
                                    {"topics"},
                                    {"topics", "create", "t"},
                                    {"topics", "create", "--partitions", "3"},
                                    {"topics", "create", "t", "--partitions", "many"},
                                    {"topics", "create", "t", "--partitions", "3000000000"},
                                    {"topics", "list", "surplus"},
                                    {"groups", "why", "g", "--epoch", "0"},
                                    {"groups", "why", "g", "--epoch", "-1"},
                                    {"--server", "host:99999", "groups", "list"},
                                    {"--server", "a:1,,b:2", "groups", "list"},
                                    {"--timeout", "5", "groups", "list"},
                                    {"--timeout", "0s", "groups", "list"},
                                    {"join", "g"},
                                    {"top", "--rounds", "0"},
                                    {"members", "expel", "g"}};
  for (const Words& words : mistakes) {
    const Ending wrong = ending(words);
    EXPECT_EQ(wrong.code, Exit::usage) << (words.empty() ? "" : words.back());
    EXPECT_TRUE(wrong.text.starts_with("muster: ")) << wrong.text;
  }
}

TEST(Arguments, AMistakeIsShownWithoutItsControlCharacters) {
  for (const Words& words : {Words{"--timeout", "\033[2J", "top"}, Words{"\033[2J"},
                             Words{"top", "--groups", "\033[2J"}})
    EXPECT_EQ(ending(words).text.find('\033'), std::string::npos);
}

TEST(Servers, AddressesAreHostsWithOrWithoutPorts) {
  EXPECT_EQ(parse_servers("h"), (std::vector<ServerAddress>{{"h", "7400"}}));
  EXPECT_EQ(parse_servers("h:1,[::1],[fe80::1]:2"),
            (std::vector<ServerAddress>{{"h", "1"}, {"::1", "7400"}, {"fe80::1", "2"}}));
  EXPECT_EQ((ServerAddress{"::1", "2"}).text(), "[::1]:2");
  for (const char* bad :
       {"", ",", "h,", ":1", "h:", "h:0", "h:65536", "h:1x", "[::1", "[::1]1", "[]:1", "a b:1"})
    EXPECT_FALSE(parse_servers(bad)) << bad;
}

}  // namespace
}  // namespace muster::cli
