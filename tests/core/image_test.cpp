// An image is the whole shard: what is restored from it goes on alike. The random walk says so for
// everything that happens; here are the states that a walk may miss, and images that are none.
#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {
namespace {

using core::Image;

TEST(Image, OfAFreshShardIsRestored) {
  Scenario s;
  s.twin();

  s.create_topic("t", 4);
  s.join("g", "a");
  s.advance(Millis{10'000});

  EXPECT_EQ(s.owned("a").size(), 4U);
}

TEST(Image, KeepsSlotsThatWereGivenBack) {
  Scenario s;
  s.create_topic("t", 4);
  for (const char* id : {"a", "b", "c", "d"}) s.join("g", id);
  s.leave(s.member("b"));
  s.leave(s.member("a"));

  s.twin();
  s.join("g", "e");
  s.join("g", "f");
  s.join("g", "h");
  s.advance(Millis{10'000});

  EXPECT_EQ(s.members("g").size(), 5U);
}

TEST(Image, KeepsWhatWaits) {
  Scenario s;
  s.create_topic("t", 6);
  s.join("g", "a").releasing = false;
  s.advance(Millis{100});
  s.join("g", "b");
  s.twin();  // b's change is being gathered
  s.advance(Millis{100});
  s.twin();  // a has been asked to release
  Join late;
  late.group = GroupId{"g"};
  late.member = MemberId{"c"};
  late.topics = {TopicName{"t"}};
  late.session_timeout = Millis{3'000};
  late.rebalance_timeout = late.max_poll_interval = Millis{10'000};
  late.catalogue_version = 99;
  s.step({.id = {77}, .from = {55}, .command = Request{late}});
  s.twin();  // c's join is parked

  s.advance(Millis{20'000});

  EXPECT_EQ(s.members("g").size(), 1U) << "a was expelled for not releasing, c never beat";
}

TEST(Image, KeepsTheTimeThatWasCredited) {
  Scenario s;
  s.create_topic("t", 1);
  s.join("g", "a").beating = false;
  s.stall(Millis{60'000});
  s.twin();
  s.advance(Millis{2'990});
  EXPECT_EQ(s.members("g").size(), 1U);
  s.advance(Millis{40});

  EXPECT_TRUE(s.members("g").empty());
}

TEST(Image, KeepsWhoWasNotHeardSinceARestart) {
  Scenario s;
  s.create_topic("t", 2);
  s.join("g", "a");
  s.join("g", "b");
  s.restart();
  s.resume(s.member("a"));
  s.advance(Millis{1'500});
  s.twin();
  s.advance(Millis{5'000});

  EXPECT_EQ(s.members("g"), std::vector<std::string>{"a"});
}

TEST(Image, KeepsWhenTheLastReleaseCame) {
  Scenario s;
  s.create_topic("t", 6);
  s.join("g", "a").releasing = false;
  s.advance(Millis{100});
  s.join("g", "b").beating = false;
  s.advance(Millis{2'600});  // b is late, and takes nothing new
  s.release(s.member("a"));
  s.twin();
  s.advance(Millis{100});
  s.resume(s.member("b"));

  const EpochHistory settled = s.history("g").front();
  EXPECT_GT(settled.revoked, Millis{2'000});
  EXPECT_GT(settled.settled, settled.revoked);
}

TEST(Image, KeepsHowFarTheNotesOfTheSilentAre) {
  core::ShardOptions options;
  options.limits.notes_per_tick = 1;
  Scenario s(options);
  s.create_topic("t", 2);
  for (const char* id : {"a", "b", "c", "d"}) s.join("g", id).beating = false;
  s.restart();
  s.twin_always();
  std::vector<std::string> noted;
  s.on_step = [&](const core::Effects& effects) {
    for (const core::Record& record : effects.records)
      if (record.key.kind == core::RecordKind::silence) noted.push_back(record.key.member);
  };

  s.advance(Millis{1'500});

  EXPECT_EQ(noted, (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(Image, KeepsThatTheTermIsTheLast) {
  core::Shard last;
  core::Effects effects;
  last.step({.command = core::Loaded{.term_floor = max_term, .revision_floor = 1'000}}, {},
            effects);
  const Image image = last.image();

  core::Shard again;
  ASSERT_TRUE(again.restore(image));
  EXPECT_TRUE(again.image().run == image.run);
  again.step({.id = {1}, .command = Request{CreateTopic{TopicName{"t"}, 1}}}, {}, effects);

  ASSERT_EQ(effects.replies.size(), 1U);
  EXPECT_EQ(outcome(effects.replies[0].body), "epoch_exhausted");
}

TEST(Image, OfARestoredShardIsTheSameToTheByte) {
  Scenario s;
  s.create_topic("t", 2);
  for (int i = 0; i < 50; ++i) s.join("group-" + std::to_string(i), "m" + std::to_string(i));
  const Image image = s.shard().image();

  core::Shard again;
  ASSERT_TRUE(again.restore(image));

  EXPECT_TRUE(again.image().run == image.run);
}

TEST(Image, CutAnywhereItIsRefused) {
  Scenario s;
  s.create_topic("t", 2);
  s.join("g", "a");
  s.join("g", "b");
  const Image image = s.shard().image();

  for (std::size_t size = 0; size < image.run.size(); size += 1 + size / 64) {
    Image cut = image;
    cut.run.resize(size);
    core::Shard shard;
    EXPECT_FALSE(shard.restore(cut)) << size;
  }
}

}  // namespace
}  // namespace muster::test
