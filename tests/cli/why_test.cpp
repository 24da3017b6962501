#include <gtest/gtest.h>
#include <event_line.hpp>
#include <event_order.hpp>
#include <why.hpp>

#include <samples.hpp>

#include <cstdlib>
#include <ctime>
#include <set>

namespace muster::cli {
namespace {

class Why : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    names.add(orders, "orders");
    epoch.epoch = 12;
    epoch.reason = Reason::member_left;
    epoch.trigger = "worker-3";
    epoch.changes = 3;
    epoch.started_at = Wall{1'700'000'000'000};
    epoch.gathered = Millis{5};
    epoch.revoked = Millis{14};
    epoch.settled = Millis{31};
    epoch.moved = 3;
    epoch.moves = {move("a", "b", {1, 2}), move("a", "c", {5})};
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }

  [[nodiscard]] Move move(const char* from, const char* to,
                          std::vector<PartitionIndex> partitions) const {
    return {
        MemberId(std::string(from)), MemberId(std::string(to)), {orders, std::move(partitions)}};
  }
  [[nodiscard]] std::string told(bool newest = true) const {
    return sentence(epoch, newest, epoch.started_at);
  }

  TopicId orders{{1}};
  TopicNames names;
  EpochHistory epoch;
};

TEST_F(Why, AnEpochIsOneSentence) {
  EXPECT_EQ(told(),
            "epoch 12 · 22:13:20 · member_left: worker-3 left; 3 changes gathered in 5 ms; "
            "3 partitions moved: 2 from a to b, 1 from a to c; given up after 14 ms, settled after "
            "31 ms");
}

TEST_F(Why, PartitionsWithoutAnOwnerBeforeOrAfterAreNamedSo) {
  epoch.moves = {move("", "b", {1, 2}), move("a", "", {5})};

  EXPECT_NE(told().find("2 without an owner to b, 1 from a to nobody"), std::string::npos)
      << told();
}

TEST_F(Why, OnlyTheLargestFlowsAreNamed) {
  epoch.moves.clear();
  for (int i = 0; i < 6; ++i)
    epoch.moves.push_back(move("a", std::string(1, static_cast<char>('b' + i)).c_str(), {i}));
  epoch.moves.push_back(move("a", "g", {10, 11}));
  epoch.moved = 20;  // the history keeps a bounded list

  EXPECT_NE(told().find(
                "20 partitions moved: 3 from a to g, 1 from a to b, 1 from a to c, 1 from a to d, "
                "14 more between others"),
            std::string::npos)
      << told();
}

TEST_F(Why, WhatHasNotHappenedYetIsSaidSo) {
  epoch.settled = Millis{-1};
  EXPECT_TRUE(told().ends_with("given up after 14 ms, not settled yet")) << told();

  epoch.revoked = Millis{-1};
  EXPECT_TRUE(told(false).ends_with("; superseded before it settled")) << told(false);
}

TEST_F(Why, AnEpochWithoutMovesSaysSo) {
  epoch.moved = 0;
  epoch.moves.clear();

  EXPECT_TRUE(told().ends_with("; nothing moved; settled after 31 ms")) << told();
}

TEST_F(Why, NamesCannotSteerTheTerminal) {
  epoch.trigger = "w\033[2J";

  EXPECT_EQ(told().find('\033'), std::string::npos);
}

TEST_F(Why, EveryReasonHasItsOwnWords) {
  std::set<std::string> clauses;
  for (int r = 0; to_string(static_cast<Reason>(r)) != "unknown"; ++r)
    EXPECT_TRUE(clauses.insert(clause(static_cast<Reason>(r), "x")).second) << r;
  EXPECT_EQ(clause(static_cast<Reason>(250), "x"), "x") << "a newer broker's reason";
}

TEST_F(Why, AnOperatorsRequestSaysWhatWasAskedFor) {
  EXPECT_EQ(clause(Reason::operator_request, "assignor range"),
            "an operator asked for assignor range");
  EXPECT_EQ(clause(Reason::operator_request, "operator"), "an operator asked for it");
}

