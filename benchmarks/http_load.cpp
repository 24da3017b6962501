// What the HTTP door's answers cost: broker CPU time per million requests over kept-alive
// connections, and their latency at a fixed rate.
//
//   http_load PORT BROKER_PID lookups TARGET CONNECTIONS REQUESTS     one in flight on each
//   http_load PORT BROKER_PID paced TARGET CONNECTIONS RATE SECONDS   so many a second, open loop
//   http_load PORT BROKER_PID register CONNECTIONS INSTANCES          durable registrations
//
// A % in TARGET is a number from 0 to 999, in turn. At a fixed rate a request's time is counted
// from when it was due, not from when it was sent: who falls behind is not excused.
#include "load/fleet.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using muster::load::Bytes;
using muster::load::Cut;
using muster::load::Latencies;

constexpr std::uint64_t services = 1'000;

std::string request(std::string_view method, std::string_view target, const std::string& body) {
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  if (!body.empty())
    out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return out.append("\r\n").append(body);
}

/// The target with the number in the place of its %.
std::string get(const std::string& target, std::uint64_t number) {
  const auto at = target.find('%');
  if (at == std::string::npos) return request("GET", target, {});
  return request(
      "GET", target.substr(0, at) + std::to_string(number % services) + target.substr(at + 1), {});
}

std::string registration(std::uint64_t number) {
  return request("POST", "/v1/register",
                 "{\"service\":\"s" + std::to_string(number % services) + "\",\"id\":\"i" +
                     std::to_string(number / services) + "\",\"address\":\"10." +
                     std::to_string(number % 250) + "." + std::to_string(number / 250 % 250) +
                     ".1\",\"port\":8080,\"tags\":[\"v2\"],\"zone\":\"north\",\"ttl\":\"30m\","
                     "\"status\":\"healthy\"}");
}

/// The end of the first answer; one that is no success throws.
Cut cut(std::span<const std::byte> span) {
  const std::string_view bytes{reinterpret_cast<const char*>(span.data()), span.size()};
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const auto field = bytes.substr(0, end).find("Content-Length: ");
  if (bytes.compare(9, 1, "2") != 0 || field == std::string_view::npos)
    throw std::runtime_error(std::string(bytes.substr(0, 500)));
  const std::size_t whole = end + 4 + std::strtoull(bytes.data() + field + 16, nullptr, 10);
  return {.bytes = bytes.size() < whole ? 0 : whole, .answer = true};
}

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

struct Measured {
  std::uint64_t answers = 0;
  std::uint64_t bytes = 0;
  double cpu = 0;  // seconds of the broker
  std::chrono::duration<double> took{0};
  Latencies latencies;
};

void print(const char* what, std::size_t connections, const Measured& m) {
  const auto us = [&](double share) { return microseconds(m.latencies.percentile(share)); };
  const auto answers = static_cast<double>(m.answers);
  std::printf("%-12s  %11zu  %8.0f  %12.2f  %10.0f  %9.1f  %9.1f  %11.1f\n", what, connections,
              static_cast<double>(m.bytes) / answers, m.cpu / answers * 1e6,
              answers / m.took.count(), us(0.5), us(0.99), microseconds(m.latencies.longest()));
  std::fflush(stdout);
}

/// As fast as they are answered, one in flight on each connection.
Measured saturate(int port, pid_t broker, std::size_t connections, std::uint64_t requests,
                  std::uint64_t warm_up, const std::function<std::string(std::uint64_t)>& make) {
  Measured out;
  std::uint64_t next = 0;
  muster::load::Traffic traffic;
  traffic.request = [&](std::uint32_t, std::uint64_t, Bytes& bytes) {
    const std::string text = make(next++);
    const auto* const begin = reinterpret_cast<const std::byte*>(text.data());
    bytes.insert(bytes.end(), begin, begin + text.size());
  };
  traffic.cut = [&](std::uint32_t, std::span<const std::byte> bytes) {
    const Cut found = cut(bytes);
    out.bytes += found.bytes;
    return found;
  };
  muster::load::Fleet fleet({.port = static_cast<std::uint16_t>(port),
                             .connections = static_cast<std::uint32_t>(connections)},
                            traffic);
  if (warm_up > 0) fleet.run(warm_up);
  out.bytes = 0;
  const double before = muster::load::cpu_seconds_of_process(broker);
  const muster::load::Report report = fleet.run(requests);
  out.cpu = muster::load::cpu_seconds_of_process(broker) - before;
  out.answers = report.answers;
  out.took = report.took;
  out.latencies = report.latencies;
  return out;
}

