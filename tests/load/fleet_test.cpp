// The fleet against small servers that behave in one way each.
#include "load/fleet.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace muster::load {
namespace {

using namespace std::chrono_literals;

/// Accepts so many connections, then does to each what it is told, one thread a connection.
class Server {
 public:
  Server(int connections, std::function<void(int fd)> behaviour) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < connections; ++i) {
      threads_.emplace_back([this, behaviour] {
        const int fd = accept(listener_, nullptr, nullptr);
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        behaviour(fd);
        close(fd);
      });
    }
  }
  ~Server() {
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

/// Requests are a byte each, the connection's number; answers are that byte, twice.
Traffic bytes() {
  Traffic traffic;
  traffic.request = [](std::uint32_t connection, std::uint64_t, Bytes& out) {
    out.push_back(static_cast<std::byte>(connection));
  };
  traffic.cut = [](std::uint32_t connection, std::span<const std::byte> bytes) {
    EXPECT_EQ(bytes[0], static_cast<std::byte>(connection));
    return Cut{.bytes = bytes.size() < 2 ? 0U : 2U, .answer = true};
  };
  return traffic;
}

/// Answers until the other side is gone, in writes of `piece` bytes.
void answer_all(int fd, std::size_t piece) {
  char in[16'384];
  for (ssize_t n = 0; (n = recv(fd, in, sizeof in, 0)) > 0;) {
    std::string out;
    for (ssize_t i = 0; i < n; ++i) out.append(2, in[i]);
    for (std::size_t i = 0; i < out.size(); i += piece)
      if (send(fd, out.data() + i, std::min(piece, out.size() - i), MSG_NOSIGNAL) < 0) return;
  }
}

std::string failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no failure";
}

TEST(Fleet, CountsAnswersHoweverTheyAreCut) {
  for (const std::size_t piece : {1U, 3U, 1000U}) {
    Server server(3, [piece](int fd) { answer_all(fd, piece); });
    Fleet fleet({.port = server.port(), .connections = 3, .in_flight = 5}, bytes());

    const Report report = fleet.run(1000);

    EXPECT_GE(report.answers, 1000U);
    EXPECT_LE(report.answers, 1000U + 3 * 5);
    EXPECT_EQ(report.latencies.count(), report.answers);
    EXPECT_GE(fleet.run(500).answers, 500U);
  }
}

TEST(Fleet, NeverHasMoreInFlightThanItWasTold) {
  Server server(1, [](int fd) {
    // Nothing is answered until all seven are here; an eighth would come with them.
    char in[64];
    std::size_t got = 0;
    while (got < 7) got += static_cast<std::size_t>(recv(fd, in, sizeof in, 0));
    EXPECT_EQ(got, 7U);
    EXPECT_LT(recv(fd, in, sizeof in, MSG_DONTWAIT), 0);
    const std::string out(14, '\0');
    send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    answer_all(fd, 1000);
  });
  Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 7}, bytes());

  EXPECT_GE(fleet.run(7).answers, 7U);
}

TEST(Fleet, SkipsFramesThatAnswerNothing) {
  Server server(1, [](int fd) {
    send(fd, "!!!!", 4, MSG_NOSIGNAL);
    answer_all(fd, 1000);
  });
  Traffic traffic = bytes();
  traffic.cut = [](std::uint32_t, std::span<const std::byte> in) {
    const bool notice = in[0] == std::byte{'!'};
    return notice ? Cut{.bytes = 1, .answer = false}
                  : Cut{.bytes = in.size() < 2 ? 0U : 2U, .answer = true};
  };
  Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 2}, traffic);

  EXPECT_GE(fleet.run(100).answers, 100U);
}

TEST(Fleet, ThePrologueRunsOncePerConnectionBeforeTheRequests) {
  Server server(2, [](int fd) {
    char hello[5];
    EXPECT_EQ(recv(fd, hello, sizeof hello, MSG_WAITALL), 5);
    EXPECT_EQ(std::string(hello, 5), "hello");
    send(fd, "ok", 2, MSG_NOSIGNAL);
    answer_all(fd, 1000);
  });
  std::vector<std::uint32_t> greeted;
  Traffic traffic = bytes();
  traffic.prologue = [&](std::uint32_t connection, int fd) {
    greeted.push_back(connection);
    send(fd, "hello", 5, MSG_NOSIGNAL);
    char ok[2];
    EXPECT_EQ(recv(fd, ok, sizeof ok, MSG_WAITALL), 2);
  };

  Fleet fleet({.port = server.port(), .connections = 2, .in_flight = 1}, traffic);
  fleet.run(10);

  EXPECT_EQ(greeted, (std::vector<std::uint32_t>{0, 1}));
}

