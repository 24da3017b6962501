/// Fifty thousand who wait for one service, in a broker of its own: they cost little, all are told,
/// a few at a time, and what they had is given back. An argument says another number of them.
#include "client.hpp"

#include "../broker/harness.hpp"
#include "../broker/process.hpp"

#include <broker/http/hub.hpp>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MUSTER_TEST_SANITIZED
#endif
#endif

namespace muster::broker::http {
namespace {

#ifdef MUSTER_TEST_SANITIZED
constexpr bool measures_memory = false;
#else
constexpr bool measures_memory = true;
#endif

std::uint32_t crowd_size = 50'000;

constexpr std::uint64_t most_bytes_each = 4'096;
/// Between two crowds of the same size, for what the allocator keeps in another order.
constexpr std::uint64_t slack_bytes_each = 256;
/// The kernel has about 28,000 ports for one address and one target, and the fewer are free, the
/// longer it looks for one.
constexpr std::uint32_t per_address = 5'000;

/// Connections that all ask the same, from addresses 127.0.0.2 on.
class Crowd {
 public:
  Crowd(std::uint16_t port, std::uint32_t size) {
    for (std::uint32_t i = 0; i < size; ++i) fds_.push_back(connect(port, 2 + i / per_address));
  }
  ~Crowd() {
    for (const int fd : fds_) ::close(fd);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void wait_for_more_than(std::uint64_t index) const {
    const std::string request =
        "GET /v1/services/web?passing&wait=10m&index=" + std::to_string(index) +
        " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (const int fd : fds_)
      ASSERT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(request.size()));
  }
  /// Reads everybody's answer; gives how many have that index.
  [[nodiscard]] std::uint32_t told(std::uint64_t index) const {
    const std::string wanted = "\r\nX-Muster-Index: " + std::to_string(index) + "\r\n";
    std::uint32_t count = 0;
    for (const int fd : fds_) count += next_answer(fd).find(wanted) != std::string::npos ? 1U : 0U;
    return count;
  }

 private:
  static int connect(std::uint16_t port, std::uint32_t host) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl((127U << 24) + host);
    const int yes = 1;  // the port is chosen for the connection, not for the address
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0)
        << std::strerror(errno);
    timeval patience{30, 0};  // longer than any healthy run takes
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return fd;
  }
  /// Up to the end of its body, which is one JSON object and a line end.
  static std::string next_answer(int fd) {
    std::string answer;
    char buffer[4'096];
    while (!answer.ends_with("]}\n")) {
      const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
      if (size <= 0) return {};
      answer.append(buffer, static_cast<std::size_t>(size));
    }
    return answer;
  }

  std::vector<int> fds_;
};

bool raise_descriptors(rlim_t wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= wanted) return true;
  limit = {wanted, std::max(limit.rlim_max, wanted)};
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

class Parked : public testing::Test {
 protected:
  Parked() : broker(folder, {}), control(broker.http_port()) {}

  std::uint64_t metric(const std::string& name) {
    const std::string text = control.get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }
  bool counts(const std::string& name, std::uint64_t count) {
    return eventually([&] { return metric(name) == count; });
  }
  std::uint64_t index() { return control.get("/v1/services/web?passing").index(); }
  std::uint64_t resident() { return metric("process_resident_memory_bytes"); }

  ScratchFolder folder;
  Musterd broker;
  Client control;
};

TEST_F(Parked, AreAllToldAndCostLittle) {
  ASSERT_EQ(
      control.request("POST", "/v1/register", R"({"service":"web","id":"a","ttl":"30m"})").status,
      200);
  const std::uint64_t before = index();
  const std::uint64_t empty = resident();
  std::uint64_t parked = 0;
  {
    const Crowd crowd(broker.http_port(), crowd_size);
    crowd.wait_for_more_than(before);
    ASSERT_TRUE(counts("muster_http_waiting", crowd_size));
    parked = resident();
    if (measures_memory) {
      EXPECT_LE(parked - empty, crowd_size * most_bytes_each);
    }
    const std::uint64_t rounds = metric("muster_http_wake_rounds_total");
    const std::uint64_t misses = metric("muster_http_cache_misses_total");

    ASSERT_EQ(control.request("PUT", "/v1/heartbeat/a", "").status, 200);
    ASSERT_TRUE(eventually([&] { return index() > before; }));

    EXPECT_EQ(crowd.told(index()), crowd_size);
    EXPECT_EQ(metric("muster_http_woken_total"), crowd_size);
    EXPECT_GE(metric("muster_http_wake_rounds_total") - rounds, crowd_size / Hub::batch);
    EXPECT_LE(metric("muster_http_cache_misses_total") - misses, 16U) << "once for each loop";
  }
  ASSERT_TRUE(counts("muster_http_connections", 1));
  EXPECT_EQ(metric("muster_http_waiting"), 0U);

  const Crowd again(broker.http_port(), crowd_size);
  again.wait_for_more_than(index());
  ASSERT_TRUE(counts("muster_http_waiting", crowd_size));
  if (measures_memory) {
    EXPECT_LE(resident(), parked + crowd_size * slack_bytes_each);
  }
}

}  // namespace
}  // namespace muster::broker::http

int main(int argc, char** argv) {
  using muster::broker::http::crowd_size;
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) crowd_size = static_cast<std::uint32_t>(std::stoul(argv[1]));
  // Before anything is started: the broker has as many as its parent.
  if (!muster::broker::http::raise_descriptors(crowd_size + 1'000)) {
    std::printf("skipped: the limit of descriptors cannot be raised to %u\n", crowd_size + 1'000);
    return 77;
  }
  return RUN_ALL_TESTS();
}
