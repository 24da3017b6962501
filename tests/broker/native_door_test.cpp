/// The native door over real sockets: what a well-behaved client gets.
#include "native_door.hpp"

#include <set>

namespace muster::broker {
namespace {

TEST(NativeDoor, GreetsWithWhatTheBrokerIs) {
  const TestDoor t;
  NativeClient client = t.connect();

  const wire::HelloOk ok = client.greet();

  EXPECT_EQ(ok.major, wire::protocol_major);
  EXPECT_EQ(ok.shards, 4U);
  EXPECT_EQ(ok.max_body, wire::max_body);
  EXPECT_EQ(ok.store_uuid, "00112233445566778899aabbccddeeff");
}

TEST(NativeDoor, NewerMinorVersionIsSpokenAsOurs) {
  const TestDoor t;
  NativeClient client = t.connect();
  wire::Hello hello;
  hello.minor = 999;
  wire::Bytes out;
  wire::encode_hello(hello, out);
  client.send(out);

  const auto frame = client.next_frame();

  ASSERT_TRUE(frame);
  EXPECT_EQ(wire::decode_hello_ok(frame->first)->minor, wire::protocol_minor);
}

TEST(NativeDoor, RequestsAndQueriesAreAnsweredByCorrelation) {
  const TestDoor t;
  NativeClient client = t.greeted();
  client.send_request(CreateTopic{TopicName{"work"}, 4}, 41);
  EXPECT_EQ(client.expect<TopicChanged>().partitions, 4);

  client.send_query(ListTopics{}, 42);
  std::uint64_t correlation = 0;
  const auto reply = client.next_reply(&correlation);

  EXPECT_EQ(correlation, 42U);
  ASSERT_TRUE(reply);
  EXPECT_EQ(std::get<TopicList>(*reply).topics.size(), 1U);
}

TEST(NativeDoor, PipelinedHeartbeatsAreAllAnsweredInOrder) {
  const TestDoor t;
  NativeClient client = t.greeted("g");
  Join join;
  join.group = GroupId{"g"};
  client.send_request(join, 1);
  const JoinOk ok = client.expect<JoinOk>();
  constexpr std::uint32_t count = 5'000;

  wire::Bytes out;
  for (std::uint32_t i = 1; i <= count; ++i) {
    wire::encode_heartbeat({.session = ok.session, .sequence = i}, i, out);
  }
  client.send(out);

  for (std::uint32_t i = 1; i <= count; ++i) {
    std::uint64_t correlation = 0;
    const auto reply = client.next_reply(&correlation);
    ASSERT_TRUE(reply);
    ASSERT_EQ(correlation, i);
    ASSERT_EQ(std::get<HeartbeatOk>(*reply).sequence, i);
  }
}

TEST(NativeDoor, OneByteAtATimeIsAsGoodAsAll) {
  const TestDoor t;
  NativeClient client = t.connect();
  wire::Bytes bytes = hello_bytes();
  EXPECT_TRUE(wire::encode_query(ListTopics{}, 7, bytes));

  for (const std::byte& byte : bytes) client.send(std::span{&byte, 1});

  EXPECT_TRUE(client.next_frame());
  EXPECT_TRUE(client.expect<TopicList>().topics.empty());
}

TEST(NativeDoor, HelloMovesTheConnectionWithWhatIsPipelinedBehindIt) {
  const TestDoor t;

  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      // Connections come to the loops in turn, the groups in another order: half of them must move.
      const std::string group = t.group_on_loop((i + static_cast<std::uint32_t>(round)) % 2);
      NativeClient client = t.connect();
      wire::Bytes bytes = hello_bytes(group);
      Join join;
      join.group = GroupId{group};
      EXPECT_TRUE(wire::encode_request(join, 1, bytes));
      for (std::uint64_t n = 2; n < 40; ++n)
        EXPECT_TRUE(wire::encode_query(ListTopics{}, n, bytes));
      client.send(bytes);

      ASSERT_TRUE(client.next_frame());
      std::set<std::uint64_t> answered;
      for (int n = 1; n < 40; ++n) {
        std::uint64_t correlation = 0;
        ASSERT_TRUE(client.next_reply(&correlation));
        answered.insert(correlation);
      }
      EXPECT_EQ(answered.size(), 39U);
    }
  }
  EXPECT_GT(t.metric("muster_native_moved_total"), 0U);
  // A request of a moved connection crosses no thread.
  EXPECT_EQ(t.metric("muster_loop_crossed_total{loop=\"0\"}"), 0U);
  EXPECT_EQ(t.metric("muster_loop_crossed_total{loop=\"1\"}"), 0U);
}

