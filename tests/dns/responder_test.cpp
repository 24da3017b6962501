/// From bytes to bytes: sizes, kept answers, and who is turned away.
#include "fake_directory.hpp"
#include "message.hpp"

#include <broker/dns/rate_bound.hpp>
#include <broker/dns/responder.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

namespace muster::broker::dns {
namespace {

using namespace std::chrono_literals;

ZoneOptions muster_only() {
  ZoneOptions options;
  options.domains.push_back(*Name::parse("muster"));
  return options;
}

constexpr std::size_t small_cache = 8U << 20;

class ResponderTest : public testing::Test {
 protected:
  ResponderTest() : zone(muster_only()), responder(zone, {.cache_bytes = small_cache}, 1) {
    fill("web", 3, 1);
  }

  void fill(const std::string& service, int count, std::uint64_t stamp) {
    FakeService& to = directory.services[service];
    to.stamp = stamp;
    to.instances.clear();
    for (int i = 0; i < count; ++i) {
      const std::string address = "10." + std::to_string(stamp % 250) + "." +
                                  std::to_string(i / 250) + "." + std::to_string(i % 250);
      to.instances.push_back({std::to_string(i), address, 80});
    }
  }
  Message ask(const Ask& ask, Via via = Via::udp) {
    Bytes out;
    responder.answer(question(ask), via, directory, out);
    const auto message = read_message(out);
    EXPECT_TRUE(message);
    return message.value_or(Message{});
  }
  std::vector<std::string> addresses(const std::string& name) {
    return addresses_of(ask({name}).answers);
  }

