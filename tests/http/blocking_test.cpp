/// Queries that wait for a change.
#include "door.hpp"

#include <broker/http/hub.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace muster::broker::http {
namespace {

using namespace std::chrono_literals;

std::string blocking(const std::string& path, std::uint64_t index,
                     const std::string& wait = "10m") {
  return path + (path.find('?') == std::string::npos ? "?" : "&") +
         "index=" + std::to_string(index) + "&wait=" + wait;
}

TEST(Blocking, AChangeIsToldAtOnce) {
  TestDoor t;
  t.create_topic("work", 1);
  Client client = t.connect();
  const Answer before = client.get("/v1/topics");

  client.send_get(blocking("/v1/topics", before.index()));
  ASSERT_TRUE(t.counts("muster_http_waiting"));
  t.create_topic("more", 1);

  const auto after = client.next();
  ASSERT_TRUE(after);
  EXPECT_GT(after->index(), before.index());
  EXPECT_EQ(after->json().at("topics").as_array().size(), 2U);
  EXPECT_EQ(t.metric("muster_http_waiting"), 0U);
}

struct Noted final : Waiter {
  std::function<void()> note;
  void woken(bool) override { note(); }
};

TEST(Blocking, WhoWasToldComesBehindAllWhoWereNot) {
  DoorSetup setup;
  setup.threads = 1;
  TestDoor t(setup);
  t.create_topic("work", 1);
  constexpr int crowd = 3 * Hub::batch;
  std::vector<int> order;
  std::optional<Hub> hub;
  std::vector<std::unique_ptr<Noted>> waiters;

  t.on_loop([&] {
    hub.emplace(*t.host, 0);
    for (int i = 0; i < crowd; ++i) {
      Noted& waiter = *waiters.emplace_back(std::make_unique<Noted>());
      waiter.note = [&, i] {
        order.push_back(i);
        if (i % 2 == 0) hub->after_wakes([&, i] { order.push_back(crowd + i); });
      };
      hub->wait(waiter, {Subject::Kind::topics, {}}, 0, std::nullopt);  // it has changed since 0
    }
    EXPECT_TRUE(hub->is_waking());
  });
  const auto done = [&] {
    bool all = false;
    t.on_loop([&] { all = order.size() == crowd + crowd / 2; });
    return all;
  };
  ASSERT_TRUE(eventually(done));

  EXPECT_TRUE(std::ranges::is_sorted(order)) << "all are told, then come their next questions";
  t.on_loop([&] {
    EXPECT_FALSE(hub->is_waking());
    EXPECT_EQ(hub->behind(), 0U);
    waiters.clear();
    hub.reset();
  });
}

TEST(Blocking, AnotherIndexIsAnsweredAtOnce) {
  TestDoor t;
  t.create_topic("work", 1);
  const std::uint64_t index = t.get("/v1/topics").index();

  EXPECT_EQ(t.get(blocking("/v1/topics", index - 1)).index(), index);
  EXPECT_EQ(t.get(blocking("/v1/topics", index + 7)).index(), index) << "after a restore";
  EXPECT_EQ(t.get(blocking("/v1/topics", 0)).index(), index);
}

TEST(Blocking, TimeThatIsUpGivesTheSameAgain) {
  TestDoor t;
  t.create_topic("work", 1);
  const Answer before = t.get("/v1/topics");

  const Answer after = t.get(blocking("/v1/topics", before.index(), "50ms"));

  EXPECT_EQ(after.status, 200);
  EXPECT_EQ(after.index(), before.index());
  EXPECT_EQ(after.body, before.body);
  EXPECT_EQ(t.get(blocking("/v1/topics", before.index(), "0s")).body, before.body);
}

TEST(Blocking, AnUnchangedEtagAfterTheWaitHasNoBody) {
  TestDoor t;
  t.create_topic("work", 1);
  Client client = t.connect();
  const Answer before = client.get("/v1/topics");

  const Answer after = client.get(blocking("/v1/topics", before.index(), "20ms"),
                                  "If-None-Match: " + before.field("etag") + "\r\n");

  EXPECT_EQ(after.status, 304);
  EXPECT_EQ(after.index(), before.index());
}

TEST(Blocking, OtherGroupsAndHeartbeatsWakeNobody) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 2, .options = {}, .door = {}});
  t.create_topic("work", 1);
  const JoinOk mine = t.join("mine", "a");
  ASSERT_TRUE(t.peer->gets_work(1));
  Client client = t.connect();
  std::uint64_t index = 0;
  ASSERT_TRUE(eventually([&] {  // until the rebalance has told all its events
    const std::uint64_t last = std::exchange(index, client.get("/v1/groups/mine").index());
    return last == index &&
           client.get("/v1/groups/mine").body.find("\"state\":\"stable\"") != std::string::npos;
  }));

  client.send_get(blocking("/v1/groups/mine", index));
  ASSERT_TRUE(t.counts("muster_http_waiting"));
  (void)t.ask<HeartbeatOk>(Heartbeat{.session = mine.session, .sequence = 1});
  (void)t.join("other", "b");
  const std::uint64_t woken = t.metric("muster_http_woken_total");

  EXPECT_EQ(woken, 0U);
  EXPECT_FALSE(client.has_input());
  (void)t.join("mine", "c");
  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_GT(answer->index(), index);
}

