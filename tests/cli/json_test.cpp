#include <gtest/gtest.h>
#include <json.hpp>

namespace muster::cli {
namespace {

const TopicId orders{{1}};
const std::string orders_hex = "01000000000000000000000000000000";

TopicNames names() {
  TopicNames out;
  out.add(orders, "orders");
  return out;
}

TEST(Json, TokensAreDecimalStringsBecauseTheyPassTwoToThe53) {
  GroupDescription group;
  group.group = GroupId(std::string("g"));
  group.epoch = 4;
  MemberDescription member;
  member.member = MemberId(std::string("a"));
  member.session_timeout = Millis{3'000};
  member.assigned = {{orders, {0, 1}, {make_token(8'192, 1), 7}}};
  group.members = {member};

  EXPECT_EQ(
      json_members(group, names()),
      R"({"group":"g","members":[{"member":"a","instance":null,"status":"starting","epoch":0,)"
      R"("client":{"client_id":"","host":"","address":"","software_name":"","software_version":""},)"
      R"("topics":[],"session_timeout_ms":3000,"heartbeat_interval_ms":1000,"weight":1,"zone":"",)"
      R"("assigned":[{"topic":"orders","topic_id":")" +
          orders_hex + R"(","partitions":[0,1],"tokens":["9007199254740993","7"]}],)" +
          R"("revoking":[],"target":[]}]})");
}

TEST(Json, ATopicThatIsGoneHasNoName) {
  GroupDescription group;
  MemberDescription member;
  member.target = {{TopicId{{2}}, {3}}};
  group.members = {member};

  EXPECT_NE(json(group, names()).find(R"("target":[{"topic":null,"topic_id":"0200)"),
            std::string::npos);
}

TEST(Json, OffsetsThatDoNotExistAreNull) {
  OffsetList list;
  list.offsets.resize(2);
  list.offsets[0].partition = {orders, 3};
  list.offsets[0].topic = TopicName(std::string("orders"));
  list.offsets[1] = list.offsets[0];
  list.offsets[1].offset = 42;
  list.offsets[1].metadata = "bin\xff\033";
  list.offsets[1].committed_at = Wall{1'700'000'000'123};
  list.offsets[1].token = 5;
  list.offsets[1].leader_epoch = 0;

  EXPECT_EQ(
      json("g", list),
      R"({"group":"g","offsets":[{"topic":"orders","topic_id":")" + orders_hex +
          R"(","partition":3,"offset":null,"leader_epoch":null,"metadata":"","committed_at":null,"token":null},)" +
          R"({"topic":"orders","topic_id":")" + orders_hex +
          R"(","partition":3,"offset":42,"leader_epoch":0,"metadata":"bin)" + "\xEF\xBF\xBD" +
          R"(\u001b","committed_at":"2023-11-14T22:13:20.123Z","token":"5"}]})");
}

TEST(Json, HistoryTellsPhasesInMilliseconds) {
  HistoryList list;
  EpochHistory epoch;
  epoch.epoch = 12;
  epoch.reason = Reason::member_left;
  epoch.trigger = "a";
  epoch.changes = 1;
  epoch.assignor = "uniform";
  epoch.started_at = Wall{1'700'000'000'000};
  epoch.gathered = Millis{5};
  epoch.settled = Millis{31};
  epoch.members = 2;
  epoch.moved = 2;
  epoch.moves = {{MemberId(), MemberId(std::string("b")), {orders, {1, 2}}}};
  list.epochs = {epoch};

  EXPECT_EQ(
      json("g", list, names()),
      R"({"group":"g","epochs":[{"epoch":12,"reason":"member_left","trigger":"a","changes":1,"assignor":"uniform",)"
      R"("started_at":"2023-11-14T22:13:20.000Z","gathered_ms":5,"revoked_ms":null,"settled_ms":31,"members":2,)"
      R"("moved":2,"moves":[{"from":null,"to":"b","topic":"orders","topic_id":")" +
          orders_hex + R"(","partitions":[1,2]}]}]})");
}

TEST(Json, AnEventLeavesOutWhatItsKindDoesNotUse) {
  Event event;
  event.shard = 3;
  event.number = 7;
  event.kind = EventKind::broker_started;
  event.at = Wall{1'700'000'000'000};
  event.term = 2;
  event.revision = 9;

  EXPECT_EQ(
      json(event, "u", names()),
      R"({"id":"u-3-7","shard":3,"number":7,"kind":"broker_started","schema":1,"at":"2023-11-14T22:13:20.000Z","term":2,)"
      R"("revision":9})");
}

TEST(Json, AStatusEventSaysFromWhatToWhat) {
  Event event;
  event.kind = EventKind::member_status_changed;
  event.group = "g";
  event.sequence = 4;
  event.member = "m";
  event.to = Status::healthy;
  event.reason = Reason::heartbeat_resumed;

  EXPECT_TRUE(
      json(event, "u", names())
          .ends_with(R"("group":"g","sequence":4,"member":"m","reason":"heartbeat_resumed",)"
                     R"("words":"it beats","from":"starting","to":"healthy"})"));
}

TEST(Json, SamplesAreNumbersWhereJsonHasThem) {
  EXPECT_EQ(
      json({{"a", {{"shard", "0"}}, "12"}, {"b", {}, "NaN"}, {"c", {}, "+Inf"}}),
      R"({"metrics":[{"name":"a","labels":{"shard":"0"},"value":12},{"name":"b","labels":{},"value":"NaN"},)"
      R"({"name":"c","labels":{},"value":"+Inf"}]})");
}

TEST(Json, AFailureNamesExitAndCode) {
  EXPECT_EQ(json_failure(Exit::refused, "unknown_group", "there is none"),
            R"({"error":{"exit":1,"code":"unknown_group","message":"there is none"}})");
  EXPECT_EQ(json_failure(Exit::unreachable, "", "x"),
            R"({"error":{"exit":2,"code":null,"message":"x"}})");
}

TEST(Json, NoControlCharacterPassesRaw) {
  const std::string out = json("g\033\n\x7f\xC2\x9B", OffsetList{});

  for (const char c : out) {
    EXPECT_GE(static_cast<unsigned char>(c), 0x20);
    EXPECT_NE(c, '\x7f');
  }
  EXPECT_EQ(out, R"({"group":"g\u001b\n\u007f\u009b","offsets":[]})");
}

}  // namespace
}  // namespace muster::cli
