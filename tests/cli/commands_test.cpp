/// Commands against a broker that says what the test wants: what is asked, what is printed, how it
/// ends.
#include "fake_broker.hpp"

#include <gtest/gtest.h>
#include <commands.hpp>

#include <sstream>

namespace muster::cli {
namespace {

using test::Caller;
using test::FakeBroker;

const TopicId orders{{1}};
const TopicId gone{{2}};

template <class T>
const T& query_of(const wire::Call& call) {
  return std::get<T>(std::get<Query>(call));
}
template <class T>
bool is(const wire::Call& call) {
  if constexpr (std::is_constructible_v<Query, T>) {
    const auto* query = std::get_if<Query>(&call);
    return query != nullptr && std::holds_alternative<T>(*query);
  } else {
    const auto* request = std::get_if<Request>(&call);
    return request != nullptr && std::holds_alternative<T>(*request);
  }
}

TopicList one_topic() {
  return {3, {{TopicName(std::string("orders")), orders, 4}}};
}

MemberDescription member(const std::string& id, std::vector<OwnedPartitions> assigned) {
  MemberDescription out;
  out.member = MemberId(id);
  out.status = Status::healthy;
  out.member_epoch = 7;
  out.session_timeout = Millis{3'000};
  out.client.host = "host\033[2J";
  out.topics = {TopicName(std::string("orders"))};
  out.assigned = std::move(assigned);
  return out;
}

GroupDescription one_group() {
  GroupDescription group;
  group.group = GroupId(std::string("g"));
  group.state = GroupState::reconciling;
  group.assignor = "uniform";
  group.epoch = 7;
  group.assignment_epoch = 7;
  group.term = 2;
  group.members = {member("a", {{orders, {0, 1, 3}, {11, 12, 13}}}), member("b", {})};
  group.members[1].revoking = {{orders, {2}, {14}}, {gone, {9}, {15}}};
  return group;
}

struct Outcome {
  Exit code;
  std::string out;
  std::string notes;
};

class Commands : public ::testing::Test {
 protected:
  Outcome run(const FakeBroker& broker, Command command, bool json = false) {
    std::ostringstream out;
    std::ostringstream notes;
    const Invocation invocation{{{broker.address()}, timeout}, json, std::move(command)};
    const Exit code = cli::run(invocation, out, notes, false);
    return {code, out.str(), notes.str()};
  }
  std::chrono::milliseconds timeout{20'000};
};

TEST_F(Commands, TopicsAreListed) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    EXPECT_EQ(query_of<ListTopics>(call).prefix, "o");
    caller.reply(one_topic());
  });

  EXPECT_EQ(run(broker, TopicsList{"o"}).out,
            "TOPIC   PARTITIONS  ID\n"
            "orders           4  01000000000000000000000000000000\n");
  EXPECT_EQ(run(broker, TopicsList{"o"}, true).out,
            R"({"catalogue_version":3,"topics":[{"topic":"orders","topic_id":)"
            R"("01000000000000000000000000000000","partitions":4}]})"
            "\n");
}

TEST_F(Commands, ATopicThatOnlyStartsWithTheNameIsNotDescribed) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) { caller.reply(one_topic()); });

  const Outcome outcome = run(broker, TopicsDescribe{"order"});

  EXPECT_EQ(outcome.code, Exit::refused);
  EXPECT_EQ(outcome.notes, "muster: there is no topic order\n");
}

TEST_F(Commands, CreatingWhatExistsIsFineOnlyIfAskedForAndTheSame) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<CreateTopic>(call))
      caller.reply(Refusal{Errc::topic_exists, "topic orders exists"});
    else
      caller.reply(one_topic());
  });

  EXPECT_EQ(run(broker, TopicsCreate{"orders", 4, false}).code, Exit::refused);
  EXPECT_EQ(run(broker, TopicsCreate{"orders", 4, true}).out, "topic orders exists already\n");
  const Outcome other = run(broker, TopicsCreate{"orders", 5, true});
  EXPECT_EQ(other.code, Exit::refused);
  EXPECT_EQ(other.notes, "muster: topic orders exists with 4 partitions, not 5\n");
}

TEST_F(Commands, ARefusalIsJsonForPrograms) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.reply(Refusal{Errc::unknown_group, "there is no group g"});
  });

  const Outcome outcome = run(broker, GroupsDescribe{"g", false}, true);

  EXPECT_EQ(outcome.code, Exit::refused);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(
      outcome.notes,
      R"({"error":{"exit":1,"code":"unknown_group","message":"refused (unknown_group): there is no group g"}})"
      "\n");
}

