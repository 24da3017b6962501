/// Reading questions, whole ones and all others.
#include "message.hpp"

#include <broker/dns/query.hpp>

#include <random>

namespace muster::broker::dns {
namespace {

using Outcome = Parsed::Outcome;

std::string read_as(const Bytes& bytes) {
  const Parsed parsed = parse_query(bytes);
  if (parsed.outcome == Outcome::ask) return "asks";
  return parsed.outcome == Outcome::ignore ? "ignored" : std::string{to_string(parsed.rcode)};
}

Bytes changed(Bytes bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::uint8_t>(value);
  return bytes;
}
Bytes with(Bytes bytes, std::initializer_list<int> more) {
  for (const int byte : more) bytes.push_back(static_cast<std::uint8_t>(byte));
  return bytes;
}

const Ask web{"Web.service.Muster", Type::srv};

TEST(Query, SaysAllThatWasAsked) {
  Ask ask = web;
  ask.edns = 4'096;
  ask.dnssec_ok = true;

  const Parsed parsed = parse_query(question(ask));

  ASSERT_EQ(parsed.outcome, Outcome::ask);
  EXPECT_EQ(parsed.query.id, 4'711);
  EXPECT_TRUE(parsed.query.recursion_desired);
  EXPECT_EQ(parsed.query.name.text(), "Web.service.Muster.");
  EXPECT_EQ(parsed.query.type, Type::srv);
  EXPECT_TRUE(parsed.query.edns);
  EXPECT_TRUE(parsed.query.dnssec_ok);
  EXPECT_EQ(parsed.query.udp_size, 4'096);
}

TEST(Query, WithoutEdnsOrWithATinySizeItTakes512Bytes) {
  EXPECT_EQ(parse_query(question(web)).query.udp_size, 512);
  Ask tiny = web;
  tiny.edns = 0;
  EXPECT_EQ(parse_query(question(tiny)).query.udp_size, 512);
}

TEST(Query, WhatIsNoQueryHasNoAnswer) {
  EXPECT_EQ(read_as({}), "ignored");
  EXPECT_EQ(read_as(Bytes(11)), "ignored");
  EXPECT_EQ(read_as(changed(question(web), 2, 0x80)), "ignored");  // an answer
  EXPECT_EQ(read_as(Bytes(500, 0xff)), "ignored");
}

TEST(Query, WhatIsNotServedIsRefusedByItsOwnName) {
  EXPECT_EQ(read_as(changed(question(web), 2, 5 << 3)), "NOTIMP");  // UPDATE
  EXPECT_EQ(read_as(changed(question(web), 2, 4 << 3)), "NOTIMP");  // NOTIFY
  EXPECT_EQ(read_as(question({"muster", Type::axfr})), "NOTIMP");
  EXPECT_EQ(read_as(question({"muster", Type::ixfr})), "NOTIMP");
  Ask chaos{"version.bind", Type::txt};
  chaos.qclass = 3;
  EXPECT_EQ(read_as(question(chaos)), "REFUSED");
  Ask newer = web;
  newer.edns = 1'232;
  newer.version = 1;
  EXPECT_EQ(read_as(question(newer)), "BADVERS");
}

TEST(Query, BrokenOnesAreFormatErrors) {
  Ask edns = web;
  edns.edns = 1'232;
  const Bytes plain = question(web);
  const Bytes opt = question(edns);
  const Bytes header(plain.begin(), plain.begin() + 12);
  const std::vector<std::pair<std::string, Bytes>> broken{
      {"no question", changed(plain, 5, 0)},
      {"two questions", changed(plain, 5, 2)},
      {"a header only", header},
      {"a label beyond the end", with(header, {63, 'a'})},
      {"a pointer to itself", with(header, {0xc0, 12, 0, 1, 0, 1})},
      {"a pointer to the header", with(header, {0xc0, 0, 0, 1, 0, 1})},
      {"a pointer forwards", with(header, {1, 'a', 0xc0, 17, 0, 1, 0, 1, 0})},
      {"a reserved kind of label", with(header, {0x40, 'a', 0, 0, 1, 0, 1})},
      {"another reserved kind", with(header, {0x80, 'a', 0, 0, 1, 0, 1})},
      {"no type", with(header, {1, 'a', 0})},
      {"half a class", with(header, {1, 'a', 0, 0, 1, 0})},
      {"a byte behind the end", with(plain, {0})},
      {"a record that is not there", changed(plain, 11, 1)},
      {"65,535 records", changed(changed(plain, 10, 0xff), 11, 0xff)},
      {"a byte behind the OPT", with(opt, {0})},
      {"an OPT with data that is not there", changed(opt, opt.size() - 1, 1)},
      {"an OPT with half an option", with(changed(opt, opt.size() - 1, 3), {0, 10, 0})},
      {"an option longer than the OPT", with(changed(opt, opt.size() - 1, 4), {0, 10, 0, 1})},
      {"an OPT below a name", changed(changed(with(opt, {0, 0}), opt.size() - 11, 1), 11, 1)},
      {"an OPT among the answers", changed(changed(opt, 11, 0), 7, 1)},
  };
  for (const auto& [what, bytes] : broken) EXPECT_EQ(read_as(bytes), "FORMERR") << what;
  Bytes twice = opt;
  twice.insert(twice.end(), opt.end() - 11, opt.end());
  EXPECT_EQ(read_as(changed(twice, 11, 2)), "FORMERR");
}

TEST(Query, RecordsThatSayNothingHereArePassedOver) {
  Ask edns = web;
  edns.edns = 1'232;
  const Bytes opt = question(edns);
  const std::size_t end = opt.size();
  // An option: a cookie of 8 bytes.
  Bytes cookie = with(changed(opt, end - 1, 12), {0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(read_as(cookie), "asks");
  // A record behind the OPT whose name points back at the question's.
  Bytes signed_one = with(opt, {0xc0, 12, 0, 250, 0, 255, 0, 0, 0, 0, 0, 2, 9, 9});
  EXPECT_EQ(read_as(changed(signed_one, 11, 2)), "asks");
  // The same with a pointer at itself: nothing follows it, and it is refused.
  EXPECT_EQ(read_as(changed(changed(signed_one, 11, 2), end + 1, static_cast<unsigned>(end))),
            "FORMERR");
}

TEST(Query, NoBeginningOfAQuestionIsOne) {
  Ask ask = web;
  ask.edns = 1'232;
  const Bytes whole = question(ask);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Parsed parsed = parse_query({whole.data(), size});
    EXPECT_NE(parsed.outcome, Outcome::ask) << size;
  }
}

TEST(Query, AnyChangedByteLeavesItReadable) {
  Ask ask = web;
  ask.edns = 1'232;
  const Bytes whole = question(ask);
  std::mt19937 random(2);
  for (int i = 0; i < 50'000; ++i) {
    Bytes bytes = whole;
    for (unsigned n = 1 + random() % 4; n > 0; --n)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    bytes.resize(random() % 8 == 0 ? random() % (bytes.size() + 8) : bytes.size());
    const Parsed parsed = parse_query(bytes);
    if (parsed.outcome != Outcome::ask) continue;
    EXPECT_LE(parsed.query.name.wire().size(), 255U);
    EXPECT_GE(parsed.query.udp_size, 512);
    EXPECT_EQ(*Name::parse(parsed.query.name.text()), parsed.query.name);
  }
}

}  // namespace
}  // namespace muster::broker::dns
