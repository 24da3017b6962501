#include "harness.hpp"

#include <boost/asio/post.hpp>

#include <future>
#include <thread>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

TEST(Host, AnswersAJoinAndPushesTheWork) {
  TestHost t;
  const Connection c = t.connect(0);
  t.create_topic(c, "work", 8);

  const JoinOk ok = t.join(c, "g", "m");

  EXPECT_EQ(ok.member.value, "m");
  EXPECT_EQ(ok.heartbeat_interval, heartbeat_interval(ok.session_timeout));
  t.clock.advance(100ms);
  EXPECT_TRUE(c.peer->gets_work(8));
  EXPECT_GT(c.peer->flushes, 0);
}

TEST(Host, SameAnswersOnEveryLoopAndShard) {
  TestHost t({.shards = 6, .threads = 3, .options = {}, .store = {}});
  const Connection first = t.connect(0);
  t.create_topic(first, "work", 4);

  for (std::uint32_t loop = 0; loop < 3; ++loop) {
    for (ShardIndex shard = 0; shard < 6; ++shard) {
      const Connection c = t.connect(loop);
      const std::string group = t.group_of(shard);
      const JoinOk ok = t.join(c, group, "m" + std::to_string(loop));
      EXPECT_EQ(shard_of(ok.session), shard);
      const auto beat = t.ask<HeartbeatOk>(c, Heartbeat{.session = ok.session, .sequence = 7});
      EXPECT_EQ(beat.sequence, 7U);
    }
  }
}

TEST(Host, LoopOfAGroupDrivesItsShard) {
  TestHost t({.shards = 8, .threads = 3, .options = {}, .store = {}});

  for (ShardIndex shard = 0; shard < 8; ++shard) {
    EXPECT_EQ(t.host->loop_of(t.group_of(shard)), shard % 3);
  }
}