TEST(NativeDoor, RestOfALongFrameMovesToo) {
  const TestDoor t;
  wire::Bytes bytes;
  CreateTopic create{TopicName{std::string(200, 'x')}, 1};
  EXPECT_TRUE(wire::encode_request(create, 5, bytes));
  const std::size_t half = bytes.size() / 2;
  for (std::uint32_t loop = 0; loop < 2; ++loop) {
    NativeClient client = t.connect();
    wire::Bytes first = hello_bytes(t.group_on_loop(loop));
    first.insert(first.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half));
    client.send(first);
    ASSERT_TRUE(client.next_frame());
    client.send(std::span{bytes}.subspan(half));
    EXPECT_TRUE(client.next_reply());
  }
}

TEST(NativeDoor, MetricsTellOfTheDoor) {
  const TestDoor t;
  NativeClient client = t.greeted();

  client.send_query(ReadMetrics{}, 1);

  const std::string text = client.expect<Metrics>().text;
  EXPECT_NE(text.find("muster_native_connections 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("muster_sessions{shard=\"0\"} 0\n"), std::string::npos);
}

TEST(NativeDoor, HalfClosedConnectionGetsItsAnswers) {
  TestDoor t;
  NativeClient client = t.greeted();
  t.store.close_gate();
  client.send_request(CreateTopic{TopicName{"work"}, 4}, 1);
  ASSERT_TRUE(eventually([&] { return t.store.somebody_waits(); }));

  client.half_close();
  t.store.open_gate();

  EXPECT_EQ(client.expect<TopicChanged>().partitions, 4);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("peer_closed"));
}

TEST(NativeDoor, EventsAreFollowedAsTheyCome) {
  const TestDoor t;
  NativeClient follower = t.greeted();
  NativeClient other = t.greeted();
  follower.send_query(ReadEvents{.after = {}, .group = {}, .limit = 100, .follow = true}, 9);
  EventList last = follower.expect<EventList>();

  for (int i = 0; i < 5; ++i) {
    other.send_request(CreateTopic{TopicName{"t" + std::to_string(i)}, 1}, 1);
    (void)other.expect<TopicChanged>();
    bool told = false;
    while (!told) {
      std::uint64_t correlation = 0;
      const auto reply = follower.next_reply(&correlation);
      ASSERT_TRUE(reply);
      EXPECT_EQ(correlation, 9U);
      for (const Event& event : std::get<EventList>(*reply).events) {
        told = told ||
               (event.kind == EventKind::topic_created && event.topic == "t" + std::to_string(i));
      }
    }
  }
}

TEST(NativeDoor, FollowerGetsEachEventOnce) {
  const TestDoor t;
  NativeClient other = t.greeted();
  NativeClient follower = t.greeted();
  follower.send_query(ReadEvents{.after = {}, .group = {}, .limit = 2, .follow = true}, 9);
  constexpr std::size_t topics = 30;
  for (std::size_t i = 0; i < topics; ++i) {
    other.send_request(CreateTopic{TopicName{"t" + std::to_string(i)}, 1}, i);
  }

  std::set<std::pair<ShardIndex, std::uint64_t>> seen;
  std::size_t created = 0;
  while (created < topics) {
    const EventList list = follower.expect<EventList>();
    if (HasFailure()) return;
    for (const Event& event : list.events) {
      EXPECT_TRUE(seen.insert({event.shard, event.number}).second);
      if (event.kind == EventKind::topic_created) ++created;
    }
  }
}

TEST(NativeDoor, BoundOfFollowsIsRefusedWithASentence) {
  const TestDoor t;
  NativeClient client = t.greeted();
  const ReadEvents follow{.after = {}, .group = {}, .limit = 10, .follow = true};
  for (std::uint64_t i = 0; i < 16; ++i) {
    client.send_query(follow, i);
    (void)client.expect<EventList>();
  }

  client.send_query(follow, 99);

  EXPECT_EQ(client.expect<Refusal>().code, Errc::limit_reached);
}

}  // namespace
}  // namespace muster::broker
