// The prober against servers on loopback that answer well, badly, slowly and not at all.
#include "harness.hpp"

#include <broker/metrics.hpp>
#include <broker/probe/prober.hpp>

#include <muster/core/view.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <list>
#include <string>
#include <thread>

namespace muster::broker::probe {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

/// Answers every request alike, and counts.
class Server {
 public:
  Server() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Server() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// Empty: it takes requests and says nothing.
  void answer(const std::string& bytes) {
    asio::post(io_, [this, bytes] { answer_ = bytes; });
  }
  void answer(int status, const std::string& body = "", const std::string& header = "") {
    answer("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + header + "\r\n" + body);
  }
  /// Closes what is open, takes nothing any more.
  void die() {
    asio::post(io_, [this] {
      acceptor_.close();
      close_all();
    });
  }
  void close_connections() {
    asio::post(io_, [this] { close_all(); });
  }

  std::atomic<int> connections{0};
  std::atomic<int> requests{0};

 private:
  struct One {
    explicit One(Tcp::socket s) : socket(std::move(s)) {}
    Tcp::socket socket;
    std::string input;
  };

  /// What is under way on them ends with that, and only then do they go.
  void close_all() {
    for (One& one : open_) one.socket.close();
  }
  void accept() {
    acceptor_.async_accept([this](const boost::system::error_code& error, Tcp::socket socket) {
      if (error) return;
      ++connections;
      open_.emplace_back(std::move(socket));
      read(std::prev(open_.end()));
      accept();
    });
  }
  void read(std::list<One>::iterator one) {
    asio::async_read_until(one->socket, asio::dynamic_buffer(one->input), "\r\n\r\n",
                           [this, one](const boost::system::error_code& error, std::size_t size) {
                             if (error) {
                               open_.erase(one);
                               return;
                             }
                             ++requests;
                             one->input.erase(0, size);
                             boost::system::error_code ignored;
                             asio::write(one->socket, asio::buffer(answer_), ignored);
                             read(one);
                           });
  }

  asio::io_context io_;
  Tcp::acceptor acceptor_;
  std::list<One> open_;
  std::string answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  std::thread thread_;
};

class ProberTest : public testing::Test {
 protected:
  ProberTest() { host_.address = "127.0.0.1"; }
  ~ProberTest() override {
    if (prober_) prober_->stop();
  }

  void start(ProberOptions options = {}) {
    options.look_interval = Millis{5};
    prober_ = std::make_unique<Prober>(options, *host_.host, clock_);
    prober_->start();
  }

  /// An instance that does not beat, with one check.
  void serve(const std::string& id, Check check) {
    Register request;
    request.service = ServiceName{"web"};
    request.instance = InstanceId{id};
    request.info.address = "127.0.0.1";
    request.info.checks = {std::move(check)};
    request.status = Status::healthy;
    (void)host_.ask<RegisterOk>(connection_, std::move(request));
  }

  [[nodiscard]] std::shared_ptr<const core::InstanceRecord> record(const std::string& id) const {
    const auto view = host_.host->view(core::shard_of("web", host_.host->shards()));
    const auto* const service = view->services.find("web");
    if (service == nullptr) return nullptr;
    const auto* const found = (*service)->instances.find(std::string_view{id});
    return found == nullptr ? nullptr : found->record;
  }
  [[nodiscard]] bool becomes(const std::string& id, Status probed) const {
    return eventually([&] {
      const auto now = record(id);
      return now && now->probed == probed;
    });
  }

  static Check http(const Server& server) {
    return {.kind = Check::Kind::http,
            .port = server.port(),
            .path = "/health",
            .interval = Millis{100},
            .timeout = Millis{100},
            .slow = Millis{0}};
  }