TEST_F(Why, AnAssignmentEventNamesWhatCameAndWhatGoes) {
  Event event;
  event.kind = EventKind::assignment_changed;
  event.at = epoch.started_at;
  event.group = "g";
  event.member = "a";
  event.epoch = 12;
  event.assigned = {{orders, {0, 1, 2}, {1, 2, 3}}};
  event.revoked = {{TopicId{{9}}, {7}, {4}}};

  EXPECT_EQ(
      event_line(event, names, event.at),
      "22:13:20  assignment_changed     g             a at epoch 12: gets orders:0-2, gives up "
      "09000000000000000000000000000000:7");
}

TEST_F(Why, AStatusEventSaysFromWhatToWhatAndWhy) {
  Event event;
  event.kind = EventKind::member_status_changed;
  event.at = epoch.started_at;
  event.group = "g";
  event.member = "a";
  event.from = Status::healthy;
  event.to = Status::critical;
  event.reason = Reason::heartbeats_missed;
  event.detail = "2 s";

  EXPECT_EQ(event_line(event, names, event.at),
            "22:13:20  member_status_changed  g             a: healthy → critical, a missed two "
            "heartbeats (2 s)");
}

TEST_F(Why, EveryKindOfEventIsOneLine) {
  for (int k = 1; to_string(static_cast<EventKind>(k)) != "unknown"; ++k) {
    Event event;
    event.kind = static_cast<EventKind>(k);
    event.detail = "line\nbreak";
    const std::string line = event_line(event, names, epoch.started_at);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_NE(line.find(to_string(event.kind)), std::string::npos);
  }
}

TEST(EventOrder, ShardsAreMergedByTime) {
  std::vector<Event> events(4);
  events[0].shard = 1, events[0].number = 1, events[0].at = Wall{10};
  events[1].shard = 1, events[1].number = 2, events[1].at = Wall{30};
  events[2].shard = 0, events[2].number = 1, events[2].at = Wall{20};
  events[3].shard = 0, events[3].number = 2, events[3].at = Wall{40};

  const auto ordered = in_time_order(events);

  std::vector<std::int64_t> times;
  for (const Event& event : ordered) times.push_back(event.at.ms);
  EXPECT_EQ(times, (std::vector<std::int64_t>{10, 20, 30, 40}));
}

TEST(EventOrder, AClockThatWentBackDoesNotTurnAShardAround) {
  std::vector<Event> events(3);
  events[0].number = 1, events[0].at = Wall{100};
  events[1].number = 2, events[1].at = Wall{50};
  events[2].number = 3, events[2].at = Wall{60};

  const auto ordered = in_time_order(events);

  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(ordered[i].number, i + 1);
}

TEST(Samples, NamesLabelsAndValuesAreRead) {
  const auto samples = parse_samples(
      "# HELP muster_x What it is.\n# TYPE muster_x counter\nmuster_x 12\n"
      "muster_y{shard=\"0\",name=\"a \\\"b\\\" \\\\ \\n}\"} 1.5e3 1700000000\nother 3\n",
      "muster_");

  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].name, "muster_x");
  EXPECT_EQ(samples[0].value, "12");
  EXPECT_EQ(samples[1].labels[1], (std::pair<std::string, std::string>("name", "a \"b\" \\ \n}")));
  EXPECT_EQ(samples[1].value, "1.5e3");
}

TEST(Samples, DamagedLinesArePassedOver) {
  EXPECT_TRUE(parse_samples("a{b=\"\na{b\na{\na\na{b=\"c\"}\n{} 1\n\n", "").empty());
}

TEST(Samples, CommentsGoWithTheirMetric) {
  const std::string text = "# HELP a_x words\na_x 1\n# HELP b_x words\nb_x 2\n# EOF\n";

  EXPECT_EQ(select_lines(text, "b_"), "# HELP b_x words\nb_x 2\n");
  EXPECT_EQ(select_lines(text, ""), text);
}

}  // namespace
}  // namespace muster::cli
