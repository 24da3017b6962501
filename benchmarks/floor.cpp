// The bare minimum to measure the native door against: an epoll loop that reads what has come and
// answers every 48-byte request with 40 bytes, all of a read in one write. These are the frame
// sizes of a heartbeat and its answer; nothing is looked up, decided or remembered.
//
//   floor [--connections 64] [--in-flight 1|16|256]… [--frames N] [--server-cpu-only] [--json]
//
// Server and load each have a thread; the server's CPU time is that of its thread alone.
#include "load/fleet.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>

namespace {

using muster::load::Bytes;

constexpr std::size_t request_size = 48;
constexpr std::size_t reply_size = 40;
constexpr std::size_t header_size = 16;

/// Answers until it is destroyed. One thread; all connections share its two buffers, and only what
/// a socket did not take, or half a request, is kept per connection.
class EchoServer {
 public:
  EchoServer() : input_(64 * 1024) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    listener_ = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    check(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    check(listen(listener_, SOMAXCONN));
    check(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size));
    port_ = ntohs(address.sin_port);
    stop_ = check(eventfd(0, EFD_CLOEXEC));
    epoll_ = check(epoll_create1(EPOLL_CLOEXEC));
    watch(listener_);
    watch(stop_);
    thread_ = std::thread([this] { serve(); });
  }
  ~EchoServer() {
    const std::uint64_t one = 1;
    while (write(stop_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    for (std::size_t fd = 0; fd < peers_.size(); ++fd)
      if (peers_[fd].open) close(static_cast<int>(fd));
    for (const int fd : {listener_, stop_, epoll_}) close(fd);
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] double cpu_seconds() {
    return muster::load::cpu_seconds_of_thread(thread_.native_handle());
  }

 private:
  struct Peer {
    bool open = false;
    Bytes half;  // of a request
    Bytes unsent;
  };

  static int check(int result) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), "echo server");
    return result;
  }

  void watch(int fd, std::uint32_t events = EPOLLIN, int how = EPOLL_CTL_ADD) const {
    epoll_event event{.events = events, .data = {.fd = fd}};
    check(epoll_ctl(epoll_, how, fd, &event));
  }

  void serve() {
    std::array<epoll_event, 256> events{};
    for (;;) {
      const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < n; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == stop_) return;
        if (fd == listener_)
          accept_one();
        else if (!answer(fd, peers_[static_cast<std::size_t>(fd)]))
          drop(fd);
      }
    }
  }

  void accept_one() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (peers_.size() <= static_cast<std::size_t>(fd))
      peers_.resize(static_cast<std::size_t>(fd) + 1);
    peers_[static_cast<std::size_t>(fd)] = {.open = true, .half = {}, .unsent = {}};
    watch(fd);
  }

  void drop(int fd) {
    peers_[static_cast<std::size_t>(fd)] = {};
    close(fd);
  }

  /// False when the connection is over.
  bool answer(int fd, Peer& peer) {
    if (!peer.unsent.empty()) return send_rest(fd, peer);
    const std::size_t kept = peer.half.size();
    if (kept > 0) std::memcpy(input_.data(), peer.half.data(), kept);
    const ssize_t n = recv(fd, input_.data() + kept, input_.size() - kept, 0);
    if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
    const std::size_t size = kept + static_cast<std::size_t>(n);
    const std::size_t requests = size / request_size;
    output_.resize(requests * reply_size);
    for (std::size_t i = 0; i < requests; ++i) write_reply(i);
    peer.half.assign(input_.begin() + static_cast<std::ptrdiff_t>(requests * request_size),
                     input_.begin() + static_cast<std::ptrdiff_t>(size));
    return send_replies(fd, peer);
  }

  /// The header and as much of the body as fits, with the length that the answer has.
  void write_reply(std::size_t i) {
    std::byte* const reply = output_.data() + i * reply_size;
    std::memcpy(reply, input_.data() + i * request_size, reply_size);
    const std::uint32_t length = reply_size - header_size;
    std::memcpy(reply, &length, sizeof length);
  }

  bool send_replies(int fd, Peer& peer) {
    if (output_.empty()) return true;
    const ssize_t n = send(fd, output_.data(), output_.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return false;
    const auto sent = static_cast<std::ptrdiff_t>(n < 0 ? 0 : n);
    if (static_cast<std::size_t>(sent) == output_.size()) return true;
    peer.unsent.assign(output_.begin() + sent, output_.end());
    watch(fd, EPOLLOUT, EPOLL_CTL_MOD);
    return true;
  }

  bool send_rest(int fd, Peer& peer) {
    const ssize_t n = send(fd, peer.unsent.data(), peer.unsent.size(), MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    peer.unsent.erase(peer.unsent.begin(), peer.unsent.begin() + n);
    if (peer.unsent.empty()) watch(fd, EPOLLIN, EPOLL_CTL_MOD);
    return true;
  }

  int listener_ = -1;
  int stop_ = -1;
  int epoll_ = -1;
  std::uint16_t port_ = 0;
  std::vector<Peer> peers_;  // by file descriptor
  Bytes input_;
  Bytes output_;
  std::thread thread_;
};

struct Options {
  std::uint32_t connections = 64;
  std::vector<std::uint32_t> in_flight;
  std::uint64_t frames = 0;  // 0: enough for about a second
  bool server_cpu_only = false;
  bool json = false;
};

struct Result {
  std::uint32_t in_flight = 0;
  double cpu_per_million = 0;  // seconds
  muster::load::Report report;
};

Result measure(const Options& options, std::uint32_t in_flight) {
  EchoServer server;
  muster::load::Traffic traffic;
  traffic.request = [](std::uint32_t, std::uint64_t number, Bytes& out) {
    const std::size_t begin = out.size();
    out.resize(begin + request_size);
    const std::uint32_t length = request_size - header_size;
    std::memcpy(out.data() + begin, &length, sizeof length);
    std::memcpy(out.data() + begin + 8, &number, sizeof number);
  };
  traffic.cut = [](std::uint32_t, std::span<const std::byte> bytes) {
    return muster::load::Cut{.bytes = bytes.size() < reply_size ? 0 : reply_size, .answer = true};
  };
  muster::load::Fleet fleet(
      {.port = server.port(), .connections = options.connections, .in_flight = in_flight}, traffic);
  const std::uint64_t frames =
      options.frames > 0 ? options.frames : 200'000 * std::min<std::uint64_t>(in_flight, 40);
  fleet.run(frames / 10);
  const double before = server.cpu_seconds();
  Result result{.in_flight = in_flight, .cpu_per_million = 0, .report = fleet.run(frames)};
  result.cpu_per_million =
      (server.cpu_seconds() - before) / static_cast<double>(result.report.answers) * 1e6;
  return result;
}

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e3;
}

