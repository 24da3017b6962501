#include "door.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <sys/socket.h>

namespace muster::broker::http {
namespace {

constexpr auto follow = "Accept: text/event-stream\r\n";

std::string part(const std::string& frame, const std::string& name) {
  const auto at = ("\n" + frame).find("\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return frame.substr(begin, frame.find('\n', begin) - begin);
}

/// Reads frames until one of this kind.
std::string next_of(Client& client, const std::string& kind) {
  for (int i = 0; i < 1'000; ++i) {
    std::string frame = client.next_event();
    if (frame.empty() || part(frame, "event") == kind) return frame;
  }
  return {};
}

TEST(Events, ARangeGoesOnWhereItEnded) {
  TestDoor t;
  t.create_topic("work", 1);
  std::vector<std::string> ids;
  std::string after;
  ASSERT_TRUE(eventually([&] {
    const auto page = t.get("/v1/events?limit=1&after=" + after).json();
    after = std::string(page.at("next").as_string());
    for (const auto& event : page.at("events").as_array())
      ids.emplace_back(event.at("id").as_string());
    return page.at("events").as_array().empty();
  }));

  const auto all = t.get("/v1/events").json().at("events").as_array();
  ASSERT_EQ(all.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(all[i].at("id").as_string(), ids[i]);
  EXPECT_EQ(ids.front().rfind(test_uuid, 0), 0U);
}

TEST(Events, OfOneGroupOnly) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 1, .options = {}, .door = {}});
  t.create_topic("work", 1);
  (void)t.join("mine", "a");
  (void)t.join("other", "b");

  const auto page = t.get("/v1/events?group=mine").json();

  ASSERT_FALSE(page.at("events").as_array().empty());
  for (const auto& event : page.at("events").as_array())
    EXPECT_EQ(event.at("group").as_string(), "mine");
}

TEST(Events, WhoAskedTooEarlyWaits) {
  TestDoor t;
  const std::string after = std::string(t.get("/v1/events").json().at("next").as_string());
  Client client = t.connect();

  client.send_get("/v1/events?wait=10m&after=" + after);
  ASSERT_TRUE(t.counts("muster_http_waiting"));
  t.create_topic("work", 1);

  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->json().at("events").at(0).at("kind").as_string(), "topic_created");
  EXPECT_TRUE(
      t.get("/v1/events?wait=20ms&after=" + std::string(answer->json().at("next").as_string()))
          .json()
          .at("events")
          .as_array()
          .empty());
}

TEST(Events, AStreamTellsThemAsTheyCome) {
  TestDoor t;
  Client client = t.connect();
  client.send_get("/v1/events", follow);
  const auto head = client.next_head();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->field("content-type"), "text/event-stream");
  EXPECT_EQ(head->field("cache-control"), "no-cache");
  EXPECT_FALSE(next_of(client, "broker_started").empty());

  t.create_topic("work", 5);

  const std::string frame = next_of(client, "topic_created");
  EXPECT_EQ(boost::json::parse(part(frame, "data")).at("partitions").as_int64(), 5);
  EXPECT_EQ(t.metric("muster_http_streams"), 1U);
}

TEST(Events, AStreamGoesOnBehindItsLastEventId) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 1, .options = {}, .door = {}});
  std::string id;
  {
    Client client = t.connect();
    client.send_get("/v1/events", follow);
    ASSERT_TRUE(client.next_head());
    t.create_topic("first", 1);
    id = part(next_of(client, "topic_created"), "id");
  }
  t.create_topic("second", 1);

  Client again = t.connect();
  again.send_get("/v1/events", std::string(follow) + "Last-Event-ID: " + id + "\r\n");
  ASSERT_TRUE(again.next_head());

  EXPECT_NE(again.next_event().find("\"topic\":\"second\""), std::string::npos);
}

TEST(Events, WhatTheRingHasDroppedIsNamed) {
  DoorSetup setup{.shards = 1, .threads = 1, .options = {}, .door = {}};
  setup.options.limits.event_ring_bytes = 4'000;
  TestDoor t(setup);
  const auto first = t.get("/v1/events").json();
  for (int i = 0; i < 100; ++i) t.create_topic("topic-" + std::to_string(i), 1);
  const std::string position = std::string(first.at("next").as_string());

  const auto page = t.get("/v1/events?after=" + position).json();
  const auto& lost = page.at("lost").at(0);
  EXPECT_EQ(lost.at("shard").as_int64(), 0);
  EXPECT_EQ(lost.at("last_lost").as_int64() + 1, page.at("events").at(0).at("number").as_int64());

  Client client = t.connect();
  client.send_get("/v1/events", std::string(follow) + "Last-Event-ID: " + position + "\r\n");
  ASSERT_TRUE(client.next_head());
  EXPECT_EQ(part(client.next_event(), "event"), "lost");
}

TEST(Events, APositionOfAnotherStoreBeginsAnew) {
  TestDoor t;
  EXPECT_EQ(t.get("/v1/events?after=ffffffff-0:5").code(), "other_store");
  Client client = t.connect();
  client.send_get("/v1/events", std::string(follow) + "Last-Event-ID: ffffffff-0:5\r\n");
  ASSERT_TRUE(client.next_head());
  EXPECT_EQ(part(client.next_event(), "event"), "reset");
  EXPECT_FALSE(next_of(client, "broker_started").empty());
}

TEST(Events, ASilentStreamSaysThatItLives) {
  DoorSetup setup;
  setup.door.keep_alive = std::chrono::milliseconds{20};
  TestDoor t(setup);
  Client client = t.connect();
  client.send_get("/v1/events?group=nobody", follow);
  ASSERT_TRUE(client.next_head());

  const std::uint64_t sent = t.metric("muster_http_sent_bytes_total");
  EXPECT_TRUE(eventually([&] { return t.metric("muster_http_sent_bytes_total") > sent + 20; }));
}

TEST(Events, WhoDoesNotReadAStreamIsCutAndBothersNobody) {
  DoorSetup setup{.shards = 1, .threads = 1, .options = {}, .door = {}};
  setup.door.read_timeout = std::chrono::milliseconds{200};
  TestDoor t(setup);
  Client client = t.connect();
  int small = 4'096;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  client.send_get("/v1/events", follow);
  ASSERT_TRUE(client.next_head());

  // By the door once the buffers are full, or by the kernel, which waits for an acknowledgement.
  const auto cuts = [&] {
    return t.metric("muster_http_closed_total{reason=\"not_reading\"}") +
           t.metric("muster_http_closed_total{reason=\"peer_reset\"}");
  };
  for (int i = 0; i < 3'000 && (i % 100 != 0 || cuts() == 0); ++i)
    t.create_topic("topic-" + std::to_string(i) + "-" + std::string(200, 'x'), 1);
  EXPECT_TRUE(eventually([&] { return cuts() == 1; }));
  EXPECT_EQ(t.get("/livez").status, 200);
  EXPECT_EQ(t.metric("muster_http_streams"), 0U);
}

}  // namespace
}  // namespace muster::broker::http
