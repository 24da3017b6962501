/// What the routes answer, over real sockets.
#include "door.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <set>

namespace muster::broker::http {
namespace {

using namespace std::chrono_literals;

std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

TEST(Routes, ProbesSayThatItLives) {
  const TestDoor t;
  for (const std::string path : {"/livez", "/readyz"}) {
    const Answer answer = t.get(path);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.json().at("ok").as_bool());
  }
}

TEST(Routes, AStoppingBrokerIsNotReady) {
  const TestDoor t;
  Client client = t.connect();
  EXPECT_EQ(client.get("/readyz").status, 200);

  t.door->close();

  const Answer answer = client.get("/readyz");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(text(answer.json().at("why")), "the broker is stopping");
  EXPECT_EQ(client.get("/livez").status, 200);
}

TEST(Routes, MetricsAreThoseOfTheHostAndOfEachGroup) {
  TestDoor t;
  t.create_topic("work", 4);
  (void)t.join("orders \"1\"", "a");

  const Answer answer = t.get("/metrics");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const std::string line :
       {"# TYPE muster_http_requests_total counter",
        "# HELP muster_group_members Members of the group.",
        "muster_group_members{group=\"orders \\\"1\\\"\"} 1", "muster_groups_without_series 0"})
    EXPECT_NE(answer.body.find(line + "\n"), std::string::npos) << line;
}

TEST(Routes, GroupsBeyondTheBoundHaveNoSeries) {
  DoorSetup setup;
  setup.door.metrics_groups = 2;
  TestDoor t(setup);
  t.create_topic("work", 1);
  for (const std::string group : {"a", "b", "c"}) (void)t.join(group, "m");

  const std::string body = t.get("/metrics").body;

  EXPECT_NE(body.find("muster_group_members{group=\"b\"}"), std::string::npos);
  EXPECT_EQ(body.find("muster_group_members{group=\"c\"}"), std::string::npos);
  EXPECT_NE(body.find("muster_groups_without_series 1\n"), std::string::npos);
}

TEST(Routes, AGroupIsToldWithMembersAndTokensAsText) {
  TestDoor t;
  t.create_topic("work", 2);
  (void)t.join("g", "a", "work", "10.0.0.1:99");
  ASSERT_TRUE(t.peer->gets_work(2));

  const Answer answer = t.get("/v1/groups/g");

  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto group = answer.json();
  EXPECT_EQ(text(group.at("group")), "g");
  const auto& member = group.at("members").at(0);
  EXPECT_EQ(text(member.at("member")), "a");
  EXPECT_EQ(text(member.at("client").at("address")), "10.0.0.1:99");
  EXPECT_EQ(text(member.at("assigned").at(0).at("topic")), "work");
  EXPECT_TRUE(member.at("assigned").at(0).at("tokens").at(0).is_string());
  EXPECT_GT(answer.index(), 0U);
}

TEST(Routes, ListsComeInPages) {
  TestDoor t;
  t.create_topic("work", 1);
  for (const std::string group : {"b", "a", "c", "bb"}) (void)t.join(group, "m");

  const auto first = t.get("/v1/groups?limit=2").json();
  EXPECT_EQ(text(first.at("groups").at(0).at("group")), "a");
  EXPECT_EQ(text(first.at("next")), "b");
  const auto second = t.get("/v1/groups?limit=2&after=b").json();
  EXPECT_EQ(text(second.at("groups").at(0).at("group")), "bb");
  EXPECT_EQ(text(second.at("groups").at(1).at("group")), "c");
  EXPECT_FALSE(second.as_object().contains("next"));
  EXPECT_EQ(t.get("/v1/groups?prefix=b").json().at("groups").as_array().size(), 2U);
  EXPECT_EQ(t.get("/v1/groups?prefix=b&after=b").json().at("groups").as_array().size(), 1U);
}

TEST(Routes, MembersComeInPages) {
  TestDoor t;
  t.create_topic("work", 4);
  for (const std::string member : {"a", "b", "c"}) (void)t.join("g", member);

  const auto first = t.get("/v1/groups/g/members?limit=2").json();
  EXPECT_EQ(first.at("members").as_array().size(), 2U);
  EXPECT_EQ(text(first.at("next")), "b");
  const auto second = t.get("/v1/groups/g/members?limit=2&after=b").json();
  ASSERT_EQ(second.at("members").as_array().size(), 1U);
  EXPECT_EQ(text(second.at("members").at(0).at("member")), "c");
}

