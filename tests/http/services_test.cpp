/// Services over HTTP, as anybody would write it by hand.
#include "door.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

namespace muster::broker::http {
namespace {

constexpr auto form = "Content-Type: application/x-www-form-urlencoded\r\n";  // as curl -d says

std::string text(const boost::json::value& value) {
  return std::string(value.as_string());
}

std::string registration(const std::string& id, const std::string& more = {},
                         const std::string& service = "web") {
  return "{\"service\":\"" + service + "\",\"id\":\"" + id +
         "\",\"address\":\"127.0.0.1\",\"port\":8080" + more + "}";
}

/// Registered and beating.
void begin(const TestDoor& t, const std::string& id, const std::string& more = {},
           const std::string& service = "web") {
  Client client = t.connect();
  const Answer answer = client.request("POST", "/v1/register", registration(id, more, service));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Answer beat = client.request("PUT", "/v1/heartbeat/" + id + "?service=" + service, "");
  ASSERT_EQ(beat.status, 200) << beat.body;
}

std::string ids(const Answer& answer) {
  std::string out;
  const boost::json::value body = answer.json();  // outlives the loop over it
  for (const auto& instance : body.at("instances").as_array())
    out += (out.empty() ? "" : " ") + text(instance.at("instance"));
  return out;
}

std::string passing(const TestDoor& t, const std::string& query = {}) {
  return ids(t.get("/v1/services/web?passing" + query));
}

TEST(Services, ThePlainestFormWorks) {
  TestDoor t;
  Client client = t.connect();

  const Answer registered = client.request("POST", "/v1/register", registration("web-1"), form);
  ASSERT_EQ(registered.status, 200) << registered.body;
  EXPECT_EQ(text(registered.json().at("instance")), "web-1");
  EXPECT_EQ(registered.json().at("session_timeout_ms").as_int64(), 15'000);
  EXPECT_EQ(registered.json().at("heartbeat_interval_ms").as_int64(), 5'000);
  EXPECT_EQ(passing(t), "") << "it has not beaten yet";

  const Answer beat = client.request("PUT", "/v1/heartbeat/web-1", "");
  ASSERT_EQ(beat.status, 200) << beat.body;
  EXPECT_EQ(text(beat.json().at("service")), "web");
  EXPECT_TRUE(eventually([&] { return passing(t) == "web-1"; }));
  EXPECT_EQ(t.get("/v1/services").json().at("services").at(0).at("healthy").as_int64(), 1);
}

TEST(Services, AHeartbeatForNobodySaysRegisterAgain) {
  TestDoor t;
  Client client = t.connect();
  const Answer nobody = client.request("PUT", "/v1/heartbeat/web-1", "");
  EXPECT_EQ(nobody.status, 404);
  EXPECT_EQ(nobody.code(), "unknown_instance");
  EXPECT_EQ(client.request("PUT", "/v1/heartbeat/web-1?service=web", "").status, 404);
}

TEST(Services, AnIdOfTwoServicesHasToBeToldApart) {
  TestDoor t(DoorSetup{.shards = 4, .threads = 1, .options = {}, .door = {}});
  begin(t, "one", {}, "web");
  begin(t, "two", {}, "web");
  begin(t, "one", {}, "api");
  Client client = t.connect();

  EXPECT_EQ(client.request("PUT", "/v1/heartbeat/two", "").status, 200);
  EXPECT_EQ(client.request("PUT", "/v1/heartbeat/one", "").code(), "ambiguous");
  EXPECT_EQ(client.request("PUT", "/v1/heartbeat/one?service=api", "").status, 200);
  EXPECT_EQ(client.request("PUT", "/v1/deregister/one?service=web", "").status, 200);
  EXPECT_TRUE(eventually([&] {
    return client.request("PUT", "/v1/heartbeat/one", "").status == 200;
  })) << "now there is only one";
}

TEST(Services, TheAddressOfTheConnectionIsThatOfWhoNamesNone) {
  TestDoor t;
  Client client = t.connect();
  const Answer answer =
      client.request("POST", "/v1/register", R"({"service":"web","id":"a","port":1})");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(eventually([&] { return ids(t.get("/v1/services/web")) == "a"; }));
  EXPECT_EQ(text(t.get("/v1/services/web").json().at("instances").at(0).at("address")),
            "127.0.0.1");
}

TEST(Services, WhatIsWrongWithABodyIsTold) {
  TestDoor t;
  Client client = t.connect();
  for (const auto& [body, code] : {
           std::pair{R"({"service":"web","id":"a","prot":1})", "invalid_request"},
           {R"({"service":"web","id":"a","port":99999})", "out_of_range"},
           {R"({"service":"web","id":"a","port":1.5})", "out_of_range"},
           {R"({"service":"web","id":"a","ttl":"soon"})", "out_of_range"},
           {R"({"service":"web","id":"a","ttl":"1ms"})", "out_of_range"},
           {R"({"service":"Web!","id":"a"})", "invalid_name"},
           {R"({"service":"web","id":"a","tags":"x"})", "invalid_request"},
           {R"({"service":"web","id":"a","meta":{"k":1}})", "invalid_request"},
           {R"({"service":"web","id":"a","status":"dead"})", "invalid_request"},
           {R"([])", "malformed"},
           {R"({"service":)", "malformed"},
           {"", "malformed"},
           {R"({"service":{"a":{"b":{"c":{"d":{}}}}}})", "malformed"},
       }) {
    const Answer answer = client.request("POST", "/v1/register", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.code(), code) << body << answer.body;
  }
  EXPECT_EQ(client.request("POST", "/v1/register", "{}", "Content-Type: text/plain\r\n").status,
            415);
  EXPECT_EQ(client
                .request("POST", "/v1/register", registration("a"),
                         std::string(form) + "User-Agent: Mozilla/5.0\r\n")
                .status,
            415);
}

TEST(Services, AReportTakesItOutAndBack) {
  TestDoor t;
  begin(t, "a");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a"; }));
  Client client = t.connect();

  EXPECT_EQ(
      client.request("PUT", "/v1/report/a", R"({"status":"critical","detail":"disk full"})").status,
      200);
  EXPECT_TRUE(eventually([&] { return passing(t).empty(); }));
  EXPECT_NE(t.get("/v1/services/web").body.find("disk full"), std::string::npos);
  EXPECT_EQ(client.request("PUT", "/v1/report/a", R"({"status":"healthy"})").status, 200);
  EXPECT_TRUE(eventually([&] { return passing(t) == "a"; }));
}

TEST(Services, MaintenanceAndDeregistration) {
  TestDoor t;
  begin(t, "a");
  begin(t, "b");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a b"; }));
  Client client = t.connect();

  EXPECT_EQ(client.request("PUT", "/v1/maintenance/a", "").status, 400);
  EXPECT_EQ(client.request("PUT", "/v1/maintenance/a?enable=true&why=new+disk", "").status, 200);
  EXPECT_TRUE(eventually([&] { return passing(t) == "b"; }));
  EXPECT_EQ(client.request("PUT", "/v1/maintenance/a?enable=false", "").status, 200);
  EXPECT_TRUE(eventually([&] { return passing(t) == "a b"; }));
  EXPECT_EQ(client.request("PUT", "/v1/deregister/b?why=done", "").status, 200);
  EXPECT_TRUE(eventually([&] { return passing(t) == "a"; }));
  const auto departed = t.get("/v1/services/web?departed").json().at("departed");
  EXPECT_EQ(text(departed.at(0).at("instance")), "b");
  EXPECT_EQ(client.request("PUT", "/v1/services/web/unprotect", "").code(), "not_protected");
}

TEST(Services, AreChosenByTagZoneAndMeta) {
  TestDoor t;
  begin(t, "a", R"(,"tags":["v1","fast"],"zone":"eu","meta":{"env":"prod","tier":"gold"})");
  begin(t, "b", R"(,"tags":["v1"],"zone":"us","meta":{"env":"prod","tier":"canary"})");
  begin(t, "c", R"(,"tags":["v2"],"zone":"eu","meta":{"env":"test"})");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a b c"; }));

  EXPECT_EQ(passing(t, "&tag=v1"), "a b");
  EXPECT_EQ(passing(t, "&zone=eu"), "a c");
  EXPECT_EQ(passing(t, "&tag=v1&zone=eu"), "a");
  EXPECT_EQ(passing(t, "&selector=env=prod,tier!=canary"), "a");
  EXPECT_EQ(passing(t, "&selector=env+in+(prod,test),!tier"), "c");
  EXPECT_EQ(t.get("/v1/services/web?selector=env+around+(x)").message(),
            "the selector goes wrong at character 11: =, !=, in or notin is expected");
  const auto page = t.get("/v1/services/web?limit=2").json();
  EXPECT_EQ(page.at("instances").as_array().size(), 2U);
  EXPECT_EQ(ids(t.get("/v1/services/web?limit=2&after=" + text(page.at("next")))), "c");
}

TEST(Services, AChangeIsToldToWhoWaitsAndAHeartbeatIsNot) {
  TestDoor t;
  begin(t, "a");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a"; }));
  const std::uint64_t index = t.get("/v1/services/web").index();
  Client waiting = t.connect();
  waiting.send_get("/v1/services/web?passing&wait=10m&index=" + std::to_string(index));
  ASSERT_TRUE(t.counts("muster_http_waiting"));

  Client client = t.connect();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.request("PUT", "/v1/heartbeat/a", "").status, 200);
  EXPECT_EQ(t.get("/v1/services/web").index(), index);
  EXPECT_FALSE(waiting.has_input());
  begin(t, "b");

  const auto answer = waiting.next();
  ASSERT_TRUE(answer);
  EXPECT_GT(answer->index(), index);
}

TEST(Services, WhoIsNotThereYetCanBeWaitedFor) {
  TestDoor t;
  const Answer absent = t.get("/v1/services/web");
  EXPECT_EQ(absent.status, 404);
  EXPECT_EQ(absent.code(), "unknown_service");
  ASSERT_GT(absent.index(), 0U);
  Client waiting = t.connect();
  waiting.send_get("/v1/services/web?wait=10m&index=" + std::to_string(absent.index()));
  ASSERT_TRUE(t.counts("muster_http_waiting"));

  begin(t, "a");

  const auto answer = waiting.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(t.get("/v1/services/none?wait=20ms&index=" + std::to_string(absent.index())).status,
            404);
}

TEST(Services, AStreamTellsTheNewestResult) {
  TestDoor t;
  begin(t, "a");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a"; }));
  Client client = t.connect();
  client.send_get("/v1/services/web?passing", "Accept: text/event-stream\r\n");
  ASSERT_TRUE(client.next_head());
  EXPECT_NE(client.next_event().find("\"instance\":\"a\""), std::string::npos);

  begin(t, "b");

  std::string frame;
  for (int i = 0; i < 100 && frame.find("\"instance\":\"b\"") == std::string::npos; ++i)
    frame = client.next_event();
  EXPECT_NE(frame.find("event: service\n"), std::string::npos);
}

TEST(Services, PrometheusGetsItsTargetsInAStableOrder) {
  TestDoor t;
  EXPECT_EQ(t.get("/v1/prometheus/sd").body, "[]\n");
  begin(t, "b", R"(,"tags":["x"],"meta":{"path/x":"m"})");
  begin(t, "a");
  begin(t, "z", {}, "api");
  ASSERT_TRUE(eventually([&] { return passing(t) == "a b"; }));

  const Answer answer = t.get("/v1/prometheus/sd");
  EXPECT_EQ(answer.field("content-type"), "application/json");
  const auto targets = answer.json().as_array();
  ASSERT_EQ(targets.size(), 3U);
  EXPECT_EQ(text(targets[0].at("labels").at("__meta_muster_service")), "api");
  EXPECT_EQ(text(targets[1].at("labels").at("__meta_muster_instance")), "a");
  EXPECT_EQ(text(targets[2].at("targets").at(0)), "127.0.0.1:8080");
  EXPECT_EQ(text(targets[2].at("labels").at("__meta_muster_meta_path_x")), "m");
  EXPECT_EQ(text(targets[2].at("labels").at("__meta_muster_tags")), ",x,");
  EXPECT_EQ(t.get("/v1/prometheus/sd?service=web").json().as_array().size(), 2U);
}

TEST(Services, HaveSeriesOfTheirOwn) {
  DoorSetup setup;
  setup.door.metrics_services = 1;
  TestDoor t(setup);
  begin(t, "a", {}, "api");
  begin(t, "b", {}, "web");
  ASSERT_TRUE(eventually([&] { return passing(t) == "b"; }));

  const std::string body = t.get("/metrics").body;
  EXPECT_NE(body.find("muster_service_healthy{service=\"api\"} 1\n"), std::string::npos);
  EXPECT_NE(body.find("muster_service_healthy_ratio{service=\"api\"} 1\n"), std::string::npos);
  EXPECT_NE(body.find("muster_services_without_series 1\n"), std::string::npos);
}

TEST(Services, KeepTheirSeriesWhileSomebodyIsLost) {
  TestDoor t;
  begin(t, "dies", R"(,"ttl":"1s")", "api");
  begin(t, "goes", {}, "web");
  ASSERT_EQ(t.connect().request("PUT", "/v1/deregister/goes", "").status, 200);

  // An alert that nobody is left must find a series.
  const auto lost = [&](const std::string& count) {
    return t.get("/metrics").body.find("muster_service_lost{service=\"api\"} " + count + "\n") !=
           std::string::npos;
  };
  EXPECT_TRUE(eventually([&] { return lost("1"); }));
  const std::string body = t.get("/metrics").body;
  EXPECT_NE(body.find("muster_service_instances{service=\"api\"} 0\n"), std::string::npos);
  EXPECT_NE(body.find("muster_service_handed_out{service=\"api\"} 0\n"), std::string::npos);
  EXPECT_EQ(body.find("service=\"web\""), std::string::npos) << "it was ended in order";

  begin(t, "dies", {}, "api");
  EXPECT_TRUE(eventually([&] { return lost("0"); }));
}

TEST(Services, ARequestThatIsRefusedAtOnceIsAnsweredOnceAndTheNextOneToo) {
  DoorSetup setup;
  setup.options.max_queue = 0;
  const TestDoor t(std::move(setup));
  Client client = t.connect();

  client.send(
      "PUT /v1/heartbeat/a?service=web HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
      "POST /v1/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n"
      R"({"service":"web"})"
      "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

  for (int i = 0; i < 2; ++i) {
    const auto refused = client.next();
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 429);
    EXPECT_EQ(refused->code(), "overloaded");
  }
  const auto alive = client.next();
  ASSERT_TRUE(alive);
  EXPECT_EQ(alive->status, 200);
  EXPECT_FALSE(client.has_input());
}

TEST(Services, AStoreThatHangsLetsARequestTimeOut) {
  DoorSetup setup;
  setup.door.submit_timeout = std::chrono::milliseconds{100};
  TestDoor t(setup);
  begin(t, "a");
  t.store.close_gate();
  Client client = t.connect();

  const Answer answer = client.request("POST", "/v1/register", registration("b"));
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.code(), "deadline_passed");
  t.store.open_gate();
  EXPECT_EQ(client.get("/livez").status, 200);
  EXPECT_TRUE(t.counts("muster_http_late_answers_total"));
}

TEST(Services, AThousandHeartbeatsInOneGo) {
  TestDoor t;
  begin(t, "a");
  Client client = t.connect();
  std::string all;
  for (int i = 0; i < 1'000; ++i)
    all += "PUT /v1/heartbeat/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 1'000; ++i) {
    const auto answer = client.next();
    ASSERT_TRUE(answer) << i;
    EXPECT_EQ(answer->status, 200) << answer->body;
  }
}

}  // namespace
}  // namespace muster::broker::http
