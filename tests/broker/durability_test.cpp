/// The durability rule: nothing is told before what it rests on is on the disk, and heartbeats
/// never wait.
#include "harness.hpp"

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

TEST(Durability, ReplyWaitsForTheDisk) {
  TestHost t;
  const Connection c = t.connect(0);
  t.store->close_gate();

  const std::uint64_t asked = t.submit(c, CreateTopic{TopicName{"work"}, 4});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));
  t.turns(0);

  EXPECT_FALSE(c.peer->answer_to(asked));
  EXPECT_EQ(t.host->views()[0]->topics.size(), 0U);
  t.store->open_gate();
  EXPECT_EQ(c.peer->expect<TopicChanged>(asked).partitions, 4);
}

TEST(Durability, HeartbeatsAreAnsweredWhileTheDiskStandsStill) {
  TestHost t;
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");
  t.store->close_gate();
  const std::uint64_t held = t.submit(
      c, AlterGroup{.group = GroupId{"g"}, .assignor = "range", .first_assignment_delay = {}});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  // Twenty times the session timeout, in steps that a healthy loop makes.
  for (std::uint32_t i = 1; i <= 60; ++i) {
    t.clock.advance(40ms);
    t.turns(0, 2);
    t.turns(1, 2);
    const auto beat = t.ask<HeartbeatOk>(c, Heartbeat{.session = ok.session, .sequence = i});
    EXPECT_EQ(beat.sequence, i);
  }

  EXPECT_FALSE(c.peer->answer_to(held));
  EXPECT_EQ(t.metric("muster_expulsions_total"), 0U);
  t.store->open_gate();
  (void)c.peer->expect<Done>(held);
}

TEST(Durability, LaterAnswersToTheSameConnectionKeepTheirPlace) {
  TestHost t({.shards = 1, .threads = 1, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  t.store->close_gate();
  const std::uint64_t first = t.submit(c, CreateTopic{TopicName{"a"}, 1});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  const std::uint64_t second = t.submit(c, CreateTopic{TopicName{"b"}, 1});
  const std::uint64_t third =
      t.submit(c, CreateTopic{TopicName{"b"}, -1});  // refused, needs no disk
  t.turns(0);
  EXPECT_TRUE(c.peer->told().empty());
  t.store->open_gate();
  (void)c.peer->wait_for(third);

  std::vector<std::uint64_t> order;
  for (const auto& told : c.peer->told()) order.push_back(told.correlation);
  EXPECT_EQ(order, (std::vector{first, second, third}));
}

TEST(Durability, AnswerComesAfterThePictureThatItTellsOf) {
  TestHost t;
  const Connection c = t.connect(1);

  for (int i = 0; i < 20; ++i) {
    const Revision before = t.host->views()[0]->revision;
    const std::uint64_t asked = t.submit(c, CreateTopic{TopicName{"t" + std::to_string(i)}, 1});
    (void)c.peer->expect<TopicChanged>(asked);
    EXPECT_GT(c.peer->told().back().published[0], before);
  }
}

TEST(Durability, OthersOfTheShardGoOnWhenAHeldOneIsReleased) {
  TestHost t({.shards = 1, .threads = 1, .options = {}, .store = {}});
  const Connection a = t.connect(0);
  const Connection b = t.connect(0);
  t.store->close_gate();
  const std::uint64_t first = t.submit(a, CreateTopic{TopicName{"a"}, 1});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  // While one append stands at the gate the next batch gathers: both requests share it.
  const int before = t.store->appends;
  const std::uint64_t second = t.submit(b, CreateTopic{TopicName{"b"}, 1});
  const std::uint64_t third = t.submit(a, CreateTopic{TopicName{"c"}, 1});
  t.turns(0);
  t.store->open_gate();
  (void)a.peer->expect<TopicChanged>(first);
  (void)b.peer->expect<TopicChanged>(second);
  (void)a.peer->expect<TopicChanged>(third);

  EXPECT_EQ(t.store->appends - before, 2);
}

TEST(Durability, AfterAFailedWriteNothingIsSentAnyMore) {
  TestHost t;
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");
  t.store->close_gate();
  const std::uint64_t asked = t.submit(c, CreateTopic{TopicName{"work"}, 4});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));
  t.store->fail();
  ASSERT_TRUE(eventually([&] { return t.failures == 1; }));

  const std::size_t told = c.peer->told().size();
  const std::uint64_t beat = t.submit(c, Heartbeat{.session = ok.session, .sequence = 9});
  const std::uint64_t other = t.submit(c, CreateTopic{TopicName{"more"}, 4});
  t.turns(0);
  t.turns(1);

  EXPECT_TRUE(t.host->silent());
  EXPECT_FALSE(c.peer->answer_to(asked));
  EXPECT_FALSE(c.peer->answer_to(beat));
  EXPECT_FALSE(c.peer->answer_to(other));
  EXPECT_EQ(c.peer->told().size(), told);
  EXPECT_EQ(t.failures, 1);
  EXPECT_EQ(t.host->views()[0]->topics.size(), 0U);
}

TEST(Durability, RemovedMembersBeatIsRefusedOnlyOnceTheRemovalIsDurable) {
  TestHost t;
  const Connection member = t.connect(0);
  const Connection other = t.connect(1);
  const JoinOk ok = t.join(member, "g", "m");
  t.store->close_gate();
  t.submit(other, ExpelMember{GroupId{"g"}, MemberId{"m"}, "because"});
  ASSERT_TRUE(eventually([&] { return t.store->somebody_waits(); }));

  const std::uint64_t beat = t.submit(member, Heartbeat{.session = ok.session, .sequence = 1});
  t.turns(0);
  t.turns(1);

  EXPECT_FALSE(member.peer->answer_to(beat));
  t.store->open_gate();
  const Refusal refusal = member.peer->expect<Refusal>(beat);
  EXPECT_NE(refusal.code, Errc::ok);
}

}  // namespace
}  // namespace muster::broker
