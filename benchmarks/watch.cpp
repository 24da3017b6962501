// How long a change takes to all who wait for it, what that costs the broker, and what each of them
// keeps in its memory while nothing happens.
//
//   bench_watch --native HOST:PORT --http HOST:PORT --broker-pid PID --kind poll|sse|native
//               [--watchers 10000] [--per-connection 1] [--instances 10] [--changes 10] [--check
//               MS]
//
// The watchers follow one service of so many instances. A change is an instance that goes into
// maintenance, or comes back. The time is counted from the request that changes it until a watcher
// has the whole new result; blocking queries are asked again at once, as clients do. Connections
// are one per watcher; of native ones, several may share one. Percentiles are those of the best
// change, for what disturbs a run only ever adds; `worst` is the last watcher of the worst change.
// --check: exits 1 if the 99th percentile is above it.
#include "load/fleet.hpp"
#include "load/talk.hpp"

#include <client.hpp>
#include <codec.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace muster;
using Clock = std::chrono::steady_clock;

enum class Kind : std::uint8_t { poll, sse, native };

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

struct Options {
  Address native;
  Address http;
  pid_t broker = 0;
  Kind kind = Kind::poll;
  std::size_t watchers = 10'000;
  std::size_t per_connection = 1;
  int instances = 10;
  int changes = 10;
  double check = 0;  // milliseconds
};

const std::string service = "watched";

/// Finds the ends of whole results in what comes, without keeping their bytes.
class Reader {
 public:
  explicit Reader(Kind kind) : kind_(kind) {}

  /// How many results end in these bytes.
  int take(std::string_view bytes) {
    int whole = 0;
    while (!bytes.empty()) {
      if (left_ > 0) {
        const std::size_t used = std::min(left_, bytes.size());
        left_ -= used;
        bytes.remove_prefix(used);
        if (left_ == 0) whole += is_result_ ? 1 : 0;
        continue;
      }
      head_ += bytes.front();
      bytes.remove_prefix(1);
      if (!begins()) continue;
      head_.clear();
      if (left_ == 0) whole += is_result_ ? 1 : 0;
    }
    return whole;
  }
  [[nodiscard]] std::uint64_t index() const { return index_; }

 private:
  /// Whether the head is whole: then `left_` bytes follow.
  bool begins() {
    switch (kind_) {
      case Kind::native:
        return native_begins();
      case Kind::poll:
        return answer_begins();
      case Kind::sse:
        return greeted_ ? chunk_begins() : stream_begins();
    }
    return false;
  }
  bool native_begins() {
    if (head_.size() < wire::header_size) return false;
    std::uint32_t length = 0;
    std::memcpy(&length, head_.data(), sizeof length);
    left_ = length;
    is_result_ = true;
    return true;
  }
  bool answer_begins() {
    if (!head_.ends_with("\r\n\r\n")) return false;
    require_ok();
    left_ = number("Content-Length: ");
    index_ = number("X-Muster-Index: ");
    is_result_ = true;
    return true;
  }
  bool stream_begins() {
    if (!head_.ends_with("\r\n\r\n")) return false;
    require_ok();
    is_result_ = false;
    return greeted_ = true;
  }
  bool chunk_begins() {
    if (!head_.ends_with("\r\n")) return false;
    std::size_t size = 0;
    std::from_chars(head_.data(), head_.data() + head_.size(), size, 16);
    left_ = size + 2;
    is_result_ = size > 3;  // a comment has three
    return true;
  }
  void require_ok() const {
    if (!head_.starts_with("HTTP/1.1 200")) throw std::runtime_error(head_);
  }
  [[nodiscard]] std::uint64_t number(std::string_view field) const {
    const auto at = head_.find(field);
    if (at == std::string::npos) throw std::runtime_error("no " + std::string(field) + head_);
    return std::stoull(head_.substr(at + field.size()));
  }

  const Kind kind_;
  std::string head_;
  std::size_t left_ = 0;
  std::uint64_t index_ = 0;
  bool is_result_ = false;
  bool greeted_ = false;
};