TEST(Fleet, ManyRequestsThatTheServerIsSlowToReadAllArrive) {
  Server server(1, [](int fd) { answer_all(fd, 1000); });
  Traffic traffic = bytes();
  traffic.request = [](std::uint32_t, std::uint64_t, Bytes& out) {
    out.insert(out.end(), 1'000, std::byte{0});
  };
  // Each request is a thousand bytes and gets a thousand answers of two, counted as one of 2000.
  traffic.cut = [](std::uint32_t, std::span<const std::byte> in) {
    return Cut{.bytes = in.size() < 2'000 ? 0U : 2'000U, .answer = true};
  };
  Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 5'000}, traffic);

  EXPECT_GE(fleet.run(10'000).answers, 10'000U);
}

TEST(Fleet, AServerThatClosesIsNamed) {
  Server server(1, [](int fd) {
    char in[4];
    EXPECT_GT(recv(fd, in, sizeof in, 0), 0);
    send(fd, "\0\0", 2, MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (recv(fd, in, sizeof in, 0) > 0) {
    }
  });
  {
    Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 1}, bytes());
    EXPECT_EQ(failure_of([&] { fleet.run(10); }),
              "connection 0 was closed by the server after 1 answers");
  }
}

TEST(Fleet, AServerThatSaysNothingIsNotWaitedForForEver) {
  Server server(1, [](int fd) {
    char in[4];
    while (recv(fd, in, sizeof in, 0) > 0) {
    }
  });
  Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 1, .patience = 20ms}, bytes());

  EXPECT_EQ(failure_of([&] { fleet.run(1); }), "no answer within 20 ms; 0 had come before");
}

TEST(Fleet, AnAnswerTooManyIsAnError) {
  Server server(1, [](int fd) {
    char in[4];
    EXPECT_GT(recv(fd, in, sizeof in, 0), 0);
    send(fd, "\0\0\0\0\0\0", 6, MSG_NOSIGNAL);
    while (recv(fd, in, sizeof in, 0) > 0) {
    }
  });
  Fleet fleet({.port = server.port(), .connections = 1, .in_flight = 1}, bytes());

  EXPECT_EQ(failure_of([&] { fleet.run(10); }),
            "connection 0 got an answer that no request waits for");
}

TEST(Fleet, NobodyListeningIsAnError) {
  std::uint16_t port = 0;
  {
    Server server(0, {});
    port = server.port();
  }
  EXPECT_NE(failure_of([&] { Fleet fleet({.port = port, .connections = 1}, bytes()); }),
            "no failure");
  EXPECT_EQ(failure_of([&] { Fleet fleet({.host = "nowhere", .port = port}, bytes()); }),
            "not an IPv4 address: nowhere");
  EXPECT_NE(failure_of([&] { Fleet fleet({.port = port, .connections = 0}, bytes()); }),
            "no failure");
}

TEST(Latencies, PercentilesAreRightToSixPercent) {
  Latencies latencies;
  for (int us = 1; us <= 100'000; ++us) latencies.add(std::chrono::microseconds(us));

  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto found = static_cast<double>(latencies.percentile(share).count());
    EXPECT_GE(found, share * 1e8);
    EXPECT_LE(found, share * 1e8 * 1.07);
  }
  EXPECT_EQ(latencies.percentile(1.0), 100ms);
  EXPECT_EQ(latencies.longest(), 100ms);
}

TEST(Latencies, SmallNumbersAreExactAndNoneAreZero) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile(0.5), 0ns);
  for (int ns = 0; ns < 32; ++ns) latencies.add(std::chrono::nanoseconds(ns));

  EXPECT_EQ(latencies.percentile(0.5), 15ns);
  EXPECT_EQ(latencies.percentile(0.0), 0ns);
  latencies.add(std::chrono::hours(100'000));
  EXPECT_EQ(latencies.percentile(1.0), std::chrono::hours(100'000));
}

TEST(CpuSeconds, GrowWithWork) {
  const double process = cpu_seconds_of_process(getpid());
  const double thread = cpu_seconds_of_thread(pthread_self());
  while (cpu_seconds_of_thread(pthread_self()) < thread + 1e-3) {
  }
  EXPECT_GT(cpu_seconds_of_process(getpid()), process);
}

}  // namespace
}  // namespace muster::load
