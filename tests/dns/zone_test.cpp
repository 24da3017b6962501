/// Which names there are, and what each is answered with.
#include "fake_directory.hpp"
#include "message.hpp"

#include <broker/dns/choose.hpp>
#include <broker/dns/zone.hpp>

#include <array>
#include <set>

namespace muster::broker::dns {
namespace {

ZoneOptions options_of(std::initializer_list<const char*> domains) {
  ZoneOptions options;
  for (const char* const domain : domains) options.domains.push_back(*Name::parse(domain));
  options.ttl = 5;
  options.negative_ttl = 2;
  options.own_address = parse_address("127.0.0.1");
  return options;
}

class ZoneTest : public testing::Test {
 protected:
  ZoneTest() : zone(options_of({"muster", "sd.example.org"})) {
    directory.services["web"].instances = {
        {"web-1", "10.0.0.1", 8080, 3, 0, {"blue"}, "eu", {"version=1", "id=web-1"}},
        {"web-2", "10.0.0.2", 8081, 1, 0, {"blue", "canary"}, "us", {"version=2"}},
        {"web-3", "fd00::3", 8082, 1, 0, {"green"}, "eu", {}},
        {"web-4", "10.0.0.4", 8083, 1, 1, {"green", "slow"}, "asia", {}},
    };
    directory.services["gone"];
    directory.services["unheard"].known = Known::unsure;
    directory.services["half"] = {Known::unsure, 0, {{"half-1", "10.0.1.1", 80}}};
    directory.services["named"].instances = {{"named-1", "box.example.com", 9000}};
    directory.services["noport"].instances = {{"noport-1", "10.0.2.1", 0}};
    directory.nodes["host-1"] = {Known::yes, "10.0.0.1", {"zone=eu"}};
    directory.nodes["Host-2"] = {Known::yes, "10.0.0.2", {}};
    directory.nodes["host-3"] = {Known::unsure, "", {}};
    directory.groups["billing"] = Known::yes;
    directory.groups["Upper"] = Known::yes;
    directory.groups["cloudy"] = Known::unsure;
    directory.topics["orders"] = directory.topics["orders.eu"] = Known::yes;
    directory.owners[{"billing", "orders", 3}] = {
        Known::yes, true, "10.0.0.9", 7001, {"member=m-1", "token=99"}};
    directory.owners[{"billing", "orders.eu", 0}] = {Known::yes, true, "worker.example.com", 1, {}};
    directory.owners[{"billing", "orders", 4}] = {Known::yes, false, "", 0, {}};
    directory.owners[{"billing", "orders", 5}] = {Known::yes, true, "", 0, {"token=7"}};
    directory.owners[{"billing", "orders", 6}] = {Known::unsure, false, "", 0, {}};
    directory.owners[{"Upper", "orders", 0}] = {Known::yes, true, "10.0.0.8", 1, {}};
  }

  Message ask(const std::string& name, Type type, std::uint64_t entropy = 1) {
    const Parsed parsed = parse_query(question({name, type}));
    EXPECT_EQ(parsed.outcome, Parsed::Outcome::ask) << name;
    Bytes out;
    encode(parsed.query, zone.resolve(parsed.query, directory, entropy), {4'096, true, 1'232}, out);
    const auto message = read_message(out);
    EXPECT_TRUE(message) << name;
    return message.value_or(Message{});
  }
  /// In words: the code, and the addresses, or targets, or texts.
  std::string told(const std::string& name, Type type) {
    const Message message = ask(name, type);
    std::set<std::string> parts;
    for (const Rr& record : message.answers) {
      if (record.type == Type::a || record.type == Type::aaaa) parts.insert(address_of(record));
      if (record.type == Type::srv) {
        const Srv srv = srv_of(record);
        parts.insert(srv.target + ":" + std::to_string(srv.port) + "/" +
                     std::to_string(srv.weight) + "@" + std::to_string(srv.priority));
      }
      if (record.type == Type::txt)
        for (const std::string& text : texts_of(record)) parts.insert(text);
      if (record.type == Type::cname) {
        const auto* const data = reinterpret_cast<const std::uint8_t*>(record.data.data());
        parts.insert("-> " + Name::of_wire({data, record.data.size()}).text());
      }
      if (record.type == Type::soa) parts.insert("SOA");
      if (record.type == Type::ns) parts.insert("NS");
    }
    std::string out{to_string(message.rcode())};
    for (const std::string& part : parts) out += " " + part;
    return out;
  }