struct Connection {
  Connection(Kind kind, int socket) : reader(kind), fd(socket) {}
  ~Connection() { ::close(fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Reader reader;
  int fd;
};

double resident_bytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  double size = 0, pages = 0;
  file >> size >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        control_({.servers = {{options.native.host, std::to_string(options.native.port)}}}),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        input_(1U << 20) {}
  ~Bench() { ::close(epoll_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  int run() {
    fill();
    const double empty = resident_bytes(options_.broker);
    connect();
    const double connected = resident_bytes(options_.broker);
    begin();
    settle();
    const double parked = resident_bytes(options_.broker);
    const double before = load::cpu_seconds_of_process(options_.broker);
    for (int i = 0; i < options_.changes; ++i) change(i % 2 == 0);
    const double cpu = load::cpu_seconds_of_process(options_.broker) - before;
    report(connected - empty, parked - connected, cpu);
    return options_.check > 0 && milliseconds(best_.percentile(0.99)) > options_.check ? 1 : 0;
  }

 private:
  void fill() {
    for (int i = 0; i < options_.instances; ++i) {
      Register request;
      request.service = ServiceName(service);
      request.instance = InstanceId("i" + std::to_string(i));
      request.info.address = "10.0.0." + std::to_string(i % 250 + 1);
      request.info.port = 8'080;
      request.info.tags = {"v1"};
      request.info.zone = "north";
      request.session_timeout = std::chrono::minutes{30};
      request.status = Status::healthy;
      (void)control_.ask<RegisterOk>(Request{request});
    }
  }

  void connect() {
    const Address& to = options_.kind == Kind::native ? options_.native : options_.http;
    const std::size_t count = options_.watchers / options_.per_connection;
    for (std::size_t i = 0; i < count; ++i) {
      const int fd = load::connect_to(to.host, to.port);
      connections_.push_back(std::make_unique<Connection>(options_.kind, fd));
      if (options_.kind == Kind::native) load::greet(fd, {});
      ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
      epoll_event event{.events = EPOLLIN, .data = {.ptr = connections_.back().get()}};
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)
        throw std::system_error(errno, std::generic_category(), "epoll");
    }
    wait_for_metric(
        options_.kind == Kind::native ? "muster_native_connections" : "muster_http_connections",
        count);
  }

  /// Everybody has the present result, and waits for the next.
  void begin() {
    for (const auto& connection : connections_) {
      if (options_.kind == Kind::native) {
        wire::Bytes bytes;
        LookupService query;
        query.service = ServiceName(service);
        query.passing = true;
        query.follow = true;
        for (std::size_t i = 0; i < options_.per_connection; ++i)
          if (!wire::encode_query(query, i + 1, bytes)) throw std::runtime_error("too long");
        send(*connection, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      } else {
        ask(*connection);
      }
    }
    collect(options_.watchers, nullptr);
  }

  void ask(const Connection& connection) {
    std::string target = "/v1/services/" + service + "?passing";
    if (options_.kind == Kind::poll)
      target += "&wait=10m&index=" + std::to_string(connection.reader.index());
    send(connection, "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" +
                         (options_.kind == Kind::sse ? "Accept: text/event-stream\r\n" : "") +
                         "\r\n");
  }
  static void send(const Connection& connection, std::string_view bytes) {
    if (::send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size()))
      throw std::system_error(errno, std::generic_category(), "send");
  }

  /// Until so many results have come; their times since `began` are kept.
  void collect(std::size_t results, const Clock::time_point* began) {
    std::array<epoll_event, 256> events{};
    for (std::size_t told = 0; told < results;) {
      const int ready = ::epoll_wait(epoll_, events.data(), events.size(), 30'000);
      if (ready <= 0)
        throw std::runtime_error("only " + std::to_string(told) + " of " + std::to_string(results) +
                                 " were told within 30 s");
      for (int i = 0; i < ready; ++i)
        told +=
            read(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr), began);
    }
  }
  std::size_t read(Connection& connection, const Clock::time_point* began) {
    const ssize_t size = ::recv(connection.fd, input_.data(), input_.size(), 0);
    if (size <= 0) throw std::runtime_error("the broker closed a watcher's connection");
    const int whole = connection.reader.take({input_.data(), static_cast<std::size_t>(size)});
    bytes_ += static_cast<std::uint64_t>(size);
    for (int i = 0; i < whole; ++i) {
      if (began != nullptr) times_.add(Clock::now() - *began);
      if (options_.kind == Kind::poll) ask(connection);
    }
    return static_cast<std::size_t>(whole);
  }

  void settle() {
    wait_for_metric(options_.kind == Kind::native ? "muster_native_follows" : "muster_http_waiting",
                    options_.watchers);
  }
  void wait_for_metric(const std::string& name, std::size_t wanted) {
    for (int i = 0; i < 600; ++i) {
      const std::string text = control_.ask<Metrics>(Query{ReadMetrics{}}).text;
      const auto at = text.find("\n" + name + " ");
      if (at != std::string::npos && std::stoull(text.substr(at + name.size() + 2)) >= wanted)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    throw std::runtime_error(name + " does not become " + std::to_string(wanted));
  }

  /// The change is asked for by another thread, so that its answer delays nobody.
  void change(bool on) {
    settle();
    bytes_ = 0;
    times_ = {};
    SetMaintenance request;
    request.service = ServiceName(service);
    request.instance = InstanceId("i0");
    request.on = on;
    const auto began = Clock::now();
    std::thread changer([&] { (void)control_.ask<Done>(Request{request}); });
    collect(options_.watchers, &began);
    worst_ = std::max(worst_, times_.longest());
    if (best_.count() == 0 || times_.percentile(0.99) < best_.percentile(0.99)) best_ = times_;
    changer.join();
  }

  void report(double connections, double watches, double cpu) {
    const auto n = static_cast<double>(options_.watchers);
    const auto names = std::array{"poll", "sse", "native"};
    std::printf(
        "%-6s  %8zu  %9d  %10llu  %9.1f  %9.1f  %9.1f  %11.2f  %13.0f  %9.0f\n",
        names[static_cast<std::size_t>(options_.kind)], options_.watchers, options_.instances,
        static_cast<unsigned long long>(bytes_ / std::max<std::size_t>(options_.watchers, 1)),
        milliseconds(best_.percentile(0.5)), milliseconds(best_.percentile(0.99)),
        milliseconds(worst_), cpu / n / options_.changes * 1e6,
        connections / static_cast<double>(connections_.size()), watches / n);
  }

  const Options options_;
  cli::Client control_;
  int epoll_;
  std::vector<char> input_;
  std::vector<std::unique_ptr<Connection>> connections_;
  load::Latencies times_;  // of the last change
  load::Latencies best_;
  std::chrono::nanoseconds worst_{0};
  std::uint64_t bytes_ = 0;  // of the last change
};

Address address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  return {text.substr(0, colon), static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)))};
}

