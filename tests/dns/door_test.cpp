/// The door over real sockets: questions by UDP and TCP, and owners that move.
#include "dns_door.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include <random>
#include <set>

namespace muster::broker::dns {
namespace {

using namespace std::chrono_literals;

/// A member with an address, beating on a connection of its own.
JoinOk join(TestDnsDoor& t, const Connection& from, const std::string& member,
            const std::string& address) {
  Join join;
  join.group = GroupId{"billing"};
  join.member = MemberId{member};
  join.client.address = address;
  join.topics = {TopicName{"orders"}};
  join.session_timeout = Millis{30'000};
  return t.host->ask<JoinOk>(from, std::move(join));
}

std::string owner(UdpClient& client, int partition) {
  const Message answer =
      client.ask({std::to_string(partition) + ".orders.billing.owner.muster", Type::a});
  if (answer.rcode() != Rcode::noerror) return std::string{to_string(answer.rcode())};
  return answer.answers.empty() ? "nobody" : address_of(answer.answers[0]);
}

TEST(DnsDoor, AnswersByUdpAndTcpAtOnePort) {
  const TestDnsDoor t;
  EXPECT_EQ(t.udp().ask({"muster", Type::soa}).answers.size(), 1U);
  EXPECT_EQ(t.tcp().ask({"muster", Type::soa}).answers.size(), 1U);
  EXPECT_EQ(t.udp().ask({"ns.muster", Type::a}).answers.size(), 1U);
  EXPECT_EQ(t.udp().ask({"none.service.muster", Type::a}).rcode(), Rcode::nxdomain);
  EXPECT_EQ(t.udp().ask({"example.org", Type::a}).rcode(), Rcode::refused);
  EXPECT_EQ(t.metric("muster_dns_queries_total{type=\"SOA\"}"), 2U);
  EXPECT_EQ(t.metric("muster_dns_answers_total{rcode=\"NXDOMAIN\"}"), 1U);
  EXPECT_EQ(t.metric("muster_dns_messages_total{transport=\"tcp\"}"), 1U);
}

TEST(DnsDoor, EveryLoopAnswersItsClients) {
  const TestDnsDoor t({.threads = 3, .door = {}});
  for (int i = 0; i < 64; ++i) {
    UdpClient client = t.udp();  // the kernel spreads them by their ports
    EXPECT_EQ(client.ask({"muster", Type::soa}).answers.size(), 1U);
  }
}

TEST(DnsDoor, ABurstIsAnsweredWhole) {
  const TestDnsDoor t({.threads = 1, .door = {}});
  UdpClient client = t.udp();
  std::set<std::uint16_t> missing;
  for (std::uint16_t id = 0; id < 200; ++id) {
    Ask ask{"muster", Type::soa};
    ask.id = id;
    client.send(question(ask));
    missing.insert(id);
  }
  while (!missing.empty()) {
    const auto bytes = client.receive();
    ASSERT_TRUE(bytes) << missing.size() << " answers are missing";
    missing.erase(read_message(*bytes)->id);
  }
}

TEST(DnsDoor, OwnersAreFoundByNameAndFollowTheirWork) {
  TestDnsDoor t;
  const Connection a = t.host->connect(0);
  const Connection b = t.host->connect(1);
  (void)t.host->create_topic(a, "orders", 2);
  UdpClient client = t.udp();
  EXPECT_EQ(owner(client, 0), "NXDOMAIN");  // there is no group yet

  (void)join(t, a, "a", "10.0.0.1:7001");
  t.host->clock.advance(60ms);  // changes are gathered for a moment
  ASSERT_TRUE(a.peer->gets_work(2));
  EXPECT_EQ(owner(client, 0), "10.0.0.1");
  EXPECT_EQ(owner(client, 1), "10.0.0.1");
  EXPECT_EQ(owner(client, 2), "NXDOMAIN");

  const Message srv = client.ask({"1.orders.billing.owner.muster", Type::srv});
  ASSERT_EQ(srv.answers.size(), 1U);
  EXPECT_EQ(srv_of(srv.answers[0]).port, 7001);
  EXPECT_EQ(srv_of(srv.answers[0]).target, "0a000001.addr.muster.");
  const Message txt = client.ask({"1.orders.billing.owner.muster", Type::txt});
  ASSERT_EQ(txt.answers.size(), 1U);
  const Token token = a.peer->steps().back().assigned.at(0).tokens.at(1);
  const auto texts = texts_of(txt.answers[0]);
  EXPECT_NE(std::ranges::find(texts, "member=a"), texts.end());
  EXPECT_NE(std::ranges::find(texts, "token=" + std::to_string(token)), texts.end());

  const JoinOk joined = join(t, b, "b", "");
  EXPECT_EQ(owner(client, 0), "10.0.0.1");  // until it has given up what b will get
  t.host->submit(a, ExpelMember{GroupId{"billing"}, MemberId{"a"}, "test"});
  ASSERT_TRUE(eventually([&] {
    t.host->clock.advance(20ms);
    return !b.peer->steps().empty() && !b.peer->steps().back().assigned.empty();
  }));
  ASSERT_TRUE(b.peer->gets_work(2));
  EXPECT_EQ(owner(client, 0), "nobody");  // it has an owner, who has told no address
  const Message silent = client.ask({"0.orders.billing.owner.muster", Type::txt});
  ASSERT_EQ(silent.answers.size(), 1U);
  EXPECT_EQ(texts_of(silent.answers[0]).at(0), "member=b");

  (void)t.host->submit(b, Leave{joined.session});
  EXPECT_TRUE(eventually(
      [&] { return client.ask({"0.orders.billing.owner.muster", Type::txt}).answers.empty(); }));
}

TEST(DnsDoor, APortThatIsTakenIsNotShared) {
  const TestDnsDoor t;
  TestHost other;
  DoorOptions options;
  options.port = t.port();
  EXPECT_THROW(Door(*other.host, options), std::runtime_error);

  boost::asio::io_context context;
  boost::asio::ip::udp::socket taken(context, {boost::asio::ip::address_v4::loopback(), 0});
  options.port = taken.local_endpoint().port();
  EXPECT_THROW(Door(*other.host, options), std::runtime_error);
}

TEST(DnsDoor, SaysNothingOnceTheStoreHasFailed) {
  TestDnsDoor t;
  const Connection a = t.host->connect(0);
  UdpClient client = t.udp();
  (void)client.ask({"muster", Type::soa});
  t.host->store->fail();
  t.host->submit(a, CreateTopic{TopicName{"orders"}, 1});
  ASSERT_TRUE(eventually([&] { return t.host->failures > 0; }));

  client.send(question({"muster", Type::soa}));
  ASSERT_TRUE(
      eventually([&] { return t.metric("muster_dns_messages_total{transport=\"udp\"}") >= 2; }));
  EXPECT_FALSE(client.has_more());
}

// TCP
// --------------------------------------------------------------------------------------------------

TEST(DnsTcp, ManyQuestionsAtOnceAreAnsweredInOrder) {
  const TestDnsDoor t;
  TcpClient client = t.tcp();
  Bytes all;
  for (std::uint16_t id = 0; id < 1'000; ++id) {
    Ask ask{"muster", Type::soa};
    ask.id = id;
    const Bytes one = framed(question(ask));
    all.insert(all.end(), one.begin(), one.end());
  }
  client.send(all);
  client.half_close();
  for (std::uint16_t id = 0; id < 1'000; ++id) {
    const auto bytes = client.receive();
    ASSERT_TRUE(bytes) << id;
    EXPECT_EQ(read_message(*bytes)->id, id);
  }
  EXPECT_TRUE(client.is_closed());
}

TEST(DnsTcp, AQuestionMayComeInPieces) {
  const TestDnsDoor t;
  TcpClient client = t.tcp();
  for (const std::uint8_t byte : framed(question({"muster", Type::soa}))) client.send({byte});
  const auto bytes = client.receive();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(read_message(*bytes)->answers.size(), 1U);
}

TEST(DnsTcp, WhoAsksNothingOrOnlyBeginsIsClosed) {
  DnsSetup setup;
  setup.door.idle_timeout = 100ms;
  const TestDnsDoor t(setup);
  TcpClient idle = t.tcp();
  TcpClient slow = t.tcp();
  slow.send({0, 40, 1, 2, 3});
  EXPECT_TRUE(idle.is_closed());
  EXPECT_TRUE(slow.is_closed());
  EXPECT_TRUE(
      eventually([&] { return t.metric("muster_dns_closed_total{reason=\"timeout\"}") == 2; }));
  EXPECT_EQ(t.metric("muster_dns_connections"), 0U);
}

TEST(DnsTcp, WhoDoesNotReadIsNotReadFromAndIsClosed) {
  DnsSetup setup;
  setup.door.idle_timeout = 200ms;
  const TestDnsDoor t(setup);
  TcpClient client = t.tcp();
  Bytes many;
  for (int i = 0; i < 2'000; ++i) {
    const Bytes one = framed(question({"muster", Type::soa}));
    many.insert(many.end(), one.begin(), one.end());
  }
  // More than both kernels' buffers take: the client is stuck in it until the door closes.
  for (int i = 0; i < 400; ++i) client.send(many);
  EXPECT_TRUE(
      eventually([&] { return t.metric("muster_dns_closed_total{reason=\"timeout\"}") == 1; }));
  EXPECT_LT(t.metric("muster_dns_messages_total{transport=\"tcp\"}"), 400U * 2'000);
}

TEST(DnsTcp, TooManyConnectionsAreRefused) {
  DnsSetup setup;
  setup.door.max_connections = 3;
  const TestDnsDoor t(setup);
  TcpClient a = t.tcp(), b = t.tcp(), c = t.tcp();
  for (TcpClient* client : {&a, &b, &c})
    EXPECT_EQ(client->ask({"muster", Type::soa}).answers.size(), 1U);
  TcpClient d = t.tcp();
  EXPECT_TRUE(d.is_closed());
  EXPECT_EQ(t.metric("muster_dns_closed_total{reason=\"refused\"}"), 1U);
  EXPECT_EQ(a.ask({"muster", Type::soa}).answers.size(), 1U);
}

// Hostile ones
// --------------------------------------------------------------------------------------------------

void expect_service(const TestDnsDoor& t) {
  EXPECT_EQ(t.udp().ask({"muster", Type::soa}).answers.size(), 1U);
  EXPECT_EQ(t.tcp().ask({"muster", Type::soa}).answers.size(), 1U);
}

Bytes random_bytes(std::mt19937& random, std::size_t size) {
  Bytes out(size);
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random());
  return out;
}

TEST(DnsHostile, AnyDatagramHasAWholeAnswerOrNone) {
  const TestDnsDoor t;
  std::mt19937 random(11);
  UdpClient client = t.udp();
  const Bytes whole = question({"web.service.muster", Type::srv});
  for (int i = 0; i < 2'000; ++i) {
    Bytes bytes = i % 2 == 0 ? random_bytes(random, random() % 600) : whole;
    if (i % 2 == 1) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    client.send(bytes);
    while (client.has_more()) {
      const auto answer = client.receive();
      ASSERT_TRUE(answer);
      EXPECT_TRUE(read_message(*answer));
    }
  }
  expect_service(t);
}

TEST(DnsHostile, AnEndlessDatagramIsRefused) {
  const TestDnsDoor t;
  Bytes large = question({"web.service.muster", Type::srv});
  large.resize(60'000);
  UdpClient client = t.udp();
  client.send(large);
  const auto bytes = client.receive();
  ASSERT_TRUE(bytes);
  EXPECT_EQ(read_message(*bytes)->rcode(), Rcode::formerr);
}

TEST(DnsHostile, AnswersAreNotAnswered) {
  const TestDnsDoor t;
  UdpClient client = t.udp();
  Bytes answer = question({"web.service.muster", Type::srv});
  answer[2] |= 0x80;
  client.send(answer);
  client.send({});
  ASSERT_TRUE(
      eventually([&] { return t.metric("muster_dns_dropped_total{reason=\"no_query\"}") == 2; }));
  EXPECT_FALSE(client.has_more());
}

TEST(DnsHostile, RandomStreamsNeverDisturbOthers) {
  const TestDnsDoor t;
  std::mt19937 random(12);
  for (int i = 0; i < 50; ++i) {
    TcpClient client = t.tcp();
    client.send(random_bytes(random, 1 + random() % 4'000));
    client.half_close();
    EXPECT_TRUE(client.is_closed());
  }
  TcpClient zeros = t.tcp();
  zeros.send(Bytes(100'000, 0));
  zeros.half_close();
  EXPECT_TRUE(zeros.is_closed());
  expect_service(t);
}

}  // namespace
}  // namespace muster::broker::dns
