// The mirror against a Kafka that does as the test says.
#include "fake_kafka.hpp"
#include "mirrored_host.hpp"

#include <gtest/gtest.h>

namespace muster::broker::mirror {
namespace {

TEST(Mirror, SendsEveryEventOnceAndInOrder) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  run.host->create_topic(run.connection, "work", 8);
  run.host->join(run.connection, "g", "a");
  run.make_events(200);

  ASSERT_TRUE(run.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  EXPECT_EQ(reading.repeats, 0);
  EXPECT_TRUE(reading.markers.empty());
}

TEST(Mirror, TellsOfTheEndTooBeforeItEnds) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  run.make_events(1);

  run.stop();

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  EXPECT_EQ(reading.events.back().kind, EventKind::broker_stopped);
}

using Header = std::pair<std::string_view, std::string>;

TEST(Mirror, MessagesAreCloudEventsWithTheGroupAsKey) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  run.host->join(run.connection, "the group", "a");
  ASSERT_TRUE(run.caught_up());

  bool found = false;
  for (const Message& message : kafka.log()) {
    if (message.headers[3].second != "muster.member_joined") continue;
    found = true;
    EXPECT_EQ(message.key, "the group");
    EXPECT_EQ(message.headers[0], Header("ce_specversion", "1.0"));
    EXPECT_EQ(message.headers[1].first, "ce_id");
    EXPECT_TRUE(message.headers[1].second.starts_with("00112233445566778899aabbccddeeff-"));
    EXPECT_EQ(message.headers[2], Header("ce_source", "/muster/00112233445566778899aabbccddeeff"));
    EXPECT_EQ(message.headers[5], Header("ce_dataschema", "urn:muster:event:1"));
    EXPECT_EQ(message.headers[6], Header("content-type", "application/json"));
    EXPECT_NE(message.value.find("\"id\":\"" + message.headers[1].second + "\""),
              std::string::npos);
  }
  EXPECT_TRUE(found);
}

TEST(Mirror, SendsNothingThatIsNotDurable) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  ASSERT_TRUE(run.caught_up());
  const std::size_t before = kafka.log().size();
  run.store->close_gate();
  run.host->submit(run.connection, CreateTopic{TopicName{"t"}, 1});
  ASSERT_TRUE(eventually([&] { return run.store->somebody_waits(); }));
  run.host->turns(0);

  EXPECT_EQ(kafka.log().size(), before);
  run.store->open_gate();

  EXPECT_TRUE(eventually([&] { return kafka.log().size() > before; }));
}