void print(const Options& options, const Result& result) {
  const auto& latencies = result.report.latencies;
  if (options.json) {
    std::printf(
        "{\"connections\":%u,\"in_flight\":%u,\"frames\":%llu,\"server_cpu_seconds_per_million\":%."
        "5f,"
        "\"frames_per_second\":%.0f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
        "\"longest_us\":%.1f}\n",
        options.connections, result.in_flight,
        static_cast<unsigned long long>(result.report.answers), result.cpu_per_million,
        result.report.rate(), microseconds(latencies.percentile(0.5)),
        microseconds(latencies.percentile(0.99)), microseconds(latencies.percentile(0.999)),
        microseconds(latencies.longest()));
  } else if (options.server_cpu_only) {
    std::printf("%9u  %12.4f\n", result.in_flight, result.cpu_per_million);
  } else {
    std::printf("%9u  %12.4f  %12.0f  %9.1f  %9.1f  %9.1f\n", result.in_flight,
                result.cpu_per_million, result.report.rate(),
                microseconds(latencies.percentile(0.5)), microseconds(latencies.percentile(0.99)),
                microseconds(latencies.percentile(0.999)));
  }
}

std::uint64_t number(std::string_view option, const char* text) {
  std::uint64_t value = 0;
  const std::string_view digits = text != nullptr ? text : "";
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value == 0 ||
      value > 1'000'000'000'000)
    throw std::runtime_error(std::string(option) + " needs a number from 1 on, not '" +
                             std::string(digits) + "'");
  return value;
}

Options parse(char** arguments) {
  Options options;
  while (*++arguments != nullptr) {
    const std::string_view option = *arguments;
    if (option == "--json") {
      options.json = true;
    } else if (option == "--server-cpu-only") {
      options.server_cpu_only = true;
    } else if (option == "--connections" || option == "--in-flight" || option == "--frames") {
      const std::uint64_t value = number(option, *++arguments);
      if (option == "--frames") {
        options.frames = value;
      } else if (value > 20'000) {
        throw std::runtime_error(std::string(option) + " " + std::to_string(value) +
                                 " is above the limit of 20000");
      } else if (option == "--connections") {
        options.connections = static_cast<std::uint32_t>(value);
      } else {
        options.in_flight.push_back(static_cast<std::uint32_t>(value));
      }
    } else {
      throw std::runtime_error("unknown option " + std::string(option) +
                               "; known: --connections N, --in-flight N (repeatable), --frames N, "
                               "--server-cpu-only, --json");
    }
  }
  if (options.in_flight.empty()) options.in_flight = {1, 16, 256};
  return options;
}

}  // namespace

int main(int, char** arguments) {
  try {
    const Options options = parse(arguments);
    if (!options.json)
      std::printf(options.server_cpu_only
                      ? "in flight  server cpu/M\n"
                      : "in flight  server cpu/M      frames/s     p50 us     p99 us   p99.9 us\n");
    for (const std::uint32_t in_flight : options.in_flight) {
      print(options, measure(options, in_flight));
      std::fflush(stdout);
    }
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "floor: " << error.what() << '\n';
    return 1;
  }
}