void describe_group(const wire::Call& call, const Caller& caller) {
  if (is<ListTopics>(call))
    caller.reply(one_topic());
  else
    caller.reply(one_group());
}

TEST_F(Commands, AGroupShowsWhoOwnsWhat) {
  FakeBroker broker(describe_group);

  EXPECT_EQ(
      run(broker, GroupsDescribe{"g", false}).out,
      "group:             g\n"
      "type:              consumer\n"
      "state:             reconciling\n"
      "assignor:          uniform\n"
      "epoch:             7\n"
      "assignment epoch:  7\n"
      "term:              2\n"
      "members:           2\n"
      "\n"
      "MEMBER  STATUS   EPOCH  COUNT  ASSIGNED      REVOKING\n"
      "a       healthy      7      3  orders:0-1,3  -\n"
      "b       healthy      7      0  -             orders:2 02000000000000000000000000000000:9\n");
}

TEST_F(Commands, AGroupShowsEachPartitionWithItsToken) {
  FakeBroker broker(describe_group);
  const std::string out = run(broker, GroupsDescribe{"g", true}).out;

  EXPECT_TRUE(
      out.ends_with("TOPIC                             PARTITION  MEMBER  TOKEN  STATE\n"
                    "02000000000000000000000000000000          9  b          15  revoking\n"
                    "orders                                    0  a          11  assigned\n"
                    "orders                                    1  a          12  assigned\n"
                    "orders                                    2  b          14  revoking\n"
                    "orders                                    3  a          13  assigned\n"))
      << out;
}

TEST_F(Commands, MembersSayWhatTheySaidOfThemselvesButEscaped) {
  FakeBroker broker(describe_group);
  const std::string out = run(broker, GroupsMembers{"g"}).out;

  EXPECT_EQ(out.find('\033'), std::string::npos);
  EXPECT_NE(out.find("host\\x1b[2J"), std::string::npos) << out;
  EXPECT_NE(out.find("3 s"), std::string::npos) << out;
}

TEST_F(Commands, OffsetsAreAskedForByTopicIdInTheOrderGiven) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<ListTopics>(call)) return caller.reply(one_topic());
    const auto& asked = query_of<FetchOffsets>(call).partitions;
    EXPECT_EQ(asked, (std::vector<TopicPartition>{
                         {orders, 2}, {orders, 0}, {orders, 1}, {orders, 2}, {orders, 3}}));
    OffsetList list;
    list.offsets.resize(1);
    list.offsets[0].partition = {orders, 2};
    list.offsets[0].topic = TopicName(std::string("orders"));
    list.offsets[0].offset = 42;
    list.offsets[0].token = 9;
    caller.reply(list);
  });

  const Outcome outcome =
      run(broker,
          GroupsOffsets{
              "g", {{"orders", std::vector<PartitionIndex>{2}, -1}, {"orders", std::nullopt, -1}}});

  EXPECT_EQ(outcome.out,
            "TOPIC   PARTITION  OFFSET  COMMITTED  TOKEN  METADATA\n"
            "orders          2      42  -              9  -\n");
}

TEST_F(Commands, OffsetsAreSetAndDeletedInOneRequest) {
  std::vector<AlterOffsets> requests;
  FakeBroker broker([&](const wire::Call& call, const Caller& caller) {
    if (is<ListTopics>(call)) return caller.reply(one_topic());
    requests.push_back(std::get<AlterOffsets>(std::get<Request>(call)));
    caller.reply(Done{});
  });

  const Outcome set =
      run(broker, OffsetsSet{"g", {{"orders", std::vector<PartitionIndex>{0, 1}, 5}}, "note"});
  const Outcome removed = run(broker, OffsetsDelete{"g", {{"orders", std::nullopt, -1}}});

  EXPECT_EQ(set.out, "2 offsets of group g set\n");
  EXPECT_EQ(removed.out, "4 offsets of group g deleted\n");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].offsets[1].partition, (TopicPartition{orders, 1}));
  EXPECT_EQ(requests[0].offsets[1].offset, 5);
  EXPECT_EQ(requests[0].offsets[1].metadata, "note");
  EXPECT_EQ(requests[1].offsets[3].offset, -1);
}

TEST_F(Commands, AnUnknownTopicIsNamedBeforeAnythingIsChanged) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    EXPECT_TRUE(is<ListTopics>(call));
    caller.reply(one_topic());
  });

  EXPECT_EQ(run(broker, OffsetsSet{"g", {{"users", std::nullopt, 0}}, ""}).notes,
            "muster: there is no topic users\n");
}

