/// Services on real loops: their shards, nodes of other shards, who waits for a result, and the
/// native door.
#include "harness.hpp"
#include "native_door.hpp"

#include <broker/result_watches.hpp>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

Register instance_of(const std::string& service, const std::string& id, Millis timeout = 15s) {
  Register request;
  request.service = ServiceName{service};
  request.instance = InstanceId{id};
  request.info.address = "10.0.0.1";
  request.info.port = 80;
  request.session_timeout = timeout;
  request.status = Status::healthy;
  return request;
}

ServiceResult look_up(const Host& host, const std::string& service, bool passing = false) {
  LookupService query;
  query.service = ServiceName{service};
  query.passing = passing;
  return std::get<ServiceResult>(core::answer(host.views(), query));
}

/// Of this status, as the views show it, soon.
bool becomes(const Host& host, const std::string& service, Status status) {
  return eventually([&] {
    const ServiceResult result = look_up(host, service);
    return !result.instances.empty() && result.instances[0].status == status;
  });
}

TEST(Registry, ARegistrationIsSeenOnceItIsAnswered) {
  TestHost t({.shards = 5, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(1);

  for (const char* service : {"pay", "mail", "ship", "search"}) {
    const auto ok = t.ask<RegisterOk>(c, instance_of(service, "a"));
    EXPECT_EQ(look_up(*t.host, service).index, ok.index);
    EXPECT_EQ(look_up(*t.host, service, true).instances.size(), 1U);
  }

  const auto list = std::get<ServiceList>(core::answer(t.host->views(), ListServices{}));
  EXPECT_EQ(list.services.size(), 4U);
}

TEST(Registry, HeartbeatsByNameReachTheirShard) {
  TestHost t({.shards = 3, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  (void)t.ask<RegisterOk>(c, instance_of("pay", "a"));

  const auto ok = t.ask<HeartbeatOk>(c, BeatInstance{ServiceName{"pay"}, InstanceId{"a"}, 0, 0});

  EXPECT_EQ(ok.session_timeout_ms, 15'000U);
  EXPECT_EQ(t.refused(c, BeatInstance{ServiceName{"pay"}, InstanceId{"b"}, 0, 0}).code,
            Errc::unknown_instance);
}

TEST(Registry, AnswersToHeartbeatsByNameDoNotWaitForTheDisk) {
  TestHost t({.shards = 1, .threads = 1, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  (void)t.ask<RegisterOk>(c, instance_of("pay", "a"));
  t.store->close_gate();
  (void)t.submit(c, instance_of("pay", "b"));  // its answer waits
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  const auto ok = t.ask<HeartbeatOk>(c, BeatInstance{ServiceName{"pay"}, InstanceId{"a"}, 0, 0});

  EXPECT_EQ(ok.session_timeout_ms, 15'000U);
  t.store->open_gate();
}

TEST(Registry, ANodesEdgesReachTheInstancesOfEveryShard) {
  TestHost t({.shards = 4, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  RegisterNode node;
  node.node = NodeName{"host-9"};
  (void)t.ask<NodeOk>(c, node);
  (void)t.ask<HeartbeatOk>(c, BeatNode{NodeName{"host-9"}, 0, 0});
  for (ShardIndex shard = 0; shard < 4; ++shard) {
    Register request = instance_of(t.group_of(shard), "a", 0s);
    request.info.node = NodeName{"host-9"};
    (void)t.ask<RegisterOk>(c, request);
  }
  for (ShardIndex shard = 0; shard < 4; ++shard)
    EXPECT_TRUE(becomes(*t.host, t.group_of(shard), Status::healthy)) << shard;

  (void)t.ask<Done>(c, DeregisterNode{NodeName{"host-9"}, 0, "moved"});

  for (ShardIndex shard = 0; shard < 4; ++shard)
    EXPECT_TRUE(becomes(*t.host, t.group_of(shard), Status::critical)) << shard;
}

TEST(Registry, AnEdgeThatACrashKeptFromOtherShardsReachesThemAtTheNextStart) {
  auto store = std::make_shared<GateStore>(3);
  {
    TestHost t({.shards = 3, .threads = 1, .options = {}, .store = store});
    const Connection c = t.connect(0);
    for (ShardIndex shard = 0; shard < 3; ++shard) {
      Register request = instance_of(t.group_of(shard), "a", 0s);
      request.info.node = NodeName{"host-9"};
      (void)t.ask<RegisterOk>(c, request);
    }
    RegisterNode node;
    node.node = NodeName{"host-9"};
    (void)t.ask<NodeOk>(c, node);
    (void)t.ask<HeartbeatOk>(c, BeatNode{NodeName{"host-9"}, 0, 0});
    t.host->stop();
  }

  TestHost t({.shards = 3, .threads = 1, .options = {}, .store = store});

  for (ShardIndex shard = 0; shard < 3; ++shard)
    EXPECT_TRUE(becomes(*t.host, t.group_of(shard), Status::healthy)) << shard;
}

TEST(Registry, WhoWaitsForAResultIsWokenByItsChangeAlone) {
  TestHost t({.shards = 2, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  const auto ok = t.ask<RegisterOk>(c, instance_of("pay", "a"));
  std::atomic<int> pay{0};
  std::atomic<int> names{0};
  const auto list = std::get<ServiceList>(core::answer(t.host->views(), ListServices{}));
  t.host->result_changed(0, "pay", ok.index, [&] { ++pay; });
  t.host->result_changed(1, "", list.index, [&] { ++names; });

  (void)t.ask<HeartbeatOk>(c, BeatInstance{ServiceName{"pay"}, InstanceId{"a"}, 0, 0});
  (void)t.ask<RegisterOk>(c, instance_of("mail", "a"));
  EXPECT_TRUE(eventually([&] { return names == 1; })) << "mail is a new name";
  EXPECT_EQ(pay, 0);
  (void)t.ask<RegisterOk>(c, instance_of("pay", "b"));

  EXPECT_TRUE(eventually([&] { return pay == 1; }));
  EXPECT_EQ(t.metric("muster_result_watchers"), 0U);
}

TEST(Registry, WhoIsBehindIsCalledAtOnceAndWhoSaysSoNotAtAll) {
  TestHost t({.shards = 2, .threads = 1, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  const auto ok = t.ask<RegisterOk>(c, instance_of("pay", "a"));
  std::atomic<int> behind{0};
  std::atomic<int> gone{0};
  t.host->result_changed(0, "pay", ok.index - 1, [&] { ++behind; });
  t.host->unwatch_result(t.host->result_changed(0, "pay", ok.index, [&] { ++gone; }));
  EXPECT_TRUE(eventually([&] { return behind == 1; }));

  (void)t.ask<RegisterOk>(c, instance_of("pay", "b"));
  t.turns(0);

  EXPECT_EQ(gone, 0);
  EXPECT_EQ(behind, 1);
}

TEST(Registry, AServiceThatIsNotThereYetCanBeWaitedFor) {
  TestHost t({.shards = 2, .threads = 1, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  const auto index = look_up(*t.host, "pay").index;
  EXPECT_EQ(index, 1U);
  std::atomic<int> calls{0};
  t.host->result_changed(0, "pay", index, [&] { ++calls; });

  (void)t.ask<RegisterOk>(c, instance_of("pay", "a"));

  EXPECT_TRUE(eventually([&] { return calls == 1; }));
}

TEST(NativeRegistry, RegistersBeatsAndIsLookedUp) {
  const TestDoor t;
  NativeClient client = t.greeted("pay");
  client.send_request(instance_of("pay", "a"), 1);
  const auto ok = client.expect<RegisterOk>();

  wire::Bytes out;
  wire::encode_heartbeat({.session = ok.session, .sequence = 9}, 2, out);
  client.send(out);
  EXPECT_EQ(client.expect<HeartbeatOk>().sequence, 9U);
  LookupService query;
  query.service = ServiceName{"pay"};
  query.passing = true;
  client.send_query(query, 3);

  const auto result = client.expect<ServiceResult>();
  ASSERT_EQ(result.instances.size(), 1U);
  EXPECT_EQ(result.instances[0].info.port, 80);
  EXPECT_TRUE(result.known);
  EXPECT_TRUE(result.sure);
}

TEST(NativeRegistry, FollowersGetEachNewResult) {
  const TestDoor t;
  NativeClient follower = t.greeted();
  NativeClient client = t.greeted();
  LookupService query;
  query.service = ServiceName{"pay"};
  query.follow = true;
  follower.send_query(query, 77);
  EXPECT_FALSE(follower.expect<ServiceResult>().known);

  client.send_request(instance_of("pay", "a"), 1);
  const auto ok = client.expect<RegisterOk>();

  std::uint64_t correlation = 0;
  const auto reply = follower.next_reply(&correlation);
  ASSERT_TRUE(reply);
  EXPECT_EQ(correlation, 77U);
  EXPECT_EQ(std::get<ServiceResult>(*reply).index, ok.index);
}

TEST(NativeRegistry, AConnectionFollowsABoundedNumberAndNothingTwice) {
  const TestDoor t;
  NativeClient client = t.greeted();
  ListServices query;
  query.follow = true;
  for (std::uint64_t n = 1; n <= 16; ++n) {
    client.send_query(query, n);
    (void)client.expect<ServiceList>();
  }

  client.send_query(query, 17);
  EXPECT_EQ(client.expect<Refusal>().code, Errc::limit_reached);
}

TEST(NativeRegistry, TheOlderIncarnationIsTold) {
  const TestDoor t;
  NativeClient old = t.greeted();
  NativeClient fresh = t.greeted();
  Register request = instance_of("pay", "a");
  request.incarnation = 1;
  old.send_request(request, 1);
  (void)old.expect<RegisterOk>();
  request.incarnation = 2;
  fresh.send_request(request, 1);
  (void)fresh.expect<RegisterOk>();

  const auto frame = old.next_frame();

  ASSERT_TRUE(frame);
  auto answer = wire::decode_answer(frame->first);
  ASSERT_TRUE(answer);
  const auto& push = std::get<PushBody>(*answer);
  EXPECT_EQ(std::get<Fenced>(push).reason, Reason::replaced);
}

}  // namespace
}  // namespace muster::broker