TEST(Routes, OffsetsComeInPages) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 1, .options = {}, .door = {}});
  AlterOffsets alter{GroupId(std::string("g")), {}};
  for (const std::string topic : {"other", "work"}) {
    const TopicId id = t.ask<TopicChanged>(CreateTopic{TopicName(topic), 5}).id;
    for (PartitionIndex p = 0; p < 5; ++p)
      alter.offsets.push_back({{id, p}, 0, 100 + p, -1, "by hand"});
  }
  (void)t.ask<Done>(alter);
  const auto page = [&](const std::string& query) {
    return t.get("/v1/groups/g/offsets?" + query).json();
  };

  std::set<std::string> seen;
  std::int64_t from = 0;
  for (const std::size_t size : {4U, 4U, 2U}) {
    const auto part = page("limit=4&from=" + std::to_string(from));
    ASSERT_EQ(part.at("offsets").as_array().size(), size);
    for (const auto& one : part.at("offsets").as_array())
      seen.insert(text(one.at("topic")) + std::to_string(one.at("partition").as_int64()));
    ASSERT_EQ(part.as_object().contains("next"), size == 4U);
    if (size == 4U) from = part.at("next").as_int64();
  }
  EXPECT_EQ(seen.size(), 10U);
  const auto last = page("topic=work&limit=3&from=3");
  ASSERT_EQ(last.at("offsets").as_array().size(), 2U);
  EXPECT_EQ(last.at("offsets").at(1).at("offset").as_int64(), 104);
  EXPECT_FALSE(last.as_object().contains("next"));
  EXPECT_TRUE(page("topic=none").at("offsets").as_array().empty());
  EXPECT_TRUE(page("from=10").at("offsets").as_array().empty());
}

TEST(Routes, TopicsAndOffsetsAndWhy) {
  TestDoor t;
  t.create_topic("work", 4);
  (void)t.join("g", "a");
  ASSERT_TRUE(t.peer->gets_work(4));

  EXPECT_EQ(t.get("/v1/topics").json().at("topics").at(0).at("partitions").as_int64(), 4);
  EXPECT_EQ(text(t.get("/v1/topics/work").json().at("topic")), "work");
  EXPECT_EQ(t.get("/v1/topics/other").code(), "unknown_topic");
  EXPECT_TRUE(t.get("/v1/groups/g/offsets").json().at("offsets").as_array().empty());
  const auto why = t.get("/v1/groups/g/why").json();
  EXPECT_EQ(text(why.at("epochs").at(0).at("reason")), "member_joined");
  EXPECT_EQ(t.get("/v1/groups/g/why?epoch=99").code(), "unknown_epoch");
}

TEST(Routes, AnOwnerHasAddressAndToken) {
  TestDoor t;
  t.create_topic("work", 3);
  (void)t.join("g", "a", "work", "10.0.0.1:99");
  ASSERT_TRUE(t.peer->gets_work(3));

  const auto owner = t.get("/v1/owners?group=g&topic=work&partition=2").json();
  EXPECT_EQ(text(owner.at("member")), "a");
  EXPECT_EQ(text(owner.at("address")), "10.0.0.1:99");
  EXPECT_GT(std::stoull(text(owner.at("token"))), 0U);
  EXPECT_FALSE(owner.at("revoking").as_bool());
  const auto all = t.get("/v1/owners?group=g&topic=work&limit=2").json();
  EXPECT_EQ(all.at("owners").as_array().size(), 2U);
  EXPECT_EQ(all.at("next").as_int64(), 2);
}

TEST(Routes, WhatDoesNotExistIsNamed) {
  TestDoor t;
  t.create_topic("work", 3);
  (void)t.join("g", "a");

  for (const auto& [path, code] :
       {std::pair{"/v1/groups/none", "unknown_group"},
        {"/v1/groups/none/members", "unknown_group"},
        {"/v1/groups/none/offsets", "unknown_group"},
        {"/v1/groups/none/why", "unknown_group"},
        {"/v1/owners?group=none&topic=work", "unknown_group"},
        {"/v1/owners?group=g&topic=none", "unknown_topic"},
        {"/v1/owners?group=g&topic=work&partition=3", "unknown_partition"},
        {"/v1/nothing", "unknown_path"},
        {"/", "unknown_path"}}) {
    const Answer answer = t.get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.code(), code) << path;
  }
}