TEST(Mirror, AFailedProducerIsReplacedAndNothingIsLostOrOutOfOrder) {
  FakeKafka kafka;
  kafka.set_acknowledging(false);
  kafka.set_room(50);
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  run.make_events(100);
  ASSERT_TRUE(eventually([&] { return kafka.log().size() == 50; }));

  kafka.set_acknowledging(true);
  kafka.break_producer("the broker is gone");
  ASSERT_TRUE(eventually([&] { return kafka.producers() == 2; }));
  ASSERT_TRUE(run.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  EXPECT_EQ(run.host->metric("muster_mirror_failures_total"), 1U);
}

TEST(Mirror, ACrashBetweenSendingAndAcknowledgementRepeatsAndLosesNothing) {
  FakeKafka kafka;
  kafka.set_acknowledging(false);
  std::shared_ptr<GateStore> store;
  {
    MirroredHost first(
        {.mirror = {.drain = std::chrono::milliseconds{0}}, .producer = kafka.factory()});
    store = first.store;
    first.make_events(60);
    ASSERT_TRUE(first.reaches("muster_mirror_in_flight", 60));
  }
  const std::size_t sent = kafka.log().size();
  ASSERT_GE(sent, 60U);
  kafka.set_acknowledging(true);
  MirroredHost second({.mirror = {}, .producer = kafka.factory(), .store = store});
  second.make_events(5);

  ASSERT_TRUE(second.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(second.last_events());
  EXPECT_GE(reading.repeats, 60);
}

TEST(Mirror, GoesOnWhereItWasAfterACleanEnd) {
  FakeKafka kafka;
  std::shared_ptr<GateStore> store;
  {
    MirroredHost first({.mirror = {}, .producer = kafka.factory()});
    store = first.store;
    first.make_events(20);
    ASSERT_TRUE(first.caught_up());
  }
  MirroredHost second({.mirror = {}, .producer = kafka.factory(), .store = store});
  second.make_events(5);

  ASSERT_TRUE(second.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(second.last_events());
  EXPECT_EQ(reading.repeats, 0);
}

TEST(Mirror, WhatLeftTheRingComesFromTheStore) {
  FakeKafka kafka;
  kafka.set_room(0);
  MirroredHost run({.mirror = {}, .producer = kafka.factory(), .ring_bytes = 4'096});
  run.make_events(2'000);
  std::size_t in_ring = 0;
  run.host->host->views()[0]->events.for_each([&](std::uint64_t, const auto&) { ++in_ring; });
  ASSERT_LT(in_ring, 50U) << "memory is bounded by the ring";

  kafka.set_room(1'000);
  ASSERT_TRUE(run.caught_up());

  read(kafka.log()).expect_whole(run.last_events());
}

/// A store in which so many events wait for a mirror.
std::shared_ptr<GateStore> full_outbox(FakeKafka& kafka, int events) {
  kafka.set_room(0);
  MirroredHost run({.mirror = {.drain = std::chrono::milliseconds{0}},
                    .producer = kafka.factory(),
                    .ring_bytes = 4'096});
  run.make_events(events);
  return run.store;
}

TEST(Mirror, AFullOutboxIsReadInPagesAfterAStart) {
  FakeKafka kafka;
  const auto store = full_outbox(kafka, 5'000);
  store->longest_read = 0;

  MirroredHost run(
      {.mirror = {}, .producer = kafka.factory(), .store = store, .ring_bytes = 4'096});
  EXPECT_TRUE(run.reaches("muster_mirror_lag_events", 5'000)) << "counted while Kafka is away";
  EXPECT_TRUE(kafka.log().empty());
  kafka.set_room(1'000'000);
  ASSERT_TRUE(run.caught_up());

  EXPECT_LE(store->longest_read, 1'000U);
  read(kafka.log()).expect_whole(run.last_events());
}

TEST(Mirror, ASmallerBoundAfterAStartDropsTheOldestAndAMarkerNamesThem) {
  FakeKafka kafka;
  const auto store = full_outbox(kafka, 3'000);

  MirroredHost run({.mirror = {.outbox_bytes = 64 << 10},
                    .producer = kafka.factory(),
                    .store = store,
                    .ring_bytes = 4'096});
  ASSERT_TRUE(run.reaches("muster_mirror_lost_total", 2'000));
  kafka.set_room(1'000'000);
  ASSERT_TRUE(run.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  ASSERT_EQ(reading.markers.size(), 1U);
  EXPECT_EQ(reading.markers[0].number - reading.markers[0].first_lost + 1,
            run.host->metric("muster_mirror_lost_total"));
}

TEST(Mirror, WhatHasPassedLeavesTheStore) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {.note_interval = std::chrono::milliseconds{1}},
                    .producer = kafka.factory(),
                    .ring_bytes = 4'096});
  run.make_events(500);
  ASSERT_TRUE(run.caught_up());

  EXPECT_TRUE(eventually([&] {
    std::size_t kept = 0;
    run.store->read_events(0, 0, [&](const auto&) { return ++kept < 1'000; });
    return kept < 50;
  }));
}

TEST(Mirror, OneMessageThatDoesNotArriveHoldsUpABoundedNumberOfOthers) {
  constexpr std::uint64_t most = 400;
  FakeKafka kafka;
  MirroredHost run({.mirror = {.most_in_flight = most}, .producer = kafka.factory()});
  ASSERT_TRUE(run.caught_up());
  const std::size_t before = kafka.log().size();
  kafka.set_stuck(true);
  run.make_events(1'000);
  ASSERT_TRUE(run.reaches("muster_mirror_lag_events", 1'000));
  ASSERT_TRUE(run.reaches("muster_mirror_in_flight", most / 4));  // all of them are shard 0's

  EXPECT_EQ(run.host->metric("muster_mirror_in_flight"), most / 4);
  EXPECT_EQ(kafka.log().size(), before + most / 4);
  kafka.set_stuck(false);
  ASSERT_TRUE(run.caught_up());
  read(kafka.log()).expect_whole(run.last_events());
}

TEST(Mirror, AFullOutboxDropsTheOldestAndAMarkerNamesThemExactly) {
  FakeKafka kafka;
  kafka.set_room(0);
  MirroredHost run(
      {.mirror = {.outbox_bytes = 64 << 10}, .producer = kafka.factory(), .ring_bytes = 4'096});
  run.make_events(2'000);
  ASSERT_TRUE(run.reaches("muster_mirror_lost_total", 100));
  EXPECT_LE(run.host->metric("muster_mirror_outbox_bytes"), 64U << 10);

  kafka.set_room(1'000'000);
  ASSERT_TRUE(run.caught_up());
  const std::uint64_t lost = run.host->metric("muster_mirror_lost_total");

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  ASSERT_EQ(reading.markers.size(), 1U);
  EXPECT_EQ(reading.markers[0].number - reading.markers[0].first_lost + 1, lost);
  EXPECT_EQ(reading.markers[0].reason, Reason::outbox_full);
}

TEST(Mirror, WhatIsOnItsWayIsNeverDropped) {
  FakeKafka kafka;
  kafka.set_acknowledging(false);
  kafka.set_room(100);
  MirroredHost run({.mirror = {.outbox_bytes = 64 << 10}, .producer = kafka.factory()});
  run.make_events(150);
  ASSERT_TRUE(eventually([&] { return kafka.log().size() == 100; }));
  run.make_events(1'500);
  ASSERT_TRUE(run.reaches("muster_mirror_lost_total", 100));
  kafka.set_room(1'000'000);
  kafka.break_producer("broken while the outbox was full");  // all that was on its way comes again
  kafka.set_acknowledging(true);
  ASSERT_TRUE(eventually([&] { return kafka.producers() == 2; }));
  ASSERT_TRUE(run.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(run.last_events());
  ASSERT_EQ(reading.markers.size(), 1U);
  EXPECT_EQ(run.host->metric("muster_mirror_lost_total"),
            reading.markers[0].number - reading.markers[0].first_lost + 1);
}

TEST(Mirror, AHoleThatAnEarlierRunLeftIsMarkedAfterACrash) {
  FakeKafka kafka;
  kafka.set_room(0);
  std::shared_ptr<GateStore> store;
  std::uint64_t lost = 0;
  {
    MirroredHost first({.mirror = {.outbox_bytes = 64 << 10, .drain = std::chrono::milliseconds{0}},
                        .producer = kafka.factory()});
    store = first.store;
    first.make_events(2'000);
    ASSERT_TRUE(first.reaches("muster_mirror_lost_total", 100));
    first.stop();
    lost = first.host->metric("muster_mirror_lost_total");
  }
  kafka.set_room(1'000'000);
  MirroredHost second({.mirror = {}, .producer = kafka.factory(), .store = store});

  ASSERT_TRUE(second.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(second.last_events());
  ASSERT_EQ(reading.markers.size(), 1U);
  // Those that the first run had counted, but not yet removed when it ended, are there after all.
  const std::uint64_t marked = reading.markers[0].number - reading.markers[0].first_lost + 1;
  EXPECT_LE(marked, lost);
  EXPECT_GE(marked, 100U);
}

TEST(Mirror, WhatWasLostWhileItWasOffIsMarked) {
  FakeKafka kafka;
  std::shared_ptr<GateStore> store;
  {
    MirroredHost first({.mirror = {}, .producer = kafka.factory(), .ring_bytes = 4'096});
    store = first.store;
    first.make_events(20);
    ASSERT_TRUE(first.caught_up());
  }
  {
    MirroredHost off({.mirror = {}, .producer = nullptr, .store = store, .ring_bytes = 4'096});
    off.make_events(500);
  }
  MirroredHost third(
      {.mirror = {}, .producer = kafka.factory(), .store = store, .ring_bytes = 4'096});

  ASSERT_TRUE(third.caught_up());

  const Reading reading = read(kafka.log());
  reading.expect_whole(third.last_events());
  EXPECT_EQ(reading.markers.size(), 1U);
}

TEST(Mirror, ANewOneStartsNowIfAsked) {
  FakeKafka kafka;
  std::shared_ptr<GateStore> store;
  {
    MirroredHost first({.mirror = {}, .producer = nullptr});
    store = first.store;
    first.make_events(20);
  }
  MirroredHost second({.mirror = {.from_now = true}, .producer = kafka.factory(), .store = store});
  const std::uint64_t before = second.last_events()[0];
  second.make_events(3);

  ASSERT_TRUE(second.reaches("muster_mirror_events_total", 3));

  EXPECT_EQ(read(kafka.log()).numbers.at(0),
            (std::vector<std::uint64_t>{before + 1, before + 2, before + 3}));
}

TEST(Mirror, AnotherTopicIsANewMirrorWithAllThatIsKept) {
  FakeKafka one;
  FakeKafka other;
  std::shared_ptr<GateStore> store;
  {
    MirroredHost first({.mirror = {}, .producer = one.factory()});
    store = first.store;
    first.make_events(20);
    ASSERT_TRUE(first.caught_up());
  }
  MirroredHost second(
      {.mirror = {.reader = "kafka:other"}, .producer = other.factory(), .store = store});

  ASSERT_TRUE(second.caught_up());

  read(other.log()).expect_whole(second.last_events());
}

TEST(Mirror, TheTopicAloneTellsWhoOwnsWhat) {
  FakeKafka kafka;
  MirroredHost run({.mirror = {}, .producer = kafka.factory()});
  run.host->create_topic(run.connection, "work", 12);
  run.host->join(run.connection, "g", "a");
  ASSERT_TRUE(eventually([&] {  // changes are gathered for 5 ms of a clock that stands still
    run.host->clock.advance(Millis{1});
    return !run.connection.peer->steps().empty() &&
           !run.connection.peer->steps().back().assigned.empty();
  }));
  ASSERT_TRUE(run.caught_up());

  const Reading reading = read(kafka.log());

  EXPECT_TRUE(reading.story.contradictions().empty());
  const auto& partitions = reading.story.groups().at("g").at("a").partitions;
  ASSERT_EQ(partitions.size(), 12U);
  const auto steps = run.connection.peer->steps();
  for (const OwnedPartitions& part : steps.back().assigned)
    for (std::size_t i = 0; i < part.partitions.size(); ++i)
      EXPECT_EQ(partitions.at({part.topic, part.partitions[i]}).token, part.tokens[i]);
}

}  // namespace
}  // namespace muster::broker::mirror