TEST(Blocking, AnOwnerIsFollowed) {
  TestDoor t;
  t.create_topic("work", 1);
  const JoinOk first = t.join("g", "a");
  ASSERT_TRUE(t.peer->gets_work(1));
  Client client = t.connect();
  const std::string path = "/v1/owners?group=g&topic=work&partition=0";
  Answer owner = client.get(path);
  const std::string token = std::string(owner.json().at("token").as_string());

  (void)t.ask<Done>(Leave{first.session});
  for (int i = 0; i < 50 && !owner.json().at("member").is_null(); ++i)
    owner = client.get(blocking(path, owner.index()));
  EXPECT_TRUE(owner.json().at("member").is_null());
  EXPECT_TRUE(owner.json().at("token").is_null());
  (void)t.join("g", "b");
  for (int i = 0; i < 50 && owner.json().at("member").is_null(); ++i)
    owner = client.get(blocking(path, owner.index()));

  EXPECT_EQ(owner.json().at("member").as_string(), "b");
  EXPECT_GT(std::stoull(std::string(owner.json().at("token").as_string())), std::stoull(token));
}

TEST(Blocking, AGroupThatGoesIsToldToThoseWhoWait) {
  TestDoor t;
  t.create_topic("work", 1);
  const JoinOk ok = t.join("g", "a");
  (void)t.ask<Done>(Leave{ok.session});
  Client client = t.connect();
  std::uint64_t index = 0;
  ASSERT_TRUE(eventually([&] {
    const std::uint64_t last = std::exchange(index, client.get("/v1/groups/g").index());
    return last == index &&
           client.get("/v1/groups/g").body.find("\"state\":\"empty\"") != std::string::npos;
  }));

  client.send_get(blocking("/v1/groups/g", index));
  ASSERT_TRUE(t.counts("muster_http_waiting"));
  (void)t.ask<Done>(DeleteGroup{GroupId(std::string("g"))});

  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
}

TEST(Blocking, WhoHangsUpWaitsNoMore) {
  TestDoor t;
  const std::uint64_t index = t.get("/v1/topics").index();
  {
    Client client = t.connect();
    client.send_get(blocking("/v1/topics", index));
    ASSERT_TRUE(t.counts("muster_http_waiting"));
  }
  EXPECT_TRUE(eventually([&] { return t.metric("muster_http_waiting") == 0; }));
  EXPECT_TRUE(t.counts_close("peer_closed"));
}

TEST(Blocking, ThousandWhoWaitAreAllToldAndAnsweredWithOneWriting) {
  TestDoor t(DoorSetup{.shards = 1, .threads = 1, .options = {}, .door = {}});
  t.create_topic("work", 1);
  const std::uint64_t index = t.get("/v1/topics").index();
  std::vector<Client> clients;
  for (int i = 0; i < 400; ++i) {
    clients.push_back(t.connect());
    clients.back().send_get(blocking("/v1/topics", index));
  }
  ASSERT_TRUE(t.counts("muster_http_waiting", clients.size()));
  const std::uint64_t misses = t.metric("muster_http_cache_misses_total");

  t.create_topic("more", 1);

  for (Client& client : clients) {
    const auto answer = client.next();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_GT(answer->index(), index);
  }
  EXPECT_EQ(t.metric("muster_http_cache_misses_total"), misses + 1);
}

TEST(Blocking, RequestsBehindOneThatWaitsComeInTheirOrder) {
  TestDoor t;
  const std::uint64_t index = t.get("/v1/topics").index();
  Client client = t.connect();
  client.send_get(blocking("/v1/topics", index));
  client.send_get("/livez");
  ASSERT_TRUE(t.counts("muster_http_waiting"));

  t.create_topic("work", 1);

  const auto first = client.next();
  const auto second = client.next();
  ASSERT_TRUE(first && second);
  EXPECT_GT(first->index(), index);
  EXPECT_TRUE(second->json().at("ok").as_bool());
}

}  // namespace
}  // namespace muster::broker::http