  Zone zone;
  FakeDirectory directory;
};

TEST_F(ZoneTest, WhatDoesNotFitIsNotBuiltAndNobodySeesThat) {
  auto& many = directory.services["many"].instances;
  for (int i = 0; i < 100; ++i) {
    const std::string id = "many-" + std::to_string(i);
    const std::string address = i % 7 == 0    ? "fd00::" + std::to_string(i)
                                : i % 11 == 0 ? id + ".example.com"
                                              : "10.1.0." + std::to_string(i / 2);
    many.push_back(
        {id, address, static_cast<std::uint16_t>(9'000 + i), 1 + i % 3U, 0, {}, "", {"id=" + id}});
  }
  for (const Type type : {Type::a, Type::aaaa, Type::srv, Type::txt, Type::any})
    for (const char* const name : {"many.service.muster", "many.service.haproxy.muster"})
      for (const std::size_t size :
           std::array<std::size_t, 7>{512, 700, 1'232, 1'700, 4'096, 9'000, 65'535})
        for (const bool udp : {true, false}) {
          const Query query = parse_query(question({name, type})).query;
          const Answer all = zone.resolve(query, directory, 5);
          const Answer some = zone.resolve(query, directory, 5, size);

          Bytes of_all, of_some;
          const Room room{size, udp, 1'232};
          const bool cut = encode(query, all, room, of_all);
          ASSERT_EQ(encode(query, some, room, of_some), cut) << name << ' ' << size;
          ASSERT_EQ(of_some, of_all) << name << ' ' << size;
          if (!cut) continue;
          const auto message = read_message(of_some);
          ASSERT_TRUE(message);
          EXPECT_LE(some.answers.size(), message->answers.size() + 2) << name << ' ' << size;
          EXPECT_TRUE(some.additional.empty());
        }
}

TEST_F(ZoneTest, EveryNameHasItsAnswer) {
  struct Row {
    const char* name;
    Type type;
    const char* told;
  };
  const std::vector<Row> rows{
      // Services.
      {"web.service.muster", Type::a, "NOERROR 10.0.0.1 10.0.0.2"},
      {"WEB.Service.MuSter", Type::a, "NOERROR 10.0.0.1 10.0.0.2"},
      {"web.service.sd.example.org", Type::a, "NOERROR 10.0.0.1 10.0.0.2"},
      {"web.service.muster", Type::aaaa, "NOERROR fd00::3"},
      {"web.service.muster", Type::any, "NOERROR 10.0.0.1 10.0.0.2 fd00::3"},
      {"web.service.muster", Type::txt, "NOERROR id=web-1 version=1 version=2"},
      {"web.service.muster", Type::srv,
       "NOERROR 0a000001.addr.muster.:8080/3@1 0a000002.addr.muster.:8081/1@1 "
       "fd000000000000000000000000000003.addr.muster.:8082/1@1"},
      {"web.service.muster", Type::soa, "NOERROR"},
      {"web.service.muster", static_cast<Type>(15), "NOERROR"},
      {"_web._tcp.service.muster", Type::srv,
       "NOERROR 0a000001.addr.muster.:8080/3@1 0a000002.addr.muster.:8081/1@1 "
       "fd000000000000000000000000000003.addr.muster.:8082/1@1"},
      {"_web._canary.service.muster", Type::srv, "NOERROR 0a000002.addr.muster.:8081/1@1"},
      {"_web._canary.sd.example.org", Type::srv, "NOERROR 0a000002.addr.sd.example.org.:8081/1@1"},
      {"_web._tcp.muster", Type::a, "NOERROR 10.0.0.1 10.0.0.2"},
      {"none.service.muster", Type::a, "NXDOMAIN"},
      {"_none._tcp.service.muster", Type::srv, "NXDOMAIN"},
      {"gone.service.muster", Type::a, "NOERROR"},
      {"noport.service.muster", Type::srv, "NOERROR"},
      {"noport.service.muster", Type::a, "NOERROR 10.0.2.1"},
      // Tags and zones.
      {"blue.web.service.muster", Type::a, "NOERROR 10.0.0.1 10.0.0.2"},
      {"CANARY.web.service.muster", Type::a, "NOERROR 10.0.0.2"},
      {"green.web.service.muster", Type::aaaa, "NOERROR fd00::3"},
      {"slow.web.service.muster", Type::a, "NOERROR 10.0.0.4"},
      {"none.web.service.muster", Type::a, "NOERROR"},
      {"blue.none.service.muster", Type::a, "NXDOMAIN"},
      {"a.b.web.service.muster", Type::a, "NXDOMAIN"},
      {"web.service.eu.zone.muster", Type::a, "NOERROR 10.0.0.1"},
      {"web.service.EU.zone.muster", Type::aaaa, "NOERROR fd00::3"},
      {"canary.web.service.us.zone.muster", Type::a, "NOERROR 10.0.0.2"},
      {"web.service.asia.zone.muster", Type::a, "NOERROR 10.0.0.4"},
      {"web.service.mars.zone.muster", Type::a, "NOERROR"},
      {"none.service.eu.zone.muster", Type::a, "NXDOMAIN"},
      {"eu.zone.muster", Type::a, "NOERROR"},
      {"other.eu.zone.muster", Type::a, "NXDOMAIN"},
      // HAProxy's scale.
      {"_web._canary.service.haproxy.muster", Type::srv,
       "NOERROR 0a000002.addr.muster.:8081/256@1"},
      {"_web._tcp.service.eu.zone.haproxy.muster", Type::srv,
       "NOERROR 0a000001.addr.muster.:8080/768@1 "
       "fd000000000000000000000000000003.addr.muster.:8082/256@1"},
      {"haproxy.muster", Type::a, "NOERROR"},
      {"3.orders.billing.owner.haproxy.muster", Type::a, "NXDOMAIN"},
      // Host names instead of addresses.
      {"named.service.muster", Type::a, "NOERROR -> box.example.com."},
      {"named.service.muster", Type::srv, "NOERROR box.example.com.:9000/1@1"},
      // Unsure.
      {"unheard.service.muster", Type::a, "SERVFAIL"},
      {"unheard.service.muster", Type::srv, "SERVFAIL"},
      {"half.service.muster", Type::a, "NOERROR 10.0.1.1"},
      {"host-3.node.muster", Type::a, "SERVFAIL"},
      {"6.orders.billing.owner.muster", Type::a, "SERVFAIL"},
      {"cloudy.owner.muster", Type::a, "SERVFAIL"},
      // Nodes and literal addresses.
      {"host-1.node.muster", Type::a, "NOERROR 10.0.0.1"},
      {"host-1.node.muster", Type::aaaa, "NOERROR"},
      {"host-1.node.muster", Type::txt, "NOERROR zone=eu"},
      {"Host-2.node.muster", Type::a, "NOERROR 10.0.0.2"},
      {"none.node.muster", Type::a, "NXDOMAIN"},
      {"a.host-1.node.muster", Type::a, "NXDOMAIN"},
      {"0a000001.addr.muster", Type::a, "NOERROR 10.0.0.1"},
      {"0A000001.addr.muster", Type::a, "NOERROR 10.0.0.1"},
      {"0a000001.addr.muster", Type::aaaa, "NOERROR"},
      {"fd000000000000000000000000000003.addr.muster", Type::aaaa, "NOERROR fd00::3"},
      {"0a00000.addr.muster", Type::a, "NXDOMAIN"},
      {"x.0a000001.addr.muster", Type::a, "NXDOMAIN"},
      // Owners.
      {"3.orders.billing.owner.muster", Type::a, "NOERROR 10.0.0.9"},
      {"3.Orders.BILLING.owner.muster", Type::a, "NOERROR 10.0.0.9"},
      {"3.orders.billing.owner.muster", Type::srv, "NOERROR 0a000009.addr.muster.:7001/1@1"},
      {"3.orders.billing.owner.muster", Type::txt, "NOERROR member=m-1 token=99"},
      {"3.orders.billing.owner.muster", Type::aaaa, "NOERROR"},
      {"0.orders.eu.billing.owner.muster", Type::a, "NOERROR -> worker.example.com."},
      {R"(0.orders\.eu.billing.owner.muster)", Type::srv, "NOERROR worker.example.com.:1/1@1"},
      {"4.orders.billing.owner.muster", Type::a, "NOERROR"},
      {"5.orders.billing.owner.muster", Type::a, "NOERROR"},
      {"5.orders.billing.owner.muster", Type::txt, "NOERROR token=7"},
      {"9.orders.billing.owner.muster", Type::a, "NXDOMAIN"},
      {"-1.orders.billing.owner.muster", Type::a, "NXDOMAIN"},
      {"3.orders.none.owner.muster", Type::a, "NXDOMAIN"},
      {"0.orders.Upper.owner.muster", Type::a, "NOERROR 10.0.0.8"},
      {"0.orders.upper.owner.muster", Type::a, "NXDOMAIN"},
      {"orders.billing.owner.muster", Type::a, "NOERROR"},
      {"none.billing.owner.muster", Type::a, "NXDOMAIN"},
      {"billing.owner.muster", Type::a, "NOERROR"},
      {"none.owner.muster", Type::a, "NXDOMAIN"},
      // The zone itself and what lies between.
      {"muster", Type::soa, "NOERROR SOA"},
      {"muster", Type::ns, "NOERROR NS"},
      {"muster", Type::any, "NOERROR NS SOA"},
      {"muster", Type::a, "NOERROR"},
      {"ns.muster", Type::a, "NOERROR 127.0.0.1"},
      {"ns.muster", Type::aaaa, "NOERROR"},
      {"service.muster", Type::a, "NOERROR"},
      {"owner.muster", Type::a, "NOERROR"},
      {"node.muster", Type::a, "NOERROR"},
      {"addr.muster", Type::a, "NOERROR"},
      {"zone.muster", Type::a, "NOERROR"},
      {"_tcp.service.muster", Type::a, "NOERROR"},
      {"_tcp.muster", Type::a, "NOERROR"},
      {"web.muster", Type::a, "NXDOMAIN"},
      {"other.ns.muster", Type::a, "NXDOMAIN"},
      // Other zones.
      {"web.service", Type::a, "REFUSED"},
      {"example.org", Type::a, "REFUSED"},
      {"org", Type::a, "REFUSED"},
      {".", Type::ns, "REFUSED"},
      {"1.0.0.10.in-addr.arpa", static_cast<Type>(12), "REFUSED"},
      {"web.servicemuster", Type::a, "REFUSED"},
      {R"(web.service\.muster)", Type::a, "REFUSED"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(told(row.name, row.type), row.told) << row.name << " " << static_cast<int>(row.type);
}

TEST_F(ZoneTest, NegativeAnswersCarryTheSoaWithItsMinimum) {
  for (const char* const name : {"none.service.muster", "gone.service.muster"}) {
    const Message message = ask(name, Type::a);
    EXPECT_TRUE(message.authoritative());
    ASSERT_EQ(message.authority.size(), 1U) << name;
    const Rr& soa = message.authority[0];
    EXPECT_EQ(soa.owner, "muster.");
    EXPECT_EQ(soa.type, Type::soa);
    EXPECT_EQ(soa.ttl, 2U);
    EXPECT_EQ(soa.data.substr(soa.data.size() - 20, 4), std::string("\0\0\0\x4d", 4));  // serial
    EXPECT_EQ(soa.data.substr(soa.data.size() - 4), std::string("\0\0\0\x02", 4));      // minimum
  }
  EXPECT_TRUE(ask("web.service.muster", Type::a).authority.empty());
  EXPECT_TRUE(ask("other.org", Type::a).authority.empty());
  EXPECT_FALSE(ask("other.org", Type::a).authoritative());
  EXPECT_TRUE(ask("unheard.service.muster", Type::a).authority.empty());
}

TEST_F(ZoneTest, TargetsOfSrvResolveAndTheirAddressesComeAlong) {
  const Message message = ask("_web._tcp.service.muster", Type::srv);
  ASSERT_EQ(message.answers.size(), 3U);
  ASSERT_EQ(message.additional.size(), 3U);
  for (const Rr& record : message.answers) {
    const std::string target = srv_of(record).target;
    const auto at =
        std::ranges::find(message.additional, target, [](const Rr& rr) { return rr.owner; });
    ASSERT_NE(at, message.additional.end());
    const Message direct = ask(target, at->type);
    ASSERT_EQ(direct.answers.size(), 1U);
    EXPECT_EQ(direct.answers[0].data, at->data);
  }
}

TEST_F(ZoneTest, TheLastChoiceIsToldOnlyIfThereIsNoOther) {
  EXPECT_EQ(told("web.service.muster", Type::a), "NOERROR 10.0.0.1 10.0.0.2");
  for (FakeInstance& instance : directory.services["web"].instances) instance.rank = 1;
  EXPECT_EQ(told("web.service.muster", Type::a), "NOERROR 10.0.0.1 10.0.0.2 10.0.0.4");
  EXPECT_EQ(told("_web._canary.service.muster", Type::srv),
            "NOERROR 0a000002.addr.muster.:8081/1@2");
}

TEST_F(ZoneTest, TimesToLiveAreThoseThatWereSet) {
  EXPECT_EQ(ask("web.service.muster", Type::a).answers[0].ttl, 5U);
  EXPECT_EQ(ask("web.service.muster", Type::srv).additional[0].ttl, 5U);
  // An alias has other records beside it, so nobody may keep it.
  EXPECT_EQ(ask("named.service.muster", Type::a).answers[0].ttl, 0U);
}

TEST_F(ZoneTest, AnAddressIsToldOnceHoweverManyPortsItHas) {
  directory.services["many"].instances = {{"a", "10.0.0.1", 1}, {"b", "10.0.0.1", 2}};
  EXPECT_EQ(ask("many.service.muster", Type::a).answers.size(), 1U);
  const Message srv = ask("many.service.muster", Type::srv);
  EXPECT_EQ(srv.answers.size(), 2U);
  EXPECT_EQ(srv.additional.size(), 1U);
  // HAProxy gives each additional record to one server only.
  EXPECT_EQ(ask("many.service.haproxy.muster", Type::srv).additional.size(), 2U);
}

TEST_F(ZoneTest, WeightsBeyondSixteenBitsAreCut) {
  directory.services["heavy"].instances = {{"a", "10.0.0.1", 1, 1'000'000}};
  EXPECT_EQ(srv_of(ask("heavy.service.muster", Type::srv).answers[0]).weight, 65'535);
  EXPECT_EQ(srv_of(ask("heavy.service.haproxy.muster", Type::srv).answers[0]).weight, 65'535);
}

TEST_F(ZoneTest, TheLongestDomainWins) {
  zone = Zone(options_of({"muster", "service.muster"}));
  EXPECT_EQ(told("web.service.service.muster", Type::a), "NOERROR 10.0.0.1 10.0.0.2");
  EXPECT_EQ(told("web.service.muster", Type::a), "NXDOMAIN");
}

TEST_F(ZoneTest, TheOrderChangesAndTheSetDoesNot) {
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t entropy = 0; entropy < 100; ++entropy) {
    std::vector<std::string> order;
    for (const Rr& record : ask("web.service.muster", Type::srv, entropy).answers)
      order.push_back(srv_of(record).target);
    EXPECT_EQ(order.size(), 3U);
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 6U);
}

// Choosing
// ----------------------------------------------------------------------------------------------

std::map<std::string_view, int> firsts(std::vector<Endpoint> endpoints, int draws) {
  std::map<std::string_view, int> first;
  for (int i = 0; i < draws; ++i) {
    shuffle(endpoints, static_cast<std::uint64_t>(i) * 1'234'567);
    ++first[endpoints.front().id];
  }
  return first;
}

TEST(Choice, EqualsComeFirstEquallyOften) {
  std::vector<Endpoint> endpoints;
  for (const char* const id : {"a", "b", "c", "d"}) endpoints.push_back({id, "10.0.0.1"});
  for (const auto& [id, count] : firsts(endpoints, 40'000)) EXPECT_NEAR(count, 10'000, 500) << id;
}

TEST(Choice, WhoWeighsMoreComesFirstMoreOften) {
  std::vector<Endpoint> endpoints{{"one", "", 0, 1}, {"three", "", 0, 3}, {"none", "", 0, 0}};
  const auto first = firsts(endpoints, 40'000);
  EXPECT_NEAR(first.at("one"), 10'000, 500);
  EXPECT_NEAR(first.at("three"), 30'000, 500);
  EXPECT_FALSE(first.contains("none"));
}

std::string kept(std::initializer_list<int> ranks) {
  std::vector<Endpoint> endpoints;
  for (const int rank : ranks)
    endpoints.push_back({"", "", 0, 1, static_cast<std::uint8_t>(rank), nullptr});
  keep_best(endpoints);
  std::string out;
  for (const Endpoint& endpoint : endpoints) out += std::to_string(endpoint.rank);
  return out;
}

TEST(Choice, TheBestAreKeptAsLongAsTheyAreHalf) {
  EXPECT_EQ(kept({}), "");
  EXPECT_EQ(kept({0, 0, 1}), "00");
  EXPECT_EQ(kept({0, 1}), "0");
  EXPECT_EQ(kept({1, 1}), "11");
  EXPECT_EQ(kept({0, 1, 1}), "011");  // it is hardly they who fail
  EXPECT_EQ(kept({0, 1, 2, 2}), "01");
  EXPECT_EQ(kept({0, 2, 2, 2}), "0222");
  EXPECT_EQ(kept({2}), "2");
}

TEST(Choice, BetterRanksComeFirst) {
  std::vector<Endpoint> endpoints{{"last", "", 0, 100, 1, nullptr},
                                  {"first", "", 0, 1, 0, nullptr}};
  EXPECT_EQ(firsts(endpoints, 1'000).at("first"), 1'000);
}

TEST(Choice, NothingIsLostOrDoubled) {
  for (const std::uint32_t step : {0U, 1U}) {
    std::vector<Endpoint> endpoints;
    std::vector<std::string> ids;
    for (int i = 0; i < 100; ++i) ids.push_back(std::to_string(i));
    for (int i = 0; i < 100; ++i)
      endpoints.push_back(
          {ids[static_cast<std::size_t>(i)], "", 0, static_cast<std::uint32_t>(i) * step + 1});
    shuffle(endpoints, 42);
    std::set<std::string_view> seen;
    for (const Endpoint& endpoint : endpoints) seen.insert(endpoint.id);
    EXPECT_EQ(seen.size(), 100U);
  }
}

}  // namespace
}  // namespace muster::broker::dns