TEST_F(Commands, WhyOfOneEpochListsItsMoves) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<ListTopics>(call)) return caller.reply(one_topic());
    if (is<DescribeGroup>(call)) return caller.reply(one_group());
    EXPECT_EQ(query_of<GroupHistory>(call).epoch, 7);
    EpochHistory epoch;
    epoch.epoch = 7;
    epoch.reason = Reason::member_joined;
    epoch.trigger = "b";
    epoch.changes = 1;
    epoch.started_at = Wall{1};
    epoch.moved = 5;
    epoch.moves = {{MemberId(std::string("a")), MemberId(std::string("b")), {orders, {0, 1, 2}}}};
    caller.reply(HistoryList{{epoch}});
  });
  const std::string out = run(broker, GroupsWhy{"g", 7, 0}).out;

  EXPECT_NE(
      out.find(
          "member_joined: b joined; 1 change gathered in 0 ms; 5 partitions moved: 3 from a to b, "
          "2 more between others; not settled yet\n"),
      std::string::npos)
      << out;
  EXPECT_TRUE(
      out.ends_with("TOPIC   PARTITIONS  FROM  TO\n"
                    "orders  0-2         a     b\n"
                    "and 2 more: the history keeps no longer list\n"))
      << out;
}

TEST_F(Commands, WhyLastKeepsTheNewest) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<DescribeGroup>(call)) return caller.reply(one_group());
    HistoryList list;
    list.epochs.resize(3);
    for (int i = 0; i < 3; ++i) list.epochs[static_cast<std::size_t>(i)].epoch = 7 - i;
    caller.reply(list);
  });
  const std::string out = run(broker, GroupsWhy{"g", 0, 2}).out;

  EXPECT_NE(out.find("epoch 7 "), std::string::npos);
  EXPECT_NE(out.find("epoch 6 "), std::string::npos);
  EXPECT_EQ(out.find("epoch 5 "), std::string::npos);
}

TEST_F(Commands, MetricsAreSelectedByPrefix) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.reply(Metrics{"# TYPE muster_a counter\nmuster_a 1\nmuster_b{x=\"\033\"} 2\n"});
  });

  EXPECT_EQ(run(broker, MetricsShow{"muster_a"}).out, "# TYPE muster_a counter\nmuster_a 1\n");
  EXPECT_EQ(run(broker, MetricsShow{"muster_b"}).out, "muster_b{x=\"\\x1b\"} 2\n");
  EXPECT_EQ(run(broker, MetricsShow{"muster_a"}, true).out,
            "{\"metrics\":[{\"name\":\"muster_a\",\"labels\":{},\"value\":1}]}\n");
}

TEST_F(Commands, TopShowsTheLargestGroups) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<ListTopics>(call)) return caller.reply(one_topic());
    if (is<ListGroups>(call)) {
      GroupList list;
      list.groups.resize(2);
      list.groups[0].group = GroupId(std::string("small"));
      list.groups[1].group = GroupId(std::string("g"));
      list.groups[1].members = 2;
      return caller.reply(list);
    }
    EXPECT_EQ(query_of<DescribeGroup>(call).group.value, "g");
    caller.reply(one_group());
  });

  const std::string out = run(broker, Top{Millis{1}, 1, 1}).out;

  EXPECT_NE(out.find("1 topic · 2 groups, the largest 1 shown"), std::string::npos) << out;
  EXPECT_TRUE(
      out.ends_with("GROUP  STATE        EPOCH  MEMBERS  ASSIGNED  REVOKING  STATUSES\n"
                    "g      reconciling      7        2         3         2  2 healthy\n"))
      << out;
  EXPECT_EQ(out.find('\033'), std::string::npos) << "no terminal, no redrawing";
}

TEST_F(Commands, TopPassesOverAGroupThatVanishes) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (is<ListTopics>(call)) return caller.reply(one_topic());
    if (is<ListGroups>(call)) return caller.reply(GroupList{{GroupSummary{}}});
    caller.reply(Refusal{Errc::unknown_group, "gone"});
  });

  EXPECT_EQ(run(broker, Top{Millis{1}, 2, 5}).code, Exit::ok);
}

Event joined(ShardIndex shard, std::uint64_t number, const std::string& who, std::int64_t at) {
  Event event;
  event.shard = shard;
  event.number = number;
  event.kind = EventKind::member_joined;
  event.at = Wall{at};
  event.group = "g";
  event.member = who;
  return event;
}

/// Answers from one shard's list as the broker does: at most two events a page.
void answer_events(const std::vector<Event>& all, const ReadEvents& query, const Caller& caller) {
  std::uint64_t next = query.after.empty() ? 0 : query.after[0];
  EventList list;
  while (next < all.size() && list.events.size() < 2) list.events.push_back(all[next++]);
  list.next = {next};
  caller.reply(list);
}