TEST(Host, DeferredWorkWaitsForWhatIsReadyAndForNothingElse) {
  TestHost t;
  const Connection c = t.connect(0);
  t.create_topic(c, "work", 4);
  const JoinOk joined = t.join(c, t.group_of(0), "m");
  std::vector<bool> answered;  // when each piece of work was done
  std::atomic<int> done{0};

  t.on_loop(0, [&] {
    for (int i = 0; i < 3; ++i) {
      t.host->defer(0, [&] {
        answered.push_back(c.peer->answer_to(1'000).has_value());
        ++done;
      });
    }
    t.host->submit(0, c.id, 1'000, Heartbeat{.session = joined.session, .sequence = 9});
  });

  EXPECT_TRUE(eventually([&] { return done == 3; })) << "though nothing else happens";
  EXPECT_EQ(answered, (std::vector<bool>{true, true, true}));
}

TEST(Host, WorkThatDefersMoreWorkKeepsNobodyWaiting) {
  TestHost t;
  const Connection c = t.connect(0);
  t.create_topic(c, "work", 4);
  const JoinOk joined = t.join(c, t.group_of(0), "m");
  std::atomic<bool> enough{false};
  std::function<void()> forever = [&] {
    if (!enough) t.host->defer(0, forever);
  };

  t.on_loop(0, [&] { forever(); });
  const auto beat = t.ask<HeartbeatOk>(c, Heartbeat{.session = joined.session, .sequence = 7});

  EXPECT_EQ(beat.sequence, 7U);
  enough = true;
  t.on_loop(0, [] {});
}

TEST(Host, AnswersToOneConnectionKeepTheOrderOfItsRequests) {
  TestHost t;
  const Connection c = t.connect(0);

  std::vector<std::uint64_t> asked;
  for (int i = 0; i < 50; ++i) {
    asked.push_back(t.submit(c, CreateTopic{TopicName{"t" + std::to_string(i)}, 1}));
  }
  (void)c.peer->wait_for(asked.back());

  std::vector<std::uint64_t> answered;
  for (const auto& told : c.peer->told()) {
    if (told.reply) answered.push_back(told.correlation);
  }
  EXPECT_EQ(answered, asked);
}

TEST(Host, HandleOfAnotherConnectionIsRefused) {
  TestHost t;
  const Connection mine = t.connect(0);
  const Connection other = t.connect(1);
  const JoinOk ok = t.join(mine, "g", "m");

  EXPECT_EQ(t.refused(other, Heartbeat{.session = ok.session}).code, Errc::unknown_session);
}

TEST(Host, HandleOfAShardThatDoesNotExistIsRefused) {
  TestHost t;
  const Connection c = t.connect(0);

  const SessionHandle nowhere{0xffff'0000'0000'0001};

  EXPECT_EQ(t.refused(c, Heartbeat{.session = nowhere}).code, Errc::unknown_session);
  EXPECT_EQ(t.refused(c, Leave{nowhere}).code, Errc::unknown_session);
}

TEST(Host, PongIsNeverAnsweredAndLeavesNothingBehind) {
  TestHost t;
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");

  for (int i = 0; i < 100; ++i) t.submit(c, Pong{.session = ok.session, .nonce = 1});
  (void)t.ask<HeartbeatOk>(c, Heartbeat{.session = ok.session});

  EXPECT_TRUE(eventually([&] { return t.metric("muster_open_requests") == 0; }));
}

TEST(Host, ClosedConnectionIsForgottenWithItsParkedRequests) {
  TestHost t;
  const Connection c = t.connect(0);
  Join join;
  join.group = GroupId{"g"};
  join.topics = {TopicName{"work"}};
  join.catalogue_version = 1'000'000;  // waits for a version that does not come
  t.submit(c, std::move(join));
  EXPECT_TRUE(eventually([&] { return t.metric("muster_open_requests") == 1; }));

  t.disconnect(c);

  EXPECT_TRUE(eventually([&] { return t.metric("muster_open_requests") == 0; }));
  EXPECT_EQ(t.metric("muster_loop_connections"), 0U);
}

TEST(Host, ConnectionsEndDoesNotEndItsSessions) {
  TestHost t;
  const Connection c = t.connect(0);
  const JoinOk ok = t.join(c, "g", "m");

  t.disconnect(c);
  const Connection again = t.connect(1);
  const auto resumed =
      t.ask<ResumeOk>(again, Resume{.group = ok.group, .member = ok.member, .member_epoch = 0});

  EXPECT_NE(resumed.session, ok.session);
  EXPECT_TRUE(t.has_member("g", "m"));
}

TEST(Host, PushThatAPeerDoesNotTakeIsCountedAndDisturbsNobody) {
  TestHost t;
  const Connection deaf = t.connect(0);
  const Connection other = t.connect(0);
  t.create_topic(other, "work", 4);
  t.join(deaf, "g", "m");
  t.join(other, "g", "n");
  deaf.peer->stop_reading();

  t.clock.advance(100ms);

  EXPECT_TRUE(eventually([&] { return t.metric("muster_loop_pushes_refused_total") > 0; }));
  EXPECT_TRUE(other.peer->gets_work(2));
}

TEST(Host, WatcherIsCalledOnItsLoopOnceTheViewIsNewer) {
  TestHost t;
  const Connection c = t.connect(0);
  std::thread::id loop;
  t.on_loop(1, [&] { loop = std::this_thread::get_id(); });
  const Revision before = t.host->views()[0]->revision;
  std::promise<std::pair<std::thread::id, Revision>> called;
  t.host->changed(1, 0, before, [&] {
    called.set_value({std::this_thread::get_id(), t.host->views()[0]->revision});
  });

  t.create_topic(c, "work", 1);

  const auto [thread, revision] = called.get_future().get();
  EXPECT_EQ(thread, loop);
  EXPECT_GT(revision, before);
}

TEST(Host, StopAnswersWhatIsDurableAndRefusesTheRest) {
  TestHost t;
  const Connection c = t.connect(0);
  const std::uint64_t asked = t.submit(c, CreateTopic{TopicName{"work"}, 1});

  t.host->stop();
  t.host->stop();  // once more does no harm

  EXPECT_TRUE(c.peer->answer_to(asked).has_value());
  EXPECT_EQ(t.store->flushes, 1);
}

TEST(Host, TermRisesWithEachStart) {
  auto store = std::make_shared<GateStore>(4);
  Term first = 0;
  {
    TestHost t({.shards = 4, .threads = 1, .options = {}, .store = store});
    first = t.host->term_of(3);
  }

  TestHost again({.shards = 4, .threads = 2, .options = {}, .store = store});

  EXPECT_GT(again.host->term_of(3), first);
}

TEST(Host, MembersOutliveARestartWithAnotherThreadCount) {
  auto store = std::make_shared<GateStore>(4);
  Epoch epoch = 0;
  {
    TestHost t({.shards = 4, .threads = 1, .options = {}, .store = store});
    const Connection c = t.connect(0);
    t.create_topic(c, "work", 4);
    t.join(c, "g", "m");
    t.clock.advance(100ms);
    ASSERT_TRUE(c.peer->gets_work(4));
    epoch = c.peer->steps().back().member_epoch;
  }

  TestHost t({.shards = 4, .threads = 3, .options = {}, .store = store});
  const Connection c = t.connect(2);
  (void)t.ask<ResumeOk>(
      c, Resume{.group = GroupId{"g"}, .member = MemberId{"m"}, .member_epoch = epoch});

  EXPECT_TRUE(c.peer->gets_work(4));
}

TEST(Host, BackupRunsOnTheStoresThread) {
  TestHost t;

  EXPECT_TRUE(t.host->backup("somewhere").has_value());

  EXPECT_EQ(t.store->backups, std::vector<std::string>{"somewhere"});
}

TEST(Host, LoopThatIsStuckIsNotResponsive) {
  TestHost t({.shards = 2, .threads = 2, .options = {}, .store = {}});
  t.turns(0);
  t.turns(1);
  ASSERT_TRUE(t.host->responsive(Millis{1'000}));
  std::promise<void> release;
  std::promise<void> stuck;
  boost::asio::post(t.host->loop(1), [&, released = release.get_future().share()] {
    stuck.set_value();
    released.wait();
  });
  stuck.get_future().wait();

  t.clock.advance(5s);
  t.turns(0);

  EXPECT_FALSE(t.host->responsive(Millis{1'000}));
  release.set_value();
  EXPECT_TRUE(eventually([&] { return t.host->responsive(Millis{1'000}); }));
}

}  // namespace
}  // namespace muster::broker