/// So many a second, whether they are answered or not.
class Pacer {
 public:
  Pacer(int port, std::size_t connections, const std::string& target)
      : target_(target), epoll_(::epoll_create1(EPOLL_CLOEXEC)), input_(1U << 20) {
    for (std::size_t i = 0; i < connections; ++i) {
      auto one = std::make_unique<One>();
      one->fd = connect_to(port);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = one.get()}};
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, one->fd, &event) != 0) fail();
      all_.push_back(std::move(one));
    }
  }
  ~Pacer() {
    for (const auto& one : all_) ::close(one->fd);
    ::close(epoll_);
  }
  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

  Measured run(pid_t broker, double rate, double seconds) {
    Measured out;
    const auto total = static_cast<std::uint64_t>(rate * seconds);
    const double before = muster::load::cpu_seconds_of_process(broker);
    const auto start = Clock::now();
    const auto due = [&](std::uint64_t number) {
      return start + std::chrono::nanoseconds(
                         static_cast<std::int64_t>(static_cast<double>(number) / rate * 1e9));
    };
    std::uint64_t sent = 0;
    while (out.answers < total) {
      for (auto now = Clock::now(); sent < total && due(sent) <= now; ++sent) send(sent, due(sent));
      const auto wait = sent < total ? due(sent) - Clock::now() : std::chrono::seconds{5};
      if (!read_some(wait, out) && sent == total) throw std::runtime_error("answers are missing");
    }
    out.took = Clock::now() - start;
    out.cpu = muster::load::cpu_seconds_of_process(broker) - before;
    return out;
  }

 private:
  struct One {
    int fd = -1;
    std::deque<Clock::time_point> due;
    Bytes rest;
  };

  [[noreturn]] static void fail() { throw std::system_error(errno, std::generic_category()); }
  static int connect_to(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) fail();
    const int yes = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
  }

  void send(std::uint64_t number, Clock::time_point due) {
    One& one = *all_[number % all_.size()];
    const std::string text = get(target_, number);
    one.due.push_back(due);
    if (::send(one.fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      fail();
  }

  /// False: nothing came in that time.
  bool read_some(std::chrono::nanoseconds wait, Measured& out) {
    const auto ns = std::max<std::int64_t>(wait.count(), 0);
    const timespec limit{ns / 1'000'000'000, ns % 1'000'000'000};
    std::array<epoll_event, 64> events{};
    const int ready = ::epoll_pwait2(epoll_, events.data(), events.size(), &limit, nullptr);
    for (int i = 0; i < ready; ++i)
      read(*static_cast<One*>(events[static_cast<std::size_t>(i)].data.ptr), out);
    return ready > 0;
  }
  void read(One& one, Measured& out) {
    std::ranges::copy(one.rest, input_.begin());
    const std::size_t kept = one.rest.size();
    const ssize_t size = ::recv(one.fd, input_.data() + kept, input_.size() - kept, 0);
    if (size <= 0) fail();
    std::span<const std::byte> bytes{input_.data(), kept + static_cast<std::size_t>(size)};
    const auto now = Clock::now();
    for (Cut found = cut(bytes); found.bytes > 0; found = cut(bytes)) {
      out.latencies.add(now - one.due.front());
      one.due.pop_front();
      ++out.answers;
      out.bytes += found.bytes;
      bytes = bytes.subspan(found.bytes);
      if (bytes.empty()) break;
    }
    one.rest.assign(bytes.begin(), bytes.end());
  }

  const std::string target_;
  int epoll_;
  std::vector<std::unique_ptr<One>> all_;
  Bytes input_;
};

void run(const std::vector<std::string>& words) {
  const int port = std::stoi(words.at(0));
  const pid_t broker = std::stoi(words.at(1));
  const std::string& what = words.at(2);
  const std::string& target = words.at(3);
  if (what == "register") {
    const std::size_t connections = std::stoul(target);
    print("register", connections,
          saturate(port, broker, connections, std::stoull(words.at(4)), 0, registration));
    return;
  }
  const std::size_t connections = std::stoul(words.at(4));
  if (what == "paced") {
    Pacer pacer(port, connections, target);
    (void)pacer.run(broker, std::stod(words.at(5)), 1);
    print("paced", connections, pacer.run(broker, std::stod(words.at(5)), std::stod(words.at(6))));
    return;
  }
  print("lookups", connections,
        saturate(port, broker, connections, std::stoull(words.at(5)), services * 2,
                 [&](std::uint64_t number) { return get(target, number); }));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run({argv + 1, argv + argc});
    return 0;
  } catch (const std::out_of_range&) {
    std::fprintf(stderr, "http_load: words are missing; see the head of http_load.cpp\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_load: %s\n", error.what());
  }
  return 1;
}
