/// The door and those who are slow, rude or broken. Whatever comes, there is a typed answer or a
/// counted close, and others go on.
#include "door.hpp"

#include <sys/socket.h>

#include <random>

namespace muster::broker::http {
namespace {

using namespace std::chrono_literals;

void expect_service(const TestDoor& t) {
  EXPECT_EQ(t.get("/v1/groups").status, 200);
}

TEST(Hostile, RandomBytesNeverDisturbOthers) {
  TestDoor t;
  std::mt19937 random(11);
  for (int i = 0; i < 50; ++i) {
    Client client = t.connect();
    std::string bytes = i % 2 == 0 ? "" : "GET /v1/groups HTTP/1.1\r\nHost: ";
    for (std::size_t n = 1 + random() % 3'000; n > 0; --n) bytes += static_cast<char>(random());
    client.send(bytes);
    client.half_close();
    EXPECT_TRUE(client.is_closed());
  }
  expect_service(t);
}

TEST(Hostile, ATlsHelloIsNoRequest) {
  TestDoor t;
  Client client = t.connect();
  client.send(std::string("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 15));
  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("malformed"));
}

TEST(Hostile, AHeaderThatNeverEndsIsEnded) {
  DoorSetup setup;
  setup.door.header_timeout = 100ms;
  TestDoor t(setup);
  Client client = t.connect();
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX-");
  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("header_timeout"));
}

TEST(Hostile, OneByteAtATimeDoesNotExtendTheTime) {
  DoorSetup setup;
  setup.door.header_timeout = 150ms;
  TestDoor t(setup);
  Client client = t.connect();
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
  EXPECT_TRUE(eventually([&] {
    client.send("x");
    return t.metric("muster_http_closed_total{reason=\"header_timeout\"}") == 1;
  }));
}

TEST(Hostile, ABodyThatNeverEndsIsEnded) {
  DoorSetup setup;
  setup.door.body_timeout = 100ms;
  TestDoor t(setup);
  Client client = t.connect();
  client.send("POST /v1/groups HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx");
  const auto answer = client.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408);
  EXPECT_TRUE(t.counts_close("body_timeout"));
}

TEST(Hostile, WhoSaysNothingIsClosed) {
  DoorSetup setup;
  setup.door.idle_timeout = 100ms;
  TestDoor t(setup);
  Client silent = t.connect();
  EXPECT_TRUE(silent.is_closed());
  Client once = t.connect();
  (void)once.get("/livez");
  EXPECT_TRUE(once.is_closed());
  EXPECT_TRUE(t.counts("muster_http_closed_total{reason=\"idle\"}", 2));
}

TEST(Hostile, WhatIsTooLargeIsRefusedBeforeItIsRead) {
  TestDoor t;
  {
    Client client = t.connect();
    client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x'));
    EXPECT_EQ(client.next()->status, 431);
    EXPECT_TRUE(client.is_closed());
  }
  {
    Client client = t.connect();
    client.send("GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.next()->status, 414);
    EXPECT_TRUE(client.is_closed());
  }
  {
    Client client = t.connect();
    client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n");
    EXPECT_EQ(client.next()->status, 413);
    EXPECT_TRUE(client.is_closed());
  }
  EXPECT_TRUE(t.counts("muster_http_closed_total{reason=\"too_large\"}", 3));
  expect_service(t);
}

TEST(Hostile, AThousandRequestsInOneGoAreAnsweredInTheirOrder) {
  TestDoor t;
  t.create_topic("work", 3);
  Client client = t.connect();
  std::string all;
  for (int i = 0; i < 1'000; ++i)
    all += (i % 3 == 0   ? "GET /v1/topics"
            : i % 3 == 1 ? "GET /livez"
                         : "GET /nothing") +
           std::string(" HTTP/1.1\r\nHost: localhost\r\n\r\n");
  client.send(all);

  for (int i = 0; i < 1'000; ++i) {
    const auto answer = client.next();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, i % 3 == 2 ? 404 : 200) << i;
    EXPECT_EQ(answer->index() > 0, i % 3 == 0) << i;
  }
}

TEST(Hostile, WhoHalfClosesGetsAllAnswers) {
  TestDoor t;
  Client client = t.connect();
  std::string all;
  for (int i = 0; i < 100; ++i) all += "GET /v1/groups HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(all);
  client.half_close();

  for (int i = 0; i < 100; ++i) EXPECT_TRUE(client.next());
  EXPECT_TRUE(client.is_closed());
}

TEST(Hostile, WhoAsksMuchAndReadsNothingIsCut) {
  DoorSetup setup;
  setup.door.read_timeout = 200ms;
  setup.door.pause_output = 64U << 10;
  TestDoor t(setup);
  for (int i = 0; i < 200; ++i) t.create_topic("topic-" + std::to_string(i), 1);
  Client client = t.connect();
  int small = 4'096;
  ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  timeval soon{0, 100'000};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
  std::string many;
  for (int i = 0; i < 2'000; ++i) many += "GET /v1/topics HTTP/1.1\r\nHost: localhost\r\n\r\n";

  client.send(many);

  EXPECT_TRUE(t.counts_close("not_reading"));
  EXPECT_GE(t.metric("muster_http_pauses_total"), 1U);
  expect_service(t);
}

TEST(Hostile, AKeptAliveConnectionOfHttp10IsAskedFor) {
  TestDoor t;
  Client plain = t.connect();
  plain.send("GET /livez HTTP/1.0\r\n\r\n");
  EXPECT_EQ(plain.next()->status, 200);
  EXPECT_TRUE(plain.is_closed());
  Client kept = t.connect();
  kept.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.next()->field("connection"), "keep-alive");
  EXPECT_EQ(kept.get("/livez").status, 200);
}

TEST(Hostile, ConnectionCloseIsKept) {
  TestDoor t;
  Client client = t.connect();
  const Answer answer = client.get("/livez", "Connection: close\r\n");
  EXPECT_EQ(answer.field("connection"), "close");
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("done"));
}

TEST(Hostile, WhoWaitsWithItsBodyIsToldToGoOn) {
  TestDoor t;
  Client client = t.connect();
  client.send(
      "POST /v1/groups HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.next()->status, 100);
  client.send("{}");
  EXPECT_EQ(client.next()->status, 405);
}

TEST(Hostile, APageOfAnotherNameOrOriginGetsNothing) {
  TestDoor t;
  Client client = t.connect();
  client.send("GET /v1/groups HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  EXPECT_EQ(client.next()->status, 421);
  client.send("GET http://evil.example/v1/groups HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.next()->status, 421);
  EXPECT_EQ(client.get("/v1/groups", "Origin: http://evil.example\r\n").status, 403);
  EXPECT_EQ(client.get("/v1/groups", "Sec-Fetch-Site: cross-site\r\n").status, 403);
  const Answer preflight =
      client.request("OPTIONS", "/v1/groups", "", "Origin: http://evil.example\r\n");
  EXPECT_EQ(preflight.status, 403);
  EXPECT_EQ(preflight.field("access-control-allow-origin"), "");
  EXPECT_EQ(t.metric("muster_http_denied_total{reason=\"host\"}"), 2U);
  EXPECT_EQ(t.metric("muster_http_denied_total{reason=\"origin\"}"), 3U);
}

TEST(Hostile, ConnectionsAreBounded) {
  DoorSetup setup;
  setup.door.max_connections = 2;
  TestDoor t(setup);
  Client first = t.connect();
  Client second = t.connect();
  EXPECT_EQ(first.get("/livez").status, 200);
  EXPECT_EQ(second.get("/livez").status, 200);

  EXPECT_TRUE(t.connect().is_closed());
  EXPECT_TRUE(t.counts_close("too_many_connections"));
  EXPECT_EQ(first.get("/livez").status, 200);
}

TEST(Hostile, ADoorThatGoesWhileManyWaitEndsInPeace) {
  TestDoor t;
  const std::uint64_t index = t.get("/v1/topics").index();
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(t.connect());
    clients.back().send_get(
        i % 2 == 0 ? "/v1/topics?index=" + std::to_string(index) : "/v1/events?group=g",
        i % 2 == 0 ? "" : "Accept: text/event-stream\r\n");
  }
  ASSERT_TRUE(t.counts("muster_http_waiting", 20));

  t.door.reset();
  t.host.reset();

  for (Client& client : clients) EXPECT_TRUE(client.is_closed());
}

}  // namespace
}  // namespace muster::broker::http
