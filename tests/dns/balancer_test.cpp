/// Load balancers that others wrote, as docs/dns.md sets them up, under live traffic, while
/// instances die, drain, flap and come back, and while the broker itself is away.
#include "harness.hpp"
#include "native_client.hpp"
#include "process.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

namespace muster::broker::dns {
namespace {

using namespace std::chrono_literals;

constexpr int never_ms = 20'000;

sockaddr_in ip(const std::string& address, std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &at.sin_addr);
  return at;
}

bool readable(int fd, int ms) {
  pollfd waits{fd, POLLIN, 0};
  return ::poll(&waits, 1, ms) == 1;
}

/// Everything until the other side ends; at most 64 KiB.
std::string read_all(int fd) {
  std::string out;
  std::array<char, 4'096> part{};
  while (out.size() < 65'536 && readable(fd, never_ms)) {
    const ssize_t size = ::recv(fd, part.data(), part.size(), 0);
    if (size <= 0) break;
    out.append(part.data(), static_cast<std::size_t>(size));
  }
  return out;
}

/// A web server that answers every request with its name.
class Backend {
 public:
  /// Port 0: any.
  Backend(std::string name, std::string address, std::uint16_t port)
      : name_(std::move(name)), address_(std::move(address)), port_(port) {
    open();
  }
  ~Backend() { close(); }
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  void open() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at = ip(address_, port_);
    const bool bound = ::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 &&
                       ::listen(listener_, 128) == 0;
    EXPECT_TRUE(bound) << address_ << ":" << port_;
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    open_ = true;
    thread_ = std::thread([this] { serve(); });
  }
  /// From now on connections are refused, as those to a dead process are.
  void close() {
    if (!open_.exchange(false)) return;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() const {
    while (open_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      std::string request;
      std::array<char, 2'048> part{};
      while (request.find("\r\n\r\n") == std::string::npos && readable(fd, never_ms)) {
        const ssize_t size = ::recv(fd, part.data(), part.size(), 0);
        if (size <= 0) break;
        request.append(part.data(), static_cast<std::size_t>(size));
      }
      const std::string answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " +
                                 std::to_string(name_.size()) + "\r\n\r\n" + name_;
      (void)::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }

  const std::string name_;
  const std::string address_;
  std::uint16_t port_;
  int listener_ = -1;
  std::atomic<bool> open_{false};
  std::thread thread_;
};

/// Registers the instances of `web` and beats for those that live.
class Registrar {
 public:
  static constexpr Millis session{4'000};  ///< Traffic leaves a beat little of two cores.

  explicit Registrar(std::uint16_t port) { connect(port); }
  ~Registrar() { disconnect(); }
  Registrar(const Registrar&) = delete;
  Registrar& operator=(const Registrar&) = delete;

  void connect(std::uint16_t port) {
    client_ = std::make_unique<NativeClient>(port);
    (void)client_->greet();
    stop_ = false;
    beats_ = std::thread([this] { beat(); });
  }
  void disconnect() {
    stop_ = true;
    if (beats_.joinable()) beats_.join();
    client_.reset();
  }

  void add(const Backend& backend, std::uint32_t weight = 1) {
    Register request;
    request.service = ServiceName{"web"};
    request.instance = InstanceId{backend.name()};
    request.info.address = backend.address();
    request.info.port = backend.port();
    request.info.weight = weight;
    request.session_timeout = session;
    ask<RegisterOk>(request);
    revive(backend);
  }
  void revive(const Backend& backend) {
    const std::lock_guard lock(mutex_);
    alive_.insert(backend.name());
  }
  /// It beats no more.
  void silence(const Backend& backend) {
    const std::lock_guard lock(mutex_);
    alive_.erase(backend.name());
  }
  void maintain(const Backend& backend, bool on) {
    ask<Done>(SetMaintenance{ServiceName{"web"}, InstanceId{backend.name()}, on, "test"});
  }
  void deregister(const Backend& backend) {
    silence(backend);
    ask<Done>(Deregister{ServiceName{"web"}, InstanceId{backend.name()}, 0, "test"});
  }

 private:
  template <class Body>
  void ask(const Request& request) {
    const std::lock_guard lock(mutex_);
    client_->send_request(request, 1);
    (void)client_->expect<Body>();
  }
  void beat() {
    while (!stop_) {
      {
        const std::lock_guard lock(mutex_);
        for (const std::string& id : alive_) {
          client_->send_request(BeatInstance{ServiceName{"web"}, InstanceId{id}, 0, 0}, 2);
          if (!client_->next_reply()) return;  // the broker has gone
        }
      }
      std::this_thread::sleep_for(session / 10);
    }
  }

  std::unique_ptr<NativeClient> client_;
  std::mutex mutex_;
  std::set<std::string> alive_;
  std::atomic<bool> stop_{false};
  std::thread beats_;
};

/// Asks the balancer without a pause, one request after the other.
class Traffic {
 public:
  explicit Traffic(std::uint16_t port) : port_(port), thread_([this] { run(); }) {}
  ~Traffic() {
    stop_ = true;
    thread_.join();
  }
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  /// Waits until so many more requests have been answered.
  void more(std::uint64_t requests) {
    const std::uint64_t until = count_ + requests;
    EXPECT_TRUE(eventually([&] { return count_ >= until; }));
  }
  /// Whether exactly these serve: of the last requests, many times as many as there are, each was
  /// answered by one of them, and each of them answered one.
  [[nodiscard]] bool served_by(const std::set<std::string>& names) const {
    const std::lock_guard lock(mutex_);
    return last_.size() == window && std::set<std::string>(last_.begin(), last_.end()) == names;
  }
  [[nodiscard]] bool comes_to(const std::set<std::string>& names) const {
    return eventually([&] { return served_by(names); });
  }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }
  [[nodiscard]] std::map<std::string, int> shares() const {
    const std::lock_guard lock(mutex_);
    std::map<std::string, int> out;
    for (const std::string& name : last_) ++out[name];
    return out;
  }

 private:
  static constexpr std::size_t window = 120;

  void run() {
    while (!stop_) {
      const std::string name = request();
      if (name.empty()) ++failures_;
      const std::lock_guard lock(mutex_);
      last_.push_back(name);
      if (last_.size() > window) last_.pop_front();
      ++count_;
    }
  }
  /// Who answered; empty: nobody.
  [[nodiscard]] std::string request() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = ip("127.0.0.1", port_);
    const std::string text = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n";
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
        ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0)
      answer = read_all(fd);
    ::close(fd);
    const auto body = answer.find("\r\n\r\n");
    const bool well = answer.starts_with("HTTP/1.1 200") && body != std::string::npos;
    return well ? answer.substr(body + 4) : "";
  }

