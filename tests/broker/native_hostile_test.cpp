/// The native door over real sockets: garbage, slowness, and peers that do not read. Whatever
/// comes, there is a typed answer or a counted close, and others go on.
#include "native_door.hpp"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

/// Others are not bothered: a fresh client is served.
void expect_service(const TestDoor& t) {
  NativeClient client = t.greeted();
  client.send_query(ListTopics{}, 1);
  (void)client.expect<TopicList>();
}

wire::Bytes frame_of(std::uint16_t kind, std::uint16_t flags, std::uint64_t correlation,
                     std::size_t size) {
  wire::Bytes out(wire::header_size + size);
  const auto put = [&](std::size_t at, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      out[at + static_cast<std::size_t>(i)] = static_cast<std::byte>(value >> (8 * i));
  };
  put(0, size, 4);
  put(4, kind, 2);
  put(6, flags, 2);
  put(8, correlation, 8);
  return out;
}

TEST(Hostile, HttpOnTheNativePortIsClosed) {
  const TestDoor t;
  NativeClient client = t.connect();

  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("frame_too_large"));
  expect_service(t);
}

TEST(Hostile, RandomBytesNeverDisturbOthers) {
  const TestDoor t;
  std::mt19937 random(7);
  for (int i = 0; i < 50; ++i) {
    NativeClient client = i % 2 == 0 ? t.connect() : t.greeted();
    std::vector<std::byte> bytes(1 + random() % 4'000);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
    client.send(bytes);
    client.half_close();
    EXPECT_TRUE(client.is_closed());
  }
  expect_service(t);
}

TEST(Hostile, DamagedMessagesAreRefusedOrAnswered) {
  const TestDoor t;
  std::mt19937 random(11);
  Join join;
  join.group = GroupId{"g"};
  join.topics = {TopicName{"a"}, TopicName{"b"}};
  wire::Bytes good;
  EXPECT_TRUE(wire::encode_request(join, 1, good));
  for (int i = 0; i < 100; ++i) {
    NativeClient client = t.greeted();
    wire::Bytes bad = good;
    bad[wire::header_size + random() % (bad.size() - wire::header_size)] ^=
        static_cast<std::byte>(1 << random() % 8);
    client.send(bad);
    client.half_close();
    EXPECT_TRUE(client.is_closed());
  }
  expect_service(t);
}

TEST(Hostile, FirstFrameMustBeHello) {
  const TestDoor t;
  NativeClient client = t.connect();

  client.send_query(ListTopics{}, 12);

  std::uint64_t correlation = 0;
  const auto reply = client.next_reply(&correlation);
  ASSERT_TRUE(reply);
  EXPECT_EQ(correlation, 12U);
  EXPECT_EQ(std::get<Refusal>(*reply).code, Errc::not_greeted);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("not_greeted"));
}

TEST(Hostile, VersionFromTheFutureIsToldBoth) {
  const TestDoor t;
  NativeClient client = t.connect();
  wire::Hello hello;
  hello.major = 7;
  hello.minor = 3;
  wire::Bytes out;
  wire::encode_hello(hello, out);
  client.send(out);

  const Refusal refusal = client.expect<Refusal>();

  EXPECT_EQ(refusal.code, Errc::unsupported_version);
  EXPECT_NE(refusal.message.find("7.3"), std::string::npos) << refusal.message;
  EXPECT_NE(refusal.message.find("1.0"), std::string::npos) << refusal.message;
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("unsupported_version"));
}

TEST(Hostile, LongHelloIsRefusedBeforeItIsRead) {
  const TestDoor t;
  NativeClient client = t.connect();

  wire::Bytes header = frame_of(16, 0, 1, 0);
  header[2] = std::byte{2};  // a body of 128 KiB is announced
  client.send(header);

  EXPECT_EQ(client.expect<Refusal>().code, Errc::frame_too_large);
  EXPECT_TRUE(client.is_closed());
}

