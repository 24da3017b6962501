/// The broker is away, stopped or killed, under a thousand instances that beat all the while:
/// nobody healthy is ever told to be dead, and no consumer ever gets an answer without them.
#include "harness.hpp"
#include "native_client.hpp"
#include "process.hpp"

#include "../http/client.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int instances = 1'000;
constexpr Millis session{1'000};
const ServiceName crowd{"crowd"};

InstanceId id_of(int number) {
  return InstanceId{"i-" + std::to_string(number)};
}

sockaddr_in local(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

// Instances
// ------------------------------------------------------------------------------------------------

/// A connection that never waits for its peer: what it cannot take stays here.
class Line {
 public:
  Line(std::uint16_t port, wire::Bytes beats) : port_(port), beats_(std::move(beats)) {}
  ~Line() { close(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// One heartbeat of each instance, unless those before are still on their way.
  void beat() {
    drop_input();
    if (fd_ < 0 && !connect()) return;
    if (pending_.empty()) pending_ = beats_;
    flush();
  }
  void beat_from_now_on(wire::Bytes beats) { beats_ = std::move(beats); }

 private:
  bool connect() {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = local(port_);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
      close();
      return false;
    }
    ::fcntl(fd_, F_SETFL, O_NONBLOCK);
    pending_ = hello_bytes();
    pending_.insert(pending_.end(), beats_.begin(), beats_.end());
    return true;
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    pending_.clear();
  }
  void drop_input() {
    std::array<std::byte, 65'536> part{};
    while (fd_ >= 0) {
      const ssize_t size = ::recv(fd_, part.data(), part.size(), 0);
      if (size > 0) continue;
      if (size < 0 && errno == EAGAIN) return;
      close();
    }
  }
  void flush() {
    const ssize_t sent = ::send(fd_, pending_.data(), pending_.size(), MSG_NOSIGNAL);
    if (sent > 0) pending_.erase(pending_.begin(), pending_.begin() + sent);
  }

  const std::uint16_t port_;
  wire::Bytes beats_;
  wire::Bytes pending_;
  int fd_ = -1;
};

/// All instances, over four connections; each beats about seven times in a session timeout.
class Crowd {
 public:
  explicit Crowd(std::uint16_t port) {
    register_all(port);
    for (int part = 0; part < parts; ++part)
      lines_.push_back(std::make_unique<Line>(port, beats_of(part)));
    thread_ = std::thread([this] { run(); });
  }
  ~Crowd() {
    stop_ = true;
    thread_.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// The first of them beats no more.
  void silence_one() { one_silent_ = true; }
  /// The longest time in which the test itself was kept from beating.
  [[nodiscard]] Millis own_silence() const { return Millis{own_silence_ms_.load()}; }

 private:
  static constexpr int parts = 4;

  static void register_all(std::uint16_t port) {
    NativeClient client(port);
    (void)client.greet();
    for (int n = 0; n < instances; ++n) {
      Register request;
      request.service = crowd;
      request.instance = id_of(n);
      request.info.address = "127.1." + std::to_string(n / 250) + "." + std::to_string(n % 250 + 1);
      request.info.port = 80;
      request.session_timeout = session;
      request.status = Status::healthy;
      client.send_request(request, 1);
    }
    for (int n = 0; n < instances; ++n) (void)client.expect<RegisterOk>();
  }
  static wire::Bytes beats_of(int part, int first = 0) {
    wire::Bytes out;
    for (int n = first > part ? part + parts : part; n < instances; n += parts)
      EXPECT_TRUE(wire::encode_request(BeatInstance{crowd, id_of(n), 0, 0}, 2, out));
    return out;
  }
  void run() {
    auto last = Clock::now();
    while (!stop_) {
      if (one_silent_.exchange(false)) lines_[0]->beat_from_now_on(beats_of(0, 1));
      for (const auto& line : lines_) line->beat();
      const auto now = Clock::now();
      const auto took = std::chrono::duration_cast<Millis>(now - last).count();
      own_silence_ms_ = std::max(own_silence_ms_.load(), took);
      last = now;
      std::this_thread::sleep_for(session / 7);  // the rhythm of heartbeats
    }
  }

  std::vector<std::unique_ptr<Line>> lines_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> one_silent_{false};
  std::atomic<Millis::rep> own_silence_ms_{0};
  std::thread thread_;
};

// Consumers
// ------------------------------------------------------------------------------------------------

/// What one consumer was told: how many answers, and the smallest.
class Told {
 public:
  void answer(std::size_t instances_in_it) {
    const std::lock_guard lock(mutex_);
    ++answers_;
    least_ = std::min(least_, instances_in_it);
  }
  [[nodiscard]] int answers() const {
    const std::lock_guard lock(mutex_);
    return answers_;
  }
  [[nodiscard]] std::size_t least() const {
    const std::lock_guard lock(mutex_);
    return least_;
  }

 private:
  mutable std::mutex mutex_;
  int answers_ = 0;
  std::size_t least_ = instances;
};

class Consumer {
 public:
  explicit Consumer(std::uint16_t port) : port_(port) {}
  virtual ~Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  [[nodiscard]] const Told& told() const { return told_; }

 protected:
  void begin() {
    thread_ = std::thread([this] { run(); });
  }
  /// For the end of the derived class' life.
  void finish() {
    stop_ = true;
    thread_.join();
  }
  virtual void run() = 0;

  const std::uint16_t port_;
  Told told_;
  std::atomic<bool> stop_{false};

 private:
  std::thread thread_;
};

/// Asks for the addresses by DNS. No answer and SERVFAIL are none; whatever else comes is judged.
class DnsConsumer final : public Consumer {
 public:
  explicit DnsConsumer(std::uint16_t port) : Consumer(port) { begin(); }
  ~DnsConsumer() override { finish(); }

 private:
  void run() override {
    constexpr std::string_view question{
        "\0\1\1\0\0\1\0\0\0\0\0\1"
        "\5crowd\7service\6muster\0\0\1\0\1"
        "\0\0\x29\x40\0\0\0\0\0\0\0",  // EDNS: 16 KiB
        49};
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = local(port_);
    while (!stop_) {
      // Anew each time: a socket keeps the refusal of a port that was closed for a moment.
      ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
      (void)::send(fd, question.data(), question.size(), 0);
      pollfd waits{fd, POLLIN, 0};
      if (::poll(&waits, 1, 200) == 1) read_answer(fd);
      std::this_thread::sleep_for(20ms);  // how often it asks
    }
    ::close(fd);
  }
  void read_answer(int fd) {
    std::array<unsigned char, 65'536> answer{};
    const ssize_t size = ::recv(fd, answer.data(), answer.size(), 0);
    if (size < 12) return;
    constexpr unsigned servfail = 2;
    const unsigned rcode = answer[3] & 15U;
    if (rcode == servfail) return;
    told_.answer(rcode == 0 ? static_cast<std::size_t>(answer[6]) * 256 + answer[7] : 0);
  }
};

/// Looks up over HTTP. No answer and 503 are none.
class HttpConsumer final : public Consumer {
 public:
  explicit HttpConsumer(std::uint16_t port) : Consumer(port) { begin(); }
  ~HttpConsumer() override { finish(); }

 private:
  void run() override {
    while (!stop_) {
      try {
        http::Client client(port_);
        while (!stop_ && look_up(client)) std::this_thread::sleep_for(50ms);
      } catch (const std::runtime_error&) {  // nobody listens now
      }
      std::this_thread::sleep_for(20ms);  // how often it asks
    }
  }
  bool look_up(http::Client& client) {
    client.send_get("/v1/services/crowd?passing&limit=10000");
    const auto answer = client.next();
    if (!answer) return false;
    if (answer->status == 503) return true;
    std::size_t count = 0;
    for (auto at = answer->body.find("{\"instance\":"); at != std::string::npos;
         at = answer->body.find("{\"instance\":", at + 1))
      ++count;
    told_.answer(count);
    return true;
  }
};

/// Follows the service over the native door.
class Watcher final : public Consumer {
 public:
  explicit Watcher(std::uint16_t port) : Consumer(port) { begin(); }
  ~Watcher() override { finish(); }

 private:
  void run() override {
    while (!stop_) {
      const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in at = local(port_);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) follow(fd);
      ::close(fd);
      std::this_thread::sleep_for(20ms);  // how often it asks
    }
  }
  void follow(int fd) {
    wire::Bytes out = hello_bytes();
    LookupService query;
    query.service = crowd;
    query.passing = true;
    query.follow = true;
    EXPECT_TRUE(wire::encode_query(query, 1, out));
    if (::send(fd, out.data(), out.size(), MSG_NOSIGNAL) <= 0) return;
    wire::FrameReader reader;
    bool greeted = false;
    while (!stop_) {
      pollfd waits{fd, POLLIN, 0};
      if (::poll(&waits, 1, 100) != 1) continue;
      const auto room = reader.prepare(65'536);
      const ssize_t size = ::recv(fd, room.data(), room.size(), 0);
      if (size <= 0) return;
      reader.commit(static_cast<std::size_t>(size));
      for (auto frame = reader.next(); frame && *frame; frame = reader.next())
        if (std::exchange(greeted, true)) judge(**frame);
    }
  }
  void judge(const wire::Frame& frame) {
    const auto answer = wire::decode_answer(frame);
    ASSERT_TRUE(answer.has_value());
    const auto* const reply = std::get_if<ReplyBody>(&*answer);
    const auto* const result = reply ? std::get_if<ServiceResult>(reply) : nullptr;
    ASSERT_NE(result, nullptr) << "the watch was answered by something else";
    if (result->instances.empty() && !result->sure) return;
    told_.answer(result->instances.size());
  }
};

// The broker
// ------------------------------------------------------------------------------------------------

class Scene {
 public:
  Scene() { start(); }

  void start() {
    std::vector<std::string> arguments{"--shards", "2"};
    if (MUSTER_WITH_ROCKSDB) arguments.insert(arguments.end(), {"--data", folder_.path("data")});
    if (broker) {
      const auto at = [](std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); };
      arguments.insert(arguments.end(),
                       {"--listen", at(broker->port()), "--http-listen", at(broker->http_port()),
                        "--dns-listen", at(broker->dns_port())});
    }
    broker = std::make_unique<Musterd>(folder_, arguments);
    ASSERT_TRUE(broker->ready()) << broker->output();
  }
  /// What all events say of the crowd, but for its first instance, that is not well. Those who were
  /// only late are counted apart.
  struct Word {
    std::string bad;
    int late = 0;
    bool first_died = false;
  };
  [[nodiscard]] Word word() const {
    NativeClient client(broker->port());
    (void)client.greet();
    Word out;
    ReadEvents query;
    query.limit = 10'000;
    while (true) {
      client.send_query(query, 1);
      const auto list = client.expect<EventList>();
      for (const Event& event : list.events) take(event, out);
      if (list.events.empty()) return out;
      query.after = list.next;
    }
  }

  std::unique_ptr<Musterd> broker;

 private:
  static void take(const Event& event, Word& word) {
    if (event.service != crowd.value) return;
    const bool removed = event.kind == EventKind::instance_removed;
    if (event.instance == id_of(0).value && removed) word.first_died = true;
    const bool missed = event.kind == EventKind::instance_status_changed &&
                        (event.to == Status::critical || event.to == Status::dead);
    const bool late =
        event.kind == EventKind::instance_status_changed && event.to == Status::overloaded;
    if (late) ++word.late;
    if (!removed && !missed && event.kind != EventKind::protection_started) return;
    if (event.instance == id_of(0).value) return;
    std::ostringstream text;
    text << event.instance << " " << to_string(event.from) << " -> " << to_string(event.to) << ", "
         << to_string(event.reason) << " " << event.detail << "\n";
    if (word.bad.size() < 2'000) word.bad += text.str();
  }

  ScratchFolder folder_;
};

/// Whoever beats so seldom, is late at times, or misses one.
constexpr Millis still_on_time = session * 3 / 10;
constexpr Millis kept_from_beating = session * 6 / 10;

class Absence : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(eventually([&] { return complete(); }));
  }

  /// All are handed out, by the word of a fresh question.
  [[nodiscard]] bool complete() const {
    NativeClient client(scene.broker->port());
    (void)client.greet();
    LookupService query;
    query.service = crowd;
    query.passing = true;
    client.send_query(query, 1);
    return client.expect<ServiceResult>().instances.size() == instances;
  }
  /// The fault is over: everybody asks again, and two more session timeouts go by, in which whoever
  /// were to die of it would.
  void let_time_pass() const {
    for (const Consumer* const one : std::initializer_list<const Consumer*>{&dns, &http}) {
      const int before = one->told().answers();
      EXPECT_TRUE(eventually([&] { return one->told().answers() >= before + 3; }));
    }
    std::this_thread::sleep_for(2 * session);
  }
  void judge() {
    const Millis own = crowd_.own_silence();
    RecordProperty("longest_own_silence_ms", static_cast<int>(own.count()));
    RecordProperty("answers_dns", dns.told().answers());
    RecordProperty("answers_http", http.told().answers());
    if (own > kept_from_beating)
      GTEST_SKIP() << "the machine kept the test itself from beating for " << own.count() << " ms";
    const auto word = scene.word();
    EXPECT_EQ(word.bad, "") << "they have beaten at least every " << own.count() << " ms";
    const bool on_time = own < still_on_time;  // else some may rightly have been a last choice
    EXPECT_TRUE(word.late == 0 || !on_time) << word.late << " were late; " << own.count() << " ms";
    const std::size_t least = on_time ? instances : 1;
    EXPECT_GE(dns.told().least(), least);
    EXPECT_GE(http.told().least(), least);
    EXPECT_GE(watcher.told().least(), least);
    EXPECT_GE(watcher.told().answers(), 1);
    EXPECT_TRUE(complete());

    crowd_.silence_one();  // and whoever is really silent dies
    EXPECT_TRUE(eventually([&] { return scene.word().first_died; }));
  }

  Scene scene;
  Crowd crowd_{scene.broker->port()};
  DnsConsumer dns{scene.broker->dns_port()};
  HttpConsumer http{scene.broker->http_port()};
  Watcher watcher{scene.broker->port()};
};

class AbsenceOfTtls : public Absence, public testing::WithParamInterface<int> {};

TEST_P(AbsenceOfTtls, AStoppedBrokerTakesNobodyForDead) {
  scene.broker->signal(SIGSTOP);
  std::this_thread::sleep_for(session * GetParam() / 2);  // the fault itself
  scene.broker->signal(SIGCONT);
  let_time_pass();
  judge();
}

INSTANTIATE_TEST_SUITE_P(HalfTtls, AbsenceOfTtls, testing::Values(1, 2, 6, 20, 40));

TEST_F(Absence, AKilledBrokerComesBackAndKnowsEverybody) {
  if (!MUSTER_WITH_ROCKSDB) GTEST_SKIP() << "built without RocksDB";
  for (int i = 0; i < 3; ++i) {
    scene.broker->end(SIGKILL);
    scene.start();
    let_time_pass();
  }
  judge();
}

TEST_F(Absence, OneThatIsKilledWhileItIsStoppedDoesSoToo) {
  if (!MUSTER_WITH_ROCKSDB) GTEST_SKIP() << "built without RocksDB";
  scene.broker->signal(SIGSTOP);
  std::this_thread::sleep_for(3 * session);  // the fault itself
  scene.broker->end(SIGKILL);
  scene.start();
  let_time_pass();
  judge();
}

}  // namespace
}  // namespace muster::broker