  const std::uint16_t port_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> failures_{0};
  mutable std::mutex mutex_;
  std::deque<std::string> last_;
  std::thread thread_;
};

/// A program that runs until the end of the test.
class Program {
 public:
  Program(std::vector<std::string> words, const std::string& log) : log_(log) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int out = ::open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(out, 1);
      ::dup2(out, 2);
      ::execvp(argv[0], argv.data());
      ::_exit(127);
    }
    ::close(out);
  }
  ~Program() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] std::string output() const {
    std::ifstream file(log_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  pid_t pid_;
  const std::string log_;
};

bool is_there(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

/// The block of docs/dns.md that begins with ```LANGUAGE.
std::string documented(const std::string& language) {
  std::ifstream file(DNS_MD);
  std::string out;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```" && inside) return out;
    if (inside) out += line + "\n";
    if (line == "```" + language) inside = true;
  }
  ADD_FAILURE() << "docs/dns.md has no block of " << language;
  return out;
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), instead);
  return text;
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = ip("127.0.0.1", 0);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at);
  socklen_t size = sizeof at;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  ::close(fd);
  return ntohs(at.sin_port);
}

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

/// A broker that keeps its ports and its data when it is started again.
class Town {
 public:
  Town() { start(); }

  void start() {
    std::vector<std::string> arguments{"--shards", "2"};
    if (MUSTER_WITH_ROCKSDB) arguments.insert(arguments.end(), {"--data", folder_.path("data")});
    if (native_port != 0)
      arguments.insert(arguments.end(),
                       {"--listen", local(native_port), "--dns-listen", local(dns_port)});
    broker = std::make_unique<Musterd>(folder_, arguments);
    ASSERT_TRUE(broker->ready()) << broker->output();
    native_port = broker->port();
    dns_port = broker->dns_port();
  }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path(name)) << text;
    return folder_.path(name);
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_.path(name); }

  std::unique_ptr<Musterd> broker;
  std::uint16_t native_port = 0;
  std::uint16_t dns_port = 0;

 private:
  ScratchFolder folder_;
};

