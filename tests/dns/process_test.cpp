/// musterd's DNS door asked by programs that others wrote: dig, kdig, drill, and the system's
/// resolver.
#include "process.hpp"
#include "harness.hpp"
#include "native_client.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

namespace muster::broker::dns {
namespace {

/// What a command prints, both streams.
std::string printed_by(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                   &::pclose);
  std::string out;
  std::array<char, 4'096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
    out.append(part.data(), size);
  return out;
}

bool is_there(const std::string& program) {
  return !printed_by("command -v " + program).empty();
}

/// Sorted lines that say something, with one blank between words.
std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string joined;
    for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
    if (!joined.empty() && !joined.starts_with(";")) out.push_back(joined);
  }
  std::sort(out.begin(), out.end());
  return out;
}

using Lines = std::vector<std::string>;

/// A broker in which `worker-1` owns both partitions of `orders` and can be reached at
/// 10.0.0.1:7001.
class Scene {
 public:
  explicit Scene(const std::string& dns_listen = "127.0.0.1:0",
                 const std::string& address = "10.0.0.1:7001", std::string member = "worker-1")
      : broker_(folder_, {"--dns-listen", dns_listen, "--shards", "2"}), client_(broker_.port()) {
    EXPECT_TRUE(broker_.ready()) << broker_.output();
    (void)client_.greet();
    client_.send_request(CreateTopic{TopicName{"orders"}, 2}, 1);
    Join join;
    join.catalogue_version = client_.expect<TopicChanged>().catalogue_version;
    join.group = GroupId{"billing"};
    join.member = MemberId{std::move(member)};
    join.client.address = address;
    join.topics = {TopicName{"orders"}};
    join.session_timeout = Millis{1'800'000};
    client_.send_request(join, 2);
    (void)client_.expect<JoinOk>();
    EXPECT_TRUE(eventually([this] { return has_work(); }));
  }

  [[nodiscard]] std::string at(const std::string& how) const {
    return how + " " + std::to_string(broker_.dns_port()) + " @127.0.0.1 ";
  }
  [[nodiscard]] std::string dig(const std::string& what) const {
    return printed_by(at("dig +time=5 +tries=2 -p") + what);
  }
  [[nodiscard]] const Musterd& broker() const { return broker_; }

 private:
  bool has_work() {
    client_.send_query(DescribeGroup{GroupId{"billing"}}, 3);
    const auto group = client_.expect<GroupDescription>();
    return group.members.size() == 1 && !group.members[0].assigned.empty();
  }

  ScratchFolder folder_;
  Musterd broker_;
  NativeClient client_;
};

const Lines srv_whole{"0.orders.billing.owner.muster. 0 IN SRV 1 1 7001 0a000001.addr.muster.",
                      "0a000001.addr.muster. 0 IN A 10.0.0.1"};
constexpr const char* owner = "0.orders.billing.owner.muster";

TEST(ProcessDns, DigReadsIt) {
  if (!is_there("dig")) GTEST_SKIP() << "dig is not installed (bind9-dnsutils)";
  const Scene scene;
  const std::string all = std::string{owner} + " SRV +noall +answer +additional";
  for (const char* const how : {"", " +tcp", " +noedns", " +bufsize=4096 +dnssec", " +nocookie"})
    EXPECT_EQ(lines_of(scene.dig(all + how)), srv_whole) << how;
  EXPECT_EQ(lines_of(scene.dig(std::string{owner} + " A +short")), Lines{"10.0.0.1"});
  EXPECT_EQ(lines_of(scene.dig("0a000001.addr.muster A +short")), Lines{"10.0.0.1"});

  const std::string empty = scene.dig(std::string{owner} + " AAAA");
  EXPECT_NE(empty.find("status: NOERROR"), std::string::npos) << empty;
  EXPECT_NE(empty.find("IN\tSOA\tns.muster. hostmaster.muster."), std::string::npos) << empty;
  EXPECT_NE(empty.find("flags: qr aa rd;"), std::string::npos) << empty;
  const std::vector<std::pair<std::string, std::string>> refused{
      {"9.orders.billing.owner.muster", "status: NXDOMAIN"},
      {"example.org", "status: REFUSED"},
      {"-c CH version.bind TXT", "status: REFUSED"},
      {"muster AXFR", "Transfer failed"},
      {"muster +opcode=UPDATE", "status: NOTIMP"},
      {"muster +edns=1 +noednsneg", "status: BADVERS"},
  };
  for (const auto& [question, status] : refused) {
    const std::string out = scene.dig(question);
    EXPECT_NE(out.find(status), std::string::npos) << out;
    EXPECT_EQ(out.find("malformed"), std::string::npos) << out;
  }
}