std::vector<std::string> members_in(const std::string& lines) {
  std::vector<std::string> out;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(R"("member":")") + 10;
    out.push_back(line.substr(at, line.find('"', at) - at));
  }
  return out;
}

using Names = std::vector<std::string>;

TEST_F(Commands, EventsPageThroughAllThatIsKept) {
  const std::vector<Event> all{joined(0, 1, "a", 1), joined(0, 2, "b", 2), joined(0, 3, "c", 3)};
  FakeBroker broker([&](const wire::Call& call, const Caller& caller) {
    EXPECT_FALSE(query_of<ReadEvents>(call).follow);
    answer_events(all, query_of<ReadEvents>(call), caller);
  });

  EXPECT_EQ(members_in(run(broker, Events{}, true).out), (Names{"a", "b", "c"}));
  EXPECT_EQ(members_in(run(broker, Events{{}, {1}, {}, 0, false}, true).out), (Names{"b", "c"}));
  EXPECT_EQ(members_in(run(broker, Events{{}, {}, 1, 0, false}, true).out), (Names{"c"}));
  EXPECT_EQ(members_in(run(broker, Events{{}, {}, {}, 2, false}, true).out), (Names{"a", "b"}));
}

TEST_F(Commands, AFollowerGoesOnWhereTheConnectionBroke) {
  std::vector<Event> all{joined(0, 1, "a", 1)};
  FakeBroker broker([&](const wire::Call& call, const Caller& caller) {
    const auto& query = query_of<ReadEvents>(call);
    if (!query.follow) return answer_events(all, query, caller);
    // The event reaches the follower, then the broker falls; what happens meanwhile is read later.
    all.push_back(joined(0, all.size() + 1, "b", 2));
    answer_events(all, query, caller);
    all.push_back(joined(0, all.size() + 1, "c", 3));
    caller.close();
  });

  const Outcome outcome = run(broker, Events{{}, {}, {}, 3, true}, true);

  EXPECT_EQ(outcome.code, Exit::ok) << outcome.notes;
  EXPECT_EQ(members_in(outcome.out), (Names{"a", "b", "c"}));
  EXPECT_EQ(broker.connections(), 2);
  EXPECT_NE(outcome.notes.find("trying again"), std::string::npos);
}

TEST_F(Commands, AFollowerStartsAnewOnAnotherStore) {
  std::atomic<int> greetings = 0;
  const std::vector<Event> all{joined(0, 1, "a", 1), joined(0, 2, "b", 2)};
  FakeBroker broker(
      [&](const wire::Call& call, const Caller& caller) {
        const auto& query = query_of<ReadEvents>(call);
        if (query.follow) return caller.close();
        answer_events(all, query, caller);
      },
      [&](const wire::Hello&, const Caller& caller) {
        FakeBroker::greet(caller, std::string(32, ++greetings == 1 ? 'a' : 'b'));
      });

  const Outcome outcome = run(broker, Events{{}, {}, {}, 3, true}, true);

  EXPECT_EQ(members_in(outcome.out), (Names{"a", "b", "a"}));
  EXPECT_NE(outcome.notes.find("another store"), std::string::npos) << outcome.notes;
}

TEST_F(Commands, AFollowerThatIsRefusedForGoodEnds) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.reply(Refusal{Errc::not_allowed, "no"});
  });

  EXPECT_EQ(run(broker, Events{{}, {}, {}, 0, true}).code, Exit::refused);
}

TEST_F(Commands, NoAnswerInTimeIsItsOwnExitCode) {
  timeout = std::chrono::milliseconds{300};
  FakeBroker broker([](const wire::Call&, const Caller&) {});

  EXPECT_EQ(run(broker, MembersExpel{"g", "m", ""}).code, Exit::no_answer);
  EXPECT_EQ(run(broker, Events{}).code, Exit::no_answer);
}

TEST_F(Commands, OutputThatCannotBeWrittenIsItsOwnExitCode) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) { caller.reply(one_topic()); });
  std::ostream nowhere(nullptr);
  std::ostringstream notes;

  EXPECT_EQ(cli::run({{{broker.address()}, timeout}, false, TopicsList{}}, nowhere, notes, false),
            Exit::output_failed);
}

TEST_F(Commands, WithoutABrokerEveryCommandSaysSo) {
  const Invocation invocation{{{test::nobody()}, timeout}, false, GroupsList{}};
  std::ostringstream out;
  std::ostringstream notes;

  EXPECT_EQ(cli::run(invocation, out, notes, false), Exit::unreachable);
  EXPECT_TRUE(notes.str().starts_with("muster: no broker can be reached (127.0.0.1:"))
      << notes.str();
}

}  // namespace
}  // namespace muster::cli