// HAProxy
// ----------------------------------------------------------------------------------------------

class ProcessHaproxy : public testing::Test {
 protected:
  void SetUp() override {
    if (!is_there("haproxy")) GTEST_SKIP() << "haproxy is not installed";
  }
  void begin(const std::string& retries) {
    for (const char* const name : {"a", "b", "c", "d"})
      backends.push_back(std::make_unique<Backend>(name, "127.0.0.1", 0));
    for (const auto& backend : backends) registrar.add(*backend, backend->name() == "d" ? 3 : 1);
    const std::uint16_t front = free_port();
    std::string config = documented("haproxy");
    config = with(config, "127.0.0.1:7402", local(town.dns_port));
    config = with(config, "127.0.0.1:8000", local(front));
    config = with(config, "retries 3", "retries " + retries);
    const std::string file = town.write("haproxy.cfg", config);
    haproxy = std::make_unique<Program>(std::vector<std::string>{"haproxy", "-db", "-f", file},
                                        town.path("haproxy.log"));
    traffic = std::make_unique<Traffic>(front);
    ASSERT_TRUE(traffic->comes_to({"a", "b", "c", "d"})) << haproxy->output();
  }

  Town town;
  Registrar registrar{town.native_port};
  std::vector<std::unique_ptr<Backend>> backends;
  std::unique_ptr<Program> haproxy;
  std::unique_ptr<Traffic> traffic;
};

TEST_F(ProcessHaproxy, NoRequestFailsWhileInstancesComeAndGo) {
  begin("3");
  const std::uint64_t before = traffic->failures();
  Backend& a = *backends[0];
  Backend& b = *backends[1];

  registrar.maintain(a, true);
  EXPECT_TRUE(traffic->comes_to({"b", "c", "d"})) << "drained";
  registrar.maintain(a, false);
  EXPECT_TRUE(traffic->comes_to({"a", "b", "c", "d"})) << "back from maintenance";

  for (int i = 0; i < 2; ++i) {  // it falls silent, yet serves, and is heard again
    registrar.silence(b);
    EXPECT_TRUE(traffic->comes_to({"a", "c", "d"})) << "silent";
    registrar.add(b);
    EXPECT_TRUE(traffic->comes_to({"a", "b", "c", "d"})) << "heard again";
  }

  registrar.silence(a);
  a.close();  // killed: its connections are refused, and HAProxy tries another
  EXPECT_TRUE(traffic->comes_to({"b", "c", "d"})) << "killed";
  a.open();
  registrar.add(a);
  EXPECT_TRUE(traffic->comes_to({"a", "b", "c", "d"})) << "restarted";

  registrar.deregister(b);
  EXPECT_TRUE(traffic->comes_to({"a", "c", "d"})) << "deregistered";
  EXPECT_EQ(traffic->failures(), before) << haproxy->output();
}

TEST_F(ProcessHaproxy, WithoutRetriesRequestsFailOnlyUntilTheDeathIsSeen) {
  begin("0");
  const std::uint64_t before = traffic->failures();
  registrar.silence(*backends[0]);
  backends[0]->close();
  EXPECT_TRUE(traffic->comes_to({"b", "c", "d"}));
  const std::uint64_t after = traffic->failures();
  EXPECT_GT(after, before) << "the test sees no failure at all";
  RecordProperty("failed_requests", static_cast<int>(after - before));
  traffic->more(500);
  EXPECT_EQ(traffic->failures(), after);
}