Kind kind_of(const std::string& text) {
  if (text == "poll") return Kind::poll;
  if (text == "sse") return Kind::sse;
  if (text == "native") return Kind::native;
  throw std::runtime_error("no such kind: " + text);
}

Options parse(int argc, char** argv) {
  Options out;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--native") {
      out.native = address_of(value);
    } else if (flag == "--http") {
      out.http = address_of(value);
    } else if (flag == "--broker-pid") {
      out.broker = std::stoi(value);
    } else if (flag == "--kind") {
      out.kind = kind_of(value);
    } else if (flag == "--watchers") {
      out.watchers = std::stoul(value);
    } else if (flag == "--per-connection") {
      out.per_connection = std::max(1UL, std::stoul(value));
    } else if (flag == "--instances") {
      out.instances = std::stoi(value);
    } else if (flag == "--changes") {
      out.changes = std::stoi(value);
    } else if (flag == "--check") {
      out.check = std::stod(value);
    } else {
      throw std::runtime_error("no such option: " + flag);
    }
  }
  if (out.native.port == 0 || out.http.port == 0 || out.broker == 0)
    throw std::runtime_error("--native, --http and --broker-pid are needed");
  if (out.kind != Kind::native) out.per_connection = 1;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Options options = parse(argc, argv);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    return Bench(options).run();
  } catch (const std::exception& error) {
    std::cerr << "bench_watch: " << error.what() << "\n";
    return 2;
  }
}
