/// What happens at the bounds: refused with a sentence, counted, and heartbeats go on.
#include "harness.hpp"

namespace muster::broker {
namespace {

TEST(Bounds, FullQueueRefusesAndSaysSo) {
  TestHost::Setup setup;
  setup.shards = 1;
  setup.threads = 1;
  setup.options.max_queue = 2;
  TestHost t(setup);
  const Connection c = t.connect(0);

  t.on_loop(0, [&] {  // all before the next turn
    for (std::uint64_t i = 1; i <= 3; ++i) {
      t.host->submit(0, c.id, i, CreateTopic{TopicName{"t" + std::to_string(i)}, 1}, {});
    }
  });

  EXPECT_EQ(c.peer->expect<TopicChanged>(1).partitions, 1);
  EXPECT_EQ(c.peer->expect<TopicChanged>(2).partitions, 1);
  const Refusal refusal = c.peer->expect<Refusal>(3);
  EXPECT_EQ(refusal.code, Errc::overloaded);
  EXPECT_NE(refusal.message.find("bound of 2"), std::string::npos) << refusal.message;
  EXPECT_EQ(t.metric("muster_refused_queue_total"), 1U);
}

TEST(Bounds, HeartbeatsAreShedLast) {
  TestHost::Setup setup;
  setup.shards = 1;
  setup.threads = 1;
  setup.options.max_queue = 2;
  TestHost t(setup);
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");

  t.on_loop(0, [&] {
    t.host->submit(0, c.id, 101, CreateTopic{TopicName{"a"}, 1}, {});
    t.host->submit(0, c.id, 102, CreateTopic{TopicName{"b"}, 1}, {});
    t.host->submit(0, c.id, 103, Heartbeat{.session = ok.session, .sequence = 3}, {});
    t.host->submit(0, c.id, 104, Heartbeat{.session = ok.session, .sequence = 4}, {});
    t.host->submit(0, c.id, 105, Heartbeat{.session = ok.session, .sequence = 5}, {});
  });

  EXPECT_EQ(c.peer->expect<HeartbeatOk>(103).sequence, 3U);
  EXPECT_EQ(c.peer->expect<HeartbeatOk>(104).sequence, 4U);
  EXPECT_EQ(c.peer->expect<Refusal>(105).code, Errc::overloaded);
}

TEST(Bounds, LowDiskRefusesWhatAddsAndLetsTheRestGoOn) {
  TestHost::Setup setup;
  setup.options.min_free_bytes = 1'000;
  TestHost t(setup);
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");
  t.store->set_free(999);
  ASSERT_TRUE(eventually([&] { return t.metric("muster_store_free_bytes") == 999; }));

  const Refusal refusal = t.refused(c, CreateTopic{TopicName{"work"}, 1});
  EXPECT_EQ(refusal.code, Errc::store_full);
  EXPECT_NE(refusal.message.find("999"), std::string::npos) << refusal.message;
  EXPECT_NE(refusal.message.find("1000"), std::string::npos) << refusal.message;
  Join stranger;
  stranger.group = GroupId{"g"};
  stranger.member = MemberId{"new"};
  EXPECT_EQ(t.refused(c, std::move(stranger)).code, Errc::store_full);

  EXPECT_EQ(t.ask<HeartbeatOk>(c, Heartbeat{.session = ok.session, .sequence = 1}).sequence, 1U);
  const JoinOk again = t.join(c, "g", "m");  // is there, so it adds nothing
  (void)t.ask<Done>(c, Leave{again.session});
  EXPECT_EQ(t.metric("muster_refused_pressure_total"), 2U);

  t.store->set_free(1'000);
  ASSERT_TRUE(eventually([&] { return t.metric("muster_store_free_bytes") == 1'000; }));
  t.create_topic(c, "work", 1);
}

TEST(Bounds, DiskThatIsFarBehindRefusesWhatAdds) {
  TestHost::Setup setup;
  setup.options.max_unsynced_bytes = 1;
  TestHost t(setup);
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");
  t.store->close_gate();
  const std::uint64_t held = t.submit(c, CreateTopic{TopicName{"a"}, 1});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  // Another shard's connection, so that nothing is held before it.
  const Connection other = t.connect(1);
  const Refusal refusal = t.refused(other, CreateTopic{TopicName{"b"}, 1});
  EXPECT_EQ(refusal.code, Errc::overloaded);
  EXPECT_NE(refusal.message.find("wait for the disk"), std::string::npos) << refusal.message;
  EXPECT_EQ(t.ask<HeartbeatOk>(c, Heartbeat{.session = ok.session, .sequence = 1}).sequence, 1U);

  t.store->open_gate();
  (void)c.peer->expect<TopicChanged>(held);
  ASSERT_TRUE(eventually([&] { return t.metric("muster_store_unsynced_bytes") == 0; }));
  t.create_topic(other, "b", 1);
}

}  // namespace
}  // namespace muster::broker