TEST_F(ProcessHaproxy, WeightsArrive) {
  begin("3");
  const auto shares = traffic->shares();  // 120 requests in the shares 1, 1, 1, 3
  EXPECT_GT(shares.at("d"), 2 * shares.at("a"));
}

TEST_F(ProcessHaproxy, ItGoesOnWithoutTheBroker) {
  begin("3");
  const std::uint64_t before = traffic->failures();

  town.broker->signal(SIGSTOP);  // it answers nothing, for longer than a session lasts
  traffic->more(200);
  std::this_thread::sleep_for(2 * Registrar::session);  // the fault itself, not a wait for it
  traffic->more(200);
  town.broker->signal(SIGCONT);
  traffic->more(200);
  EXPECT_TRUE(traffic->comes_to({"a", "b", "c", "d"})) << "nobody died of the broker's absence";

  registrar.disconnect();
  town.broker->end(SIGKILL);
  traffic->more(500);
  if (MUSTER_WITH_ROCKSDB) {  // it comes back and knows everybody
    town.start();
    traffic->more(200);
    registrar.connect(town.native_port);
    traffic->more(500);
    EXPECT_TRUE(traffic->comes_to({"a", "b", "c", "d"}));
  }
  EXPECT_EQ(traffic->failures(), before) << haproxy->output();
}

// nginx
// ----------------------------------------------------------------------------------------------

TEST(ProcessNginx, FollowsTheInstances) {
  if (!is_there("nginx")) GTEST_SKIP() << "nginx is not installed";
  Town town;
  Registrar registrar(town.native_port);
  // It asks for addresses only: all have the same port.
  std::vector<std::unique_ptr<Backend>> backends;
  std::uint16_t port = 0;
  for (const char* const host : {"1", "2", "3"}) {
    const std::string address = std::string{"127.0.7."} + host;
    backends.push_back(std::make_unique<Backend>(host, address, port));
    port = backends[0]->port();
    registrar.add(*backends.back());
  }
  const std::uint16_t front = free_port();
  std::string config = documented("nginx");
  config = with(config, "127.0.0.1:7402", local(town.dns_port));
  config = with(config, "127.0.0.1:8001", local(front));
  config = with(config, ":8080", ":" + std::to_string(port));
  const std::string own = "pid " + town.path("nginx.pid") + ";\nerror_log stderr;\n" +
                          "daemon off;\nmaster_process off;\n";
  config = with(config, "http {\n",
                "http {\n  access_log off;\n  client_body_temp_path " + town.path("body") +
                    ";\n  proxy_temp_path " + town.path("proxy") + ";\n  fastcgi_temp_path " +
                    town.path("fastcgi") + ";\n  uwsgi_temp_path " + town.path("uwsgi") +
                    ";\n  scgi_temp_path " + town.path("scgi") + ";\n");
  const std::string file = town.write("nginx.conf", own + config);
  const Program nginx({"nginx", "-p", town.path(""), "-e", "stderr", "-c", file},
                      town.path("nginx.log"));
  const Traffic traffic(front);
  ASSERT_TRUE(traffic.comes_to({"1", "2", "3"})) << nginx.output();
  const std::uint64_t before = traffic.failures();

  registrar.maintain(*backends[0], true);
  EXPECT_TRUE(traffic.comes_to({"2", "3"})) << "drained";
  registrar.maintain(*backends[0], false);
  EXPECT_TRUE(traffic.comes_to({"1", "2", "3"})) << "back";
  registrar.silence(*backends[1]);
  backends[1]->close();
  EXPECT_TRUE(traffic.comes_to({"1", "3"})) << "killed";
  registrar.deregister(*backends[2]);
  EXPECT_TRUE(traffic.comes_to({"1"})) << "deregistered";
  EXPECT_EQ(traffic.failures(), before) << nginx.output();
}

}  // namespace
}  // namespace muster::broker::dns
