#include "fleet.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace muster::load {
namespace {

using Clock = std::chrono::steady_clock;

/// Read at once at most; answers of 256 heartbeats are 10 KiB.
constexpr std::size_t read_size = 256 * 1024;

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

int connect_to(const FleetOptions& options, std::uint32_t number) {
  const std::string name = "connection " + std::to_string(number);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + options.host);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(errno, name);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    fail(error, name + " to " + options.host + ":" + std::to_string(options.port));
  }
  return fd;
}

double seconds_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) fail(errno, "cannot read a CPU clock");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

// Classes are made as floating point numbers are: sixteen to each power of two, and one for each
// nanosecond below 32.
void Latencies::add(std::chrono::nanoseconds time) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0));
  const auto shift = static_cast<std::size_t>(std::bit_width(ns | 16U)) - 5;
  ++classes_[16 * shift + (ns >> shift)];
  ++count_;
  longest_ = std::max(longest_, time);
}

std::chrono::nanoseconds Latencies::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    seen += classes_[i];
    if (seen < wanted || seen == 0) continue;
    const std::size_t shift = i < 32 ? 0 : i / 16 - 1;
    const std::uint64_t end = (static_cast<std::uint64_t>(i - 16 * shift) + 1) << shift;
    return std::min(std::chrono::nanoseconds(end - 1), longest_);
  }
  return longest_;
}

/// One end's state. Requests are sent in order and answered in order, so that the oldest time
/// belongs to the next answer.
class Fleet::Connection {
 public:
  Connection(std::uint32_t number, int fd, std::uint32_t in_flight)
      : number_(number), fd_(fd), sent_at_(in_flight) {}
  ~Connection() { close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] int fd() const { return fd_; }

  void send_requests(const Traffic& traffic, std::size_t count) {
    const auto now = Clock::now();
    for (std::size_t i = 0; i < count; ++i) {
      sent_at_[next_ % sent_at_.size()] = now;
      traffic.request(number_, next_++, output_);
    }
    flush();
  }

  /// Writes what the socket takes; the rest goes when it is writable again.
  void flush() {
    while (written_ < output_.size()) {
      const ssize_t n =
          send(fd_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      if (n < 0) fail(errno, "write on connection " + std::to_string(number_));
      written_ += static_cast<std::size_t>(n);
    }
    output_.clear();
    written_ = 0;
  }
  [[nodiscard]] bool unwritten() const { return !output_.empty(); }

  /// Reads what there is behind what was kept of the last read.
  std::span<const std::byte> receive(Bytes& buffer) {
    if (2 * rest_.size() > buffer.size()) buffer.resize(4 * rest_.size());
    std::ranges::copy(rest_, buffer.begin());
    const std::size_t kept = rest_.size();
    const ssize_t n = recv(fd_, buffer.data() + kept, buffer.size() - kept, 0);
    if (n == 0)
      throw std::runtime_error("connection " + std::to_string(number_) +
                               " was closed by the server after " + std::to_string(answered_) +
                               " answers");
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
      fail(errno, "read on connection " + std::to_string(number_));
    return std::span(buffer).first(kept + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  }
  void keep(std::span<const std::byte> rest) { rest_.assign(rest.begin(), rest.end()); }

  [[nodiscard]] Clock::time_point answered() {
    if (answered_ == next_)
      throw std::runtime_error("connection " + std::to_string(number_) +
                               " got an answer that no request waits for");
    return sent_at_[answered_++ % sent_at_.size()];
  }
  [[nodiscard]] bool started() const { return next_ > 0; }
  bool writes_wait = false;  // epoll watches for room to write

 private:
  std::uint32_t number_;
  int fd_;
  std::vector<Clock::time_point> sent_at_;  // a ring of the requests in flight
  std::uint64_t next_ = 0;                  // number of the next request
  std::uint64_t answered_ = 0;
  Bytes output_;
  std::size_t written_ = 0;
  Bytes rest_;
};

Fleet::Fleet(FleetOptions options, Traffic traffic)
    : options_(std::move(options)), traffic_(std::move(traffic)), input_(read_size) {
  if (options_.connections == 0 || options_.in_flight == 0)
    throw std::runtime_error("a fleet needs at least one connection and one request in flight");
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail(errno, "epoll");
  for (std::uint32_t c = 0; c < options_.connections; ++c) {
    const int fd = connect_to(options_, c);
    connections_.push_back(std::make_unique<Connection>(c, fd, options_.in_flight));
    if (traffic_.prologue) traffic_.prologue(c, fd);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = connections_.back().get()}};
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) fail(errno, "epoll");
  }
}

Fleet::~Fleet() {
  if (epoll_ >= 0) close(epoll_);
}

Report Fleet::run(std::uint64_t answers) {
  Report report;
  const auto start = Clock::now();
  for (const auto& connection : connections_) {
    if (connection->started()) continue;
    connection->send_requests(traffic_, options_.in_flight);
    watch_writes(*connection);
  }
  std::array<epoll_event, 256> events{};
  while (report.answers < answers) {
    const int n = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                             static_cast<int>(options_.patience.count()));
    if (n < 0 && errno != EINTR) fail(errno, "epoll");
    if (n == 0)
      throw std::runtime_error("no answer within " + std::to_string(options_.patience.count()) +
                               " ms; " + std::to_string(report.answers) + " had come before");
    for (int i = 0; i < n; ++i)
      handle(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr), report);
  }
  report.took = Clock::now() - start;
  return report;
}

void Fleet::handle(Connection& connection, Report& report) {
  std::span<const std::byte> bytes = connection.receive(input_);
  const auto now = Clock::now();
  std::size_t answered = 0;
  while (!bytes.empty()) {
    const Cut cut = traffic_.cut(connection.number(), bytes);
    if (cut.bytes == 0) break;
    bytes = bytes.subspan(cut.bytes);
    if (!cut.answer) continue;
    report.latencies.add(now - connection.answered());
    ++answered;
  }
  connection.keep(bytes);
  report.answers += answered;
  // What could not be written before goes first; both end in one write.
  if (answered > 0)
    connection.send_requests(traffic_, answered);
  else
    connection.flush();
  watch_writes(connection);
}

void Fleet::watch_writes(Connection& connection) {
  if (connection.unwritten() == connection.writes_wait) return;
  connection.writes_wait = connection.unwritten();
  epoll_event event{.events = EPOLLIN | (connection.writes_wait ? EPOLLOUT : 0U),
                    .data = {.ptr = &connection}};
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event) != 0) fail(errno, "epoll");
}

double cpu_seconds_of_process(pid_t process) {
  clockid_t clock{};
  if (const int error = clock_getcpuclockid(process, &clock); error != 0)
    fail(error, "no CPU clock of process " + std::to_string(process));
  return seconds_of(clock);
}

double cpu_seconds_of_thread(pthread_t thread) {
  clockid_t clock{};
  if (const int error = pthread_getcpuclockid(thread, &clock); error != 0)
    fail(error, "no CPU clock of the thread");
  return seconds_of(clock);
}

}  // namespace muster::load