  Zone zone;
  Responder responder;
  FakeDirectory directory;
};

TEST_F(ResponderTest, AnswersAreKeptUntilTheServiceChanges) {
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(ask({"web.service.muster"}).answers.size(), 3U);
  EXPECT_GT(responder.stats().from_cache.value(), 900U);
  EXPECT_LT(directory.asked, 100);

  fill("web", 2, 2);

  EXPECT_EQ(addresses("web.service.muster"), (std::vector<std::string>{"10.2.0.0", "10.2.0.1"}));
  directory.services.erase("web");
  EXPECT_EQ(ask({"web.service.muster"}).rcode(), Rcode::nxdomain);
}

TEST_F(ResponderTest, KeptAnswersAreAddressedToWhoAsks) {
  for (int i = 0; i < 100; ++i) (void)ask({"web.service.muster"});
  for (int i = 0; i < 100; ++i) {
    Ask ask{i % 2 == 0 ? "WEB.service.Muster" : "web.SERVICE.muster"};
    ask.id = static_cast<std::uint16_t>(i * 600);
    ask.recursion_desired = i % 3 == 0;

    const Message message = this->ask(ask);

    EXPECT_EQ(message.id, ask.id);
    EXPECT_EQ(message.name, ask.name + ".");
    EXPECT_EQ(message.recursion_desired(), ask.recursion_desired);
    for (const Rr& record : message.answers) EXPECT_EQ(record.owner, ask.name + ".");
  }
}

TEST_F(ResponderTest, KeptAnswersStillChangeTheirOrder) {
  std::map<std::string, int> first;
  for (int i = 0; i < 6'000; ++i) {
    const Message message = ask({"web.service.muster"});
    ++first[address_of(message.answers[0])];
    ASSERT_EQ(addresses_of(message.answers).size(), 3U);
  }
  ASSERT_EQ(first.size(), 3U);
  for (const auto& [address, count] : first) EXPECT_NEAR(count, 2'000, 250) << address;
}

TEST_F(ResponderTest, KeptAnswersThatAreTurnedAreWhole) {
  fill("big", 200, 4);
  const std::vector<std::string> all = addresses_of(ask({"big.service.muster"}, Via::tcp).answers);
  ASSERT_EQ(all.size(), 200U);
  Ask edns{"big.service.muster"};
  edns.edns = 1'232;
  std::set<std::string> first;
  for (int i = 0; i < 4'000; ++i) {
    const Message message = ask(edns);
    ASSERT_TRUE(message.truncated());
    ASSERT_TRUE(message.opt);
    const std::vector<std::string> some = addresses_of(message.answers);
    ASSERT_EQ(std::set<std::string>(some.begin(), some.end()).size(), message.answers.size());
    for (const std::string& address : some)
      ASSERT_NE(std::find(all.begin(), all.end(), address), all.end()) << address;
    first.insert(address_of(message.answers[0]));
  }
  EXPECT_GT(first.size(), 150U) << "each has its turn";
}

TEST_F(ResponderTest, WhoAsksInAnotherWayGetsAnotherAnswer) {
  fill("big", 60, 3);
  for (int i = 0; i < 20; ++i) {
    const Message plain = ask({"big.service.muster"});
    EXPECT_TRUE(plain.truncated());
    EXPECT_LE(plain.size, 512U);
    EXPECT_FALSE(plain.opt);

    Ask edns{"big.service.muster"};
    edns.edns = 1'100;
    const Message more = ask(edns);
    EXPECT_FALSE(more.truncated());
    EXPECT_EQ(more.answers.size(), 60U);
    EXPECT_TRUE(more.opt);

    const Message tcp = ask({"big.service.muster"}, Via::tcp);
    EXPECT_FALSE(tcp.truncated());
    EXPECT_EQ(tcp.answers.size(), 60U);
  }
}

TEST_F(ResponderTest, SizesAreTheClientsUpToTheBoundOfWhereItIs) {
  fill("big", 900, 3);
  Ask edns{"big.service.muster"};
  edns.edns = 65'000;
  const auto size = [&](Via via) { return ask(edns, via).size; };
  EXPECT_LE(size(Via::udp), 1'232U);
  EXPECT_GT(size(Via::udp), 1'200U);
  EXPECT_LE(size(Via::loopback_udp), 16'384U);
  EXPECT_GT(size(Via::loopback_udp), 14'000U);
  EXPECT_TRUE(ask(edns, Via::udp).truncated());
  edns.edns = 300;
  EXPECT_LE(size(Via::udp), 512U);
}

TEST_F(ResponderTest, BadMessagesAreAnsweredByTheirCode) {
  Bytes out;
  responder.answer(Bytes(11), Via::udp, directory, out);
  EXPECT_TRUE(out.empty());
  Bytes trailing = question({"web.service.muster"});
  trailing.push_back(0);
  responder.answer(trailing, Via::udp, directory, out);
  const auto message = read_message(out);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->rcode(), Rcode::formerr);
  EXPECT_EQ(message->id, 4'711);
  EXPECT_FALSE(message->authoritative());
  EXPECT_EQ(responder.stats().ignored.value(), 1U);
}

TEST_F(ResponderTest, TheCacheIsBounded) {
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = "s" + std::to_string(i);
    fill(name, 60, 1 + static_cast<std::uint64_t>(i));
    for (int n = 0; n < 9; ++n) (void)ask({name + ".service.muster"}, Via::tcp);
  }
  EXPECT_LE(responder.cache().bytes(), small_cache + (64U << 10));
  EXPECT_GT(responder.cache().bytes(), 3U << 20);
  EXPECT_EQ(addresses("web.service.muster").size(), 3U);
}

TEST_F(ResponderTest, WhoIsTurnedAwayMayComeByTcpEverySecondTime) {
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    Bytes out;
    responder.turn_away(question({"web.service.muster"}), out);
    if (out.empty()) continue;
    ++told;
    const auto message = read_message(out);
    ASSERT_TRUE(message);
    EXPECT_TRUE(message->truncated());
    EXPECT_TRUE(message->answers.empty());
    EXPECT_LE(out.size(), question({"web.service.muster"}).size());  // it amplifies nothing
  }
  EXPECT_EQ(told, 5);
}

// Rates
// ------------------------------------------------------------------------------------------------

sockaddr_storage from(const char* address) {
  sockaddr_storage out{};
  if (::inet_pton(AF_INET, address, &reinterpret_cast<sockaddr_in&>(out).sin_addr) == 1) {
    out.ss_family = AF_INET;
  } else {
    EXPECT_EQ(::inet_pton(AF_INET6, address, &reinterpret_cast<sockaddr_in6&>(out).sin6_addr), 1);
    out.ss_family = AF_INET6;
  }
  return out;
}

int allowed(RateBound& bound, const char* address, RateBound::Time at, int questions) {
  const sockaddr_storage source = from(address);
  int count = 0;
  for (int i = 0; i < questions; ++i)
    count += bound.allows(reinterpret_cast<const sockaddr&>(source), at) ? 1 : 0;
  return count;
}

TEST(RateBound, AnAddressAsksSoOftenASecond) {
  RateBound bound(100, 7);
  const RateBound::Time start{1h};
  EXPECT_EQ(allowed(bound, "10.0.0.1", start, 300), 100);
  EXPECT_EQ(allowed(bound, "10.0.0.1", start + 100ms, 300), 10);
  EXPECT_EQ(allowed(bound, "10.0.0.2", start + 100ms, 300), 100);
  EXPECT_EQ(allowed(bound, "10.0.0.1", start + 2s, 300), 100);
}

TEST(RateBound, ANetworkOfIpv6CountsAsOne) {
  RateBound bound(100, 7);
  const RateBound::Time start{1h};
  EXPECT_EQ(allowed(bound, "2001:db8::1", start, 60), 60);
  EXPECT_EQ(allowed(bound, "2001:db8::2", start, 60), 40);
  EXPECT_EQ(allowed(bound, "2001:db8:0:1::1", start, 60), 60);
}

TEST(RateBound, LoopbackIsFreeAndZeroIsNoBound) {
  RateBound bound(1, 7);
  const RateBound::Time start{1h};
  for (const char* const address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"})
    EXPECT_EQ(allowed(bound, address, start, 50), 50) << address;
  RateBound none(0, 7);
  EXPECT_EQ(allowed(none, "10.0.0.1", start, 50), 50);
}

}  // namespace
}  // namespace muster::broker::dns