  TestHost host_;
  Connection connection_ = host_.connect(0);
  SystemClock clock_;
  std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, FindsWhatEachAnswerSays) {
  Server server;
  start();
  serve("a", http(server));
  ASSERT_TRUE(eventually([&] { return server.requests > 0; }));

  server.answer(503);
  EXPECT_TRUE(becomes("a", Status::critical));
  EXPECT_EQ(record("a")->probed_reason, Reason::probe_bad);
  EXPECT_NE(record("a")->probe.find("/health: answered 503 after "), std::string::npos)
      << record("a")->probe;
  server.answer(429);
  EXPECT_TRUE(becomes("a", Status::overloaded));
  server.answer(204);
  EXPECT_TRUE(becomes("a", Status::healthy));
  server.answer(200, R"({"status":"degraded"})");
  EXPECT_TRUE(becomes("a", Status::overloaded));
  server.answer(200, R"({"status":"ok"})");
  EXPECT_TRUE(becomes("a", Status::healthy));
  server.answer(301, "", "Location: http://192.0.2.1/\r\n");
  EXPECT_TRUE(becomes("a", Status::critical)) << "it follows nobody";
}

TEST_F(ProberTest, KeepsItsConnectionAndComesBackWhenItIsClosed) {
  Server server;
  start();
  serve("a", http(server));
  ASSERT_TRUE(eventually([&] { return server.requests >= 5; }));
  EXPECT_EQ(server.connections, 1);

  server.close_connections();
  const int before = server.requests;
  ASSERT_TRUE(eventually([&] { return server.requests >= before + 3; }));

  EXPECT_EQ(record("a")->probed, Status::healthy) << "that is no miss";
  EXPECT_EQ(server.connections, 2);
}

TEST_F(ProberTest, KeepsNoMoreConnectionsThanItMay) {
  Server server;
  start({.most_kept = 2});
  for (const char* id : {"a", "b", "c", "d"}) serve(id, http(server));

  ASSERT_TRUE(eventually([&] { return server.requests >= 40; }));

  EXPECT_GE(server.connections, 8) << "two of four have to connect each time";
}

TEST_F(ProberTest, SilenceIsMissedUntilItAnswersAgain) {
  Server server;
  start();
  serve("a", http(server));
  ASSERT_TRUE(eventually([&] { return server.requests > 0; }));
  server.answer("");

  EXPECT_TRUE(becomes("a", Status::dead));
  EXPECT_EQ(record("a")->probed_reason, Reason::probes_missed);
  EXPECT_NE(record("a")->probe.find("no answer within 100 ms"), std::string::npos)
      << record("a")->probe;
  server.answer(200);
  EXPECT_TRUE(becomes("a", Status::healthy));
}

TEST_F(ProberTest, RefusedConnectionIsMissed) {
  auto server = std::make_unique<Server>();
  start();
  serve("a", {.port = server->port(),
              .path = "",
              .interval = Millis{100},
              .timeout = Millis{100},
              .slow = Millis{0}});
  ASSERT_TRUE(eventually([&] { return server->connections > 1; })) << "tcp keeps none";
  EXPECT_EQ(server->requests, 0);

  server->die();

  EXPECT_TRUE(becomes("a", Status::dead));
}

TEST_F(ProberTest, GarbageIsMissedAndALongBodyIsNot) {
  Server server;
  start();
  serve("a", http(server));
  ASSERT_TRUE(eventually([&] { return server.requests > 0; }));
  server.answer("SSH-2.0-OpenSSH_9.2\r\n\r\n");
  EXPECT_TRUE(becomes("a", Status::dead));
  server.answer(200, std::string(1U << 20, 'x'));
  EXPECT_TRUE(becomes("a", Status::healthy));
  server.answer("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(becomes("a", Status::dead)) << "a header without end";
}

TEST_F(ProberTest, ForgetsWhoIsGone) {
  Server server;
  start();
  serve("a", http(server));
  ASSERT_TRUE(eventually([&] { return server.requests > 0; }));

  (void)host_.ask<Done>(connection_, Deregister{ServiceName{"web"}, InstanceId{"a"}, 0, ""});

  const auto targets = [&] {
    MetricsText metrics;
    prober_->write_metrics(metrics);
    return metrics.take().find("muster_probe_targets 0\n") != std::string::npos;
  };
  EXPECT_TRUE(eventually(targets));
}

TEST_F(ProberTest, BoundsWhatIsUnderWayAndStillAsksEverybody) {
  Server silent;
  silent.answer("");
  Server well;
  start({.most_under_way = 4, .most_per_host = 2});
  for (int i = 0; i < 8; ++i) serve("silent-" + std::to_string(i), http(silent));
  serve("well", http(well));

  EXPECT_TRUE(eventually([&] { return well.requests >= 3; }));
  for (int i = 0; i < 8; ++i)
    EXPECT_TRUE(becomes("silent-" + std::to_string(i), Status::dead)) << i;
}

TEST_F(ProberTest, StrangersAreNotProbed) {
  Register request;
  request.service = ServiceName{"web"};
  request.info.address = "192.0.2.1";
  request.info.checks = {{.port = 80, .path = ""}};

  EXPECT_EQ(host_.refused(connection_, std::move(request)).code, Errc::not_allowed);
}

}  // namespace
}  // namespace muster::broker::probe
