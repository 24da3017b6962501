/// Topics live in shard 0; every other shard hears of each change.
#include "harness.hpp"

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

bool all_know(const TestHost& t, std::uint64_t version) {
  return eventually([&] {
    for (const auto& view : t.host->views()) {
      if (view->catalogue_version < version) return false;
    }
    return true;
  });
}

std::vector<std::size_t> topic_counts(const TestHost& t) {
  std::vector<std::size_t> out;
  for (const auto& view : t.host->views()) out.push_back(view->topics.size());
  return out;
}

TEST(Catalogue, CreatedTopicReachesEveryShard) {
  TestHost t({.shards = 5, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(0);

  const TopicChanged made = t.create_topic(c, "work", 3);

  EXPECT_TRUE(all_know(t, made.catalogue_version));
  EXPECT_EQ(topic_counts(t), std::vector<std::size_t>(5, 1));
}

TEST(Catalogue, GrownAndDeletedTopicsReachEveryShard) {
  TestHost t({.shards = 3, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  t.create_topic(c, "work", 3);
  t.create_topic(c, "other", 3);

  const auto grown = t.ask<TopicChanged>(c, GrowTopic{TopicName{"work"}, 7});
  ASSERT_TRUE(all_know(t, grown.catalogue_version));
  for (const auto& view : t.host->views()) EXPECT_EQ((*view->topics.find("work"))->partitions, 7);

  const auto gone = t.ask<TopicChanged>(c, DeleteTopic{TopicName{"work"}});
  ASSERT_TRUE(all_know(t, gone.catalogue_version));
  for (const auto& view : t.host->views()) {
    EXPECT_EQ(view->topics.find("work"), nullptr);
    EXPECT_NE(view->topics.find("other"), nullptr);
  }
}

TEST(Catalogue, JoinThatNamesTheVersionGetsTheNewTopicInEveryShard) {
  TestHost t({.shards = 6, .threads = 3, .options = {}, .store = {}});
  const Connection c = t.connect(0);
  const TopicChanged made = t.create_topic(c, "work", 5);

  for (ShardIndex shard = 0; shard < 6; ++shard) {
    const Connection member = t.connect(shard % 3);
    Join join;
    join.group = GroupId{t.group_of(shard)};
    join.topics = {TopicName{"work"}};
    join.catalogue_version = made.catalogue_version;
    (void)t.ask<JoinOk>(member, std::move(join));
    t.clock.advance(60ms);
    EXPECT_TRUE(member.peer->gets_work(5)) << "shard " << shard;
  }
}

TEST(Catalogue, ShardThatMissedAChangeGetsTheWholeAtTheNextStart) {
  auto store = std::make_shared<GateStore>(3);
  {
    // A catalogue of shard 0 alone: what a crash leaves between its durable change and the others'.
    TestHost t({.shards = 3, .threads = 1, .options = {}, .store = store});
    const Connection c = t.connect(0);
    t.create_topic(c, "work", 3);
    t.host->stop();
  }

  TestHost t({.shards = 3, .threads = 1, .options = {}, .store = store});

  EXPECT_EQ(topic_counts(t), std::vector<std::size_t>(3, 1));
}

TEST(Catalogue, ManyChangesArriveInOrder) {
  TestHost t({.shards = 3, .threads = 2, .options = {}, .store = {}});
  const Connection c = t.connect(1);
  t.create_topic(c, "work", 1);

  std::uint64_t last = 0;
  for (int n = 2; n <= 40; ++n) last = t.submit(c, GrowTopic{TopicName{"work"}, n});
  const auto grown = c.peer->expect<TopicChanged>(last);

  ASSERT_TRUE(all_know(t, grown.catalogue_version));
  for (const auto& view : t.host->views()) EXPECT_EQ((*view->topics.find("work"))->partitions, 40);
}

}  // namespace
}  // namespace muster::broker