TEST(Routes, WrongParametersAreNamedWithTheirBounds) {
  TestDoor t;
  EXPECT_EQ(t.get("/v1/groups?limit=0").message(), "limit=0 is no whole number from 1 to 10000");
  EXPECT_EQ(t.get("/v1/groups?limti=5").message(),
            "there is no parameter limti here; there are prefix after limit");
  EXPECT_EQ(t.get("/v1/topics?index=1&wait=11m").message(), "wait=11m is longer than 10m");
  EXPECT_EQ(t.get("/v1/topics?index=x").status, 400);
  EXPECT_EQ(t.get("/v1/topics?index=1&wait=5").status, 400);
  EXPECT_EQ(t.get("/v1/owners?group=g").status, 400);
  EXPECT_EQ(t.get("/v1/events?after=nonsense").status, 400);
}

TEST(Routes, AnotherMethodIsToldWhichOnesThereAre) {
  TestDoor t;
  const Answer answer = t.connect().request("DELETE", "/v1/groups", "");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.field("allow"), "GET, HEAD");
  EXPECT_EQ(t.connect().request("PATCH", "/v1/groups", "").status, 405);
}

TEST(Routes, AHeadIsTheSameWithoutTheBody) {
  TestDoor t;
  t.create_topic("work", 3);
  Client client = t.connect();
  const Answer whole = client.get("/v1/topics");
  const Answer head = client.request("HEAD", "/v1/topics", "");

  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.field("content-length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.field("etag"), whole.field("etag"));
  EXPECT_EQ(client.get("/livez").status, 200) << "nothing of a body was on the way";
}

TEST(Routes, AnEtagThatIsKnownIsAnsweredWithoutABody) {
  TestDoor t;
  t.create_topic("work", 3);
  Client client = t.connect();
  const std::string etag = client.get("/v1/topics").field("etag");

  const Answer same = client.get("/v1/topics", "If-None-Match: " + etag + "\r\n");
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  t.create_topic("more", 3);
  EXPECT_TRUE(eventually(
      [&] { return client.get("/v1/topics", "If-None-Match: " + etag + "\r\n").status == 200; }));
}

TEST(Routes, OneAnswerIsWrittenOnceForAllWhoAsk) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 1, .options = {}, .door = {}});
  t.create_topic("work", 3);
  Client client = t.connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.get("/v1/topics").status, 200);

  EXPECT_EQ(t.metric("muster_http_cache_misses_total"), 1U);
  EXPECT_EQ(t.metric("muster_http_cache_hits_total"), 9U);
}

TEST(Routes, RequestsOfTheTableAreCountedByRoute) {
  TestDoor t;
  (void)t.get("/livez");
  (void)t.get("/nothing");

  EXPECT_EQ(t.metric("muster_http_requests_total{route=\"GET /livez\",status=\"2xx\"}"), 1U);
  EXPECT_EQ(t.metric("muster_http_requests_total{route=\"none\",status=\"4xx\"}"), 1U);
}

TEST(Routes, TheTokenGuardsAllButTheProbes) {
  const std::string path = testing::TempDir() + "/http-token-" + std::to_string(::getpid());
  std::ofstream(path) << "0123456789abcdef\n";
  ::chmod(path.c_str(), 0600);
  DoorSetup setup;
  setup.door.token_file = path;
  TestDoor t(setup);
  ::unlink(path.c_str());
  Client client = t.connect();

  for (const std::string target : {"/v1/groups", "/metrics", "/v1/openapi.json", "/nothing"}) {
    const Answer answer = client.get(target);
    EXPECT_EQ(answer.status, 401) << target;
    EXPECT_EQ(answer.field("www-authenticate"), "Bearer");
  }
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_EQ(client.get("/readyz").status, 200);
  EXPECT_EQ(client.get("/v1/groups", "Authorization: Bearer 0123456789abcdef\r\n").status, 200);
  EXPECT_EQ(client.get("/v1/groups", "Authorization: Bearer 0123456789abcdeX\r\n").status, 401);
  EXPECT_EQ(t.metric("muster_http_denied_total{reason=\"token\"}"), 5U);
}

}  // namespace
}  // namespace muster::broker::http