TEST(Hostile, FrameAboveTheLimitIsRefusedBeforeItIsRead) {
  const TestDoor t;
  NativeClient client = t.greeted();
  wire::Bytes header = frame_of(36, 0, 1, 0);
  header[3] = std::byte{2};  // 32 MiB
  client.send(header);

  const Refusal refusal = client.expect<Refusal>();

  EXPECT_EQ(refusal.code, Errc::frame_too_large);
  EXPECT_NE(refusal.message.find(std::to_string(wire::max_body)), std::string::npos);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("frame_too_large"));
}

TEST(Hostile, UnknownKindIsRefusedAndTheConnectionLives) {
  const TestDoor t;
  NativeClient client = t.greeted();

  client.send(frame_of(9'999, 0, 5, 16));
  EXPECT_EQ(client.expect<Refusal>().code, Errc::unknown_kind);
  client.send(frame_of(9'998, wire::flag_optional, 6, 16));
  client.send_query(ListTopics{}, 7);

  (void)client.expect<TopicList>();  // the optional one was ignored
}

TEST(Hostile, FrameThatIsNoMessageIsToldAndClosed) {
  const TestDoor t;
  NativeClient client = t.greeted();

  client.send(frame_of(1, 0, 5, 8));  // a heartbeat of the wrong size

  const Refusal refusal = client.expect<Refusal>();
  EXPECT_EQ(refusal.code, Errc::malformed);
  EXPECT_NE(refusal.message.find("kind 1 "), std::string::npos) << refusal.message;
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("malformed"));
}

TEST(Hostile, SilenceBeforeHelloIsClosed) {
  TestDoor::Setup setup;
  setup.door.handshake_timeout = 50ms;
  const TestDoor t(setup);
  NativeClient silent = t.connect();
  NativeClient slow = t.connect();
  const wire::Bytes hello = hello_bytes();
  slow.send(std::span{hello}.first(10));

  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(slow.is_closed());
  EXPECT_TRUE(t.counts_close("handshake_timeout", 2));
}

TEST(Hostile, FrameThatIsNeverFinishedIsClosed) {
  TestDoor::Setup setup;
  setup.door.frame_timeout = 50ms;
  const TestDoor t(setup);
  NativeClient client = t.greeted();
  wire::Bytes bytes;
  EXPECT_TRUE(wire::encode_query(ListTopics{}, 1, bytes));

  client.send(std::span{bytes}.first(20));

  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(t.counts_close("frame_timeout"));
}

TEST(Hostile, IdleConnectionWithoutABegunFrameStays) {
  TestDoor::Setup setup;
  setup.door.frame_timeout = 10ms;
  const TestDoor t(setup);
  NativeClient idle = t.greeted();
  for (int i = 0; i < 3; ++i) {  // so the timeout has passed several times over
    NativeClient other = t.greeted();
    const wire::Bytes bytes = hello_bytes();
    other.send(std::span{bytes}.first(4));
    EXPECT_TRUE(other.is_closed());
  }

  idle.send_query(ListTopics{}, 1);

  (void)idle.expect<TopicList>();
}

TEST(Hostile, PeerThatNeverReadsIsNotReadFromAndThenClosed) {
  TestDoor::Setup setup;
  setup.door.read_timeout = 200ms;
  setup.door.pause_output = 64U << 10;
  const TestDoor t(setup);
  NativeClient deaf = t.greeted();
  wire::Bytes bytes;
  for (std::uint64_t i = 0; i < 20; ++i) EXPECT_TRUE(wire::encode_query(ReadMetrics{}, i, bytes));

  // Some 20 KB of answer for each 32 bytes: the kernel's buffers fill, then the broker stops to
  // read.
  for (int i = 0; i < 200; ++i) deaf.send(bytes);

  EXPECT_TRUE(t.counts_close("not_reading"));
  EXPECT_GE(t.metric("muster_native_pauses_total"), 1U);
  expect_service(t);
}

TEST(Hostile, OutputBoundCutsThePeer) {
  TestDoor::Setup setup;
  setup.door.pause_output = 1U << 20;
  setup.door.max_output = 1U << 20;
  const TestDoor t(setup);
  NativeClient deaf = t.greeted();
  wire::Bytes bytes;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    EXPECT_TRUE(wire::encode_query(ReadMetrics{}, i, bytes));

  deaf.send(bytes);

  EXPECT_TRUE(t.counts_close("output_full"));
  expect_service(t);
}

TEST(Hostile, FollowerThatNeverReadsDoesNotHoldUpOthers) {
  TestDoor::Setup setup;
  setup.door.read_timeout = 200ms;
  setup.door.pause_output = 16U << 10;
  const TestDoor t(setup);
  NativeClient deaf = t.greeted();
  deaf.send_query(ReadEvents{.after = {}, .group = {}, .limit = 10'000, .follow = true}, 1);
  NativeClient other = t.greeted();

  // Until the kernel has taken all it can and the follower is cut off.
  const std::string name(200, 'x');
  std::uint64_t made = 0;
  const bool cut = eventually([&] {
    for (int i = 0; i < 200; ++i) {
      ++made;
      other.send_request(CreateTopic{TopicName{name + std::to_string(made)}, 1}, made);
    }
    for (int i = 0; i < 200; ++i) (void)other.expect<TopicChanged>();
    return t.metric("muster_native_closed_total{reason=\"not_reading\"}") > 0 || made > 90'000;
  });

  EXPECT_TRUE(cut);
  expect_service(t);
}

TEST(Hostile, ConnectionsAboveTheBoundAreClosed) {
  TestDoor::Setup setup;
  setup.door.max_connections = 3;
  const TestDoor t(setup);
  std::vector<NativeClient> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(t.greeted());

  NativeClient fourth = t.connect();
  EXPECT_TRUE(fourth.is_closed());
  EXPECT_TRUE(t.counts_close("too_many_connections"));

  clients.pop_back();
  ASSERT_TRUE(eventually([&] { return t.metric("muster_native_connections") == 2; }));
  expect_service(t);
}

TEST(Hostile, ConnectionsThatComeAndGoLeaveNothingBehind) {
  const TestDoor t;
  for (int i = 0; i < 200; ++i) {
    NativeClient client = i % 3 == 0 ? t.connect() : t.greeted(t.group_on_loop(i % 2));
    if (i % 3 == 2) client.send_query(ListTopics{}, 1);
  }

  EXPECT_TRUE(eventually([&] { return t.metric("muster_native_connections") == 0; }));
  EXPECT_EQ(t.metric("muster_loop_connections{loop=\"0\"}"), 0U);
  EXPECT_EQ(t.metric("muster_loop_connections{loop=\"1\"}"), 0U);
}

/// Descriptors run out: the accept loop neither spins nor dies.
TEST(Hostile, WithoutDescriptorsTheDoorRecovers) {
  const TestDoor t;
  expect_service(t);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> hogs;
  {
    NativeClient waiting = t.connect();  // its descriptor is there before they run out
    rlimit low = before;
    const int probe = ::dup(0);
    low.rlim_cur = static_cast<rlim_t>(probe) + 2;
    ::close(probe);
    ::setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) hogs.push_back(fd);
    if (!hogs.empty()) {
      ::close(hogs.back());
      hogs.pop_back();
    }
    const int own = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // takes the last one
    ASSERT_GE(own, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(t.door->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(own, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(t.counts_close("no_descriptors"));
    ::close(own);
  }
  for (const int fd : hogs) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);

  expect_service(t);
}

TEST(Hostile, ConnectionsLeaveDescriptorsToTheStore) {
  const TestDoor t;
  expect_service(t);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> mine;
  while (mine.empty() || mine.back() < 300) mine.push_back(::dup(0));  // of fewer, fewer are kept
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(mine.back()) + 1 + 64 + 10;
  ::setrlimit(RLIMIT_NOFILE, &low);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(t.door->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int n = 0; n < 20; ++n) {
    mine.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(mine.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
  }
  EXPECT_TRUE(t.counts_close("no_descriptors"));
  int left = 0;  // of the 74, 20 are the clients' own
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) mine.push_back(fd), ++left;
  EXPECT_GE(left, 64 - 20);
  for (const int fd : mine) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);

  expect_service(t);
}

}  // namespace
}  // namespace muster::broker