TEST(ProcessDns, DigAsksOverTcpWhatIsTooLongForUdp) {
  if (!is_there("dig")) GTEST_SKIP() << "dig is not installed (bind9-dnsutils)";
  const Scene scene("127.0.0.1:0", std::string(240, 'h') + ":7001", std::string(240, 'm'));
  const std::string out = scene.dig(std::string{owner} + " TXT +noedns");
  EXPECT_NE(out.find("Truncated, retrying in TCP mode"), std::string::npos) << out;
  EXPECT_NE(out.find("member=mmm"), std::string::npos) << out;
  EXPECT_NE(out.find("(TCP)"), std::string::npos) << out;
  const std::string edns = scene.dig(std::string{owner} + " TXT");
  EXPECT_NE(edns.find("member=mmm"), std::string::npos) << edns;
  EXPECT_EQ(edns.find("Truncated"), std::string::npos) << edns;
}

TEST(ProcessDns, KdigReadsIt) {
  if (!is_there("kdig")) GTEST_SKIP() << "kdig is not installed (knot-dnsutils)";
  const Scene scene;
  for (const char* const how : {"", " +tcp", " +noedns", " +tcp +keepopen"}) {
    const std::string out =
        printed_by(scene.at("kdig +time=5 -p") + owner + " SRV +noall +answer +additional" + how);
    EXPECT_EQ(lines_of(out), srv_whole) << how << out;
  }
  const std::string txt = printed_by(scene.at("kdig +time=5 -p") + owner + " TXT +noall +answer");
  EXPECT_NE(txt.find("\"member=worker-1\" \"address=10.0.0.1:7001\" \"token="), std::string::npos)
      << txt;
}

TEST(ProcessDns, DrillReadsIt) {
  if (!is_there("drill")) GTEST_SKIP() << "drill is not installed (ldnsutils)";
  const Scene scene;
  for (const char* const how : {"", "-t ", "-b 4096 ", "-a "}) {
    const std::string out =
        printed_by(scene.at("drill " + std::string{how} + "-p") + owner + " SRV");
    const Lines lines = lines_of(out);
    EXPECT_TRUE(std::includes(lines.begin(), lines.end(), srv_whole.begin(), srv_whole.end()))
        << how << out;
  }
}

// The system's resolver
// ------------------------------------------------------------------------------------------------

/// Its own network with a loopback, and its own /etc/resolv.conf that names the broker. Empty:
/// well; else what does not work here.
std::string enter_own_world(const std::string& resolv_conf) {
  if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return "unshare";
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "mount";
  if (::mount(resolv_conf.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) != 0)
    return "mount over /etc/resolv.conf";
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return up ? "" : "ifconfig lo up";
}

std::string resolved(const char* name, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name, nullptr, &hints, &found);
  if (error != 0) return ::gai_strerror(error);
  std::string out;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    ::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                  NI_NUMERICHOST);
    out += (out.empty() ? "" : " ") + std::string{text.data()};
  }
  ::freeaddrinfo(found);
  return out;
}

/// In a child process: 0 well, 1 wrong, 77 not possible here.
int resolve_in_own_world(const std::string& resolv_conf) {
  const std::string missing = enter_own_world(resolv_conf);
  if (!missing.empty()) {
    std::fprintf(stderr, "%s: %s\n", missing.c_str(), std::strerror(errno));
    return 77;
  }
  const Scene scene("127.0.0.1:53");
  if (!scene.broker().ready()) return 1;
  EXPECT_EQ(resolved(owner, AF_INET), "10.0.0.1");
  EXPECT_EQ(resolved(owner, AF_UNSPEC), "10.0.0.1");
  EXPECT_EQ(resolved("0.orders.billing.owner", AF_UNSPEC), "10.0.0.1");  // by the search list
  EXPECT_EQ(resolved(owner, AF_INET6), ::gai_strerror(EAI_NODATA));
  EXPECT_EQ(resolved("none.service.muster", AF_UNSPEC), ::gai_strerror(EAI_NONAME));
  return testing::Test::HasFailure() ? 1 : 0;
}

TEST(ProcessDns, TheSystemsResolverFindsIt) {
  const ScratchFolder folder;
  const std::string resolv_conf = folder.path("resolv.conf");
  std::ofstream(resolv_conf) << "nameserver 127.0.0.1\nsearch muster\noptions timeout:5\n";
  const pid_t child = ::fork();
  if (child == 0) ::_exit(resolve_in_own_world(resolv_conf));
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no namespaces of its own here (see above)";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace muster::broker::dns
