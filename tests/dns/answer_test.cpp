/// Writing answers: what is written can be read, fits, and says when something is missing.
#include "message.hpp"

#include <broker/dns/address.hpp>

#include <random>

namespace muster::broker::dns {
namespace {

Query query_of(const Ask& ask) {
  const Parsed parsed = parse_query(question(ask));
  EXPECT_EQ(parsed.outcome, Parsed::Outcome::ask);
  return parsed.query;
}

Message written(const Query& query, const Answer& answer, const Room& room) {
  Bytes out(3, 0xaa);  // what was there before is none of its business
  encode(query, answer, room, out);
  EXPECT_EQ(out[2], 0xaa);
  const std::span<const std::uint8_t> bytes(out.data() + 3, out.size() - 3);
  EXPECT_LE(bytes.size(), room.size);
  const auto message = read_message(bytes);
  EXPECT_TRUE(message);
  return message.value_or(Message{});
}

Record record(Type type, std::string data, const std::string& owner = {}) {
  const std::string name = owner.empty() ? "" : std::string{Name::parse(owner)->bytes()};
  return {name, type, 7, std::move(data)};
}

Answer services(int count) {
  Answer answer;
  for (int i = 0; i < count; ++i) {
    const auto host = "host-" + std::to_string(i) + ".node.muster";
    answer.answers.push_back(
        record(Type::srv, srv_data(1, 2, static_cast<std::uint16_t>(i), *Name::parse(host))));
    answer.additional.push_back(record(Type::a, {10, 0, 0, static_cast<char>(i)}, host));
  }
  return answer;
}

TEST(Answer, RepeatsTheQuestionInItsCase) {
  Ask ask{"wEb.SerVice.muster", Type::a};
  Answer answer;
  answer.answers.push_back(record(Type::a, {10, 0, 0, 1}));

  const Message message = written(query_of(ask), answer, {});

  EXPECT_EQ(message.id, 4'711);
  EXPECT_TRUE(message.is_answer() && message.authoritative() && message.recursion_desired());
  EXPECT_EQ(message.flags & 0x00f0, 0);  // RA, Z, AD and CD are clear: some drop all else
  EXPECT_EQ(message.name, "wEb.SerVice.muster.");
  ASSERT_EQ(message.answers.size(), 1U);
  EXPECT_EQ(message.answers[0].owner, "wEb.SerVice.muster.");
  EXPECT_EQ(message.answers[0].ttl, 7U);
  EXPECT_FALSE(message.opt);
  ask.recursion_desired = false;
  EXPECT_FALSE(written(query_of(ask), answer, {}).recursion_desired());
}

TEST(Answer, NamesThatWereWrittenBecomePointers) {
  const Query query = query_of({"_web._tcp.service.muster", Type::srv});
  Room room;
  room.size = 4'096;
  Bytes one, two;
  encode(query, services(1), room, one);
  encode(query, services(2), room, two);

  // SRV: pointer, head, numbers and the whole target; A: a pointer at that target, head, address.
  EXPECT_EQ(two.size() - one.size(), (2U + 10 + 6 + 20) + (2 + 10 + 4));
  const auto message = read_message(two);
  ASSERT_TRUE(message);
  EXPECT_EQ(srv_of(message->answers[1]).target, "host-1.node.muster.");
  EXPECT_EQ(message->additional[1].owner, "host-1.node.muster.");
}

TEST(Answer, WhatDoesNotFitIsLeftOutFromItsEnd) {
  const Query query = query_of({"_web._tcp.service.muster", Type::srv});

  const Message some = written(query, services(9), {512, true, 1232});
  EXPECT_FALSE(some.truncated());
  EXPECT_EQ(some.answers.size(), 9U);
  EXPECT_LT(some.additional.size(), 9U);
  EXPECT_GT(some.additional.size(), 0U);

  const Message cut = written(query, services(30), {512, true, 1232});
  EXPECT_TRUE(cut.truncated());
  EXPECT_GT(cut.answers.size(), 5U);
  EXPECT_TRUE(cut.additional.empty());

  const Message tcp = written(query, services(2'000), {65'535, false, 1232});
  EXPECT_FALSE(tcp.truncated());  // there it would be an error
  EXPECT_GT(tcp.answers.size(), 1'000U);
}

TEST(Answer, ALongAnswerCanBeReadToItsEnd) {
  Ask ask{"_web._tcp.service.muster", Type::srv};
  ask.edns = 65'535;
  const Message message = written(query_of(ask), services(1'000), {65'535, false, 1232});

  ASSERT_EQ(message.answers.size(), 1'000U);
  ASSERT_EQ(message.additional.size(), 1'000U);
  for (std::size_t i = 0; i < 1'000; ++i)
    EXPECT_EQ(message.additional[i].owner, srv_of(message.answers[i]).target);
}

TEST(Answer, AnOptIsAnsweredWithOne) {
  Ask ask{"web.service.muster"};
  ask.edns = 1'232;
  ask.dnssec_ok = true;
  Answer answer;
  answer.rcode = Rcode::badvers;

  const Message message = written(query_of(ask), answer, {512, true, 1'400});

  ASSERT_TRUE(message.opt);
  EXPECT_EQ(message.opt->rclass, 1'400);
  EXPECT_EQ(message.opt->ttl, 0x01008000U);  // BADVERS' high bits, version 0, DO
  EXPECT_EQ(message.rcode(), Rcode::badvers);
}

TEST(Answer, WithoutAQuestionThereIsAHeader) {
  Query query;
  query.id = 9;
  Answer answer;
  answer.rcode = Rcode::formerr;
  answer.authoritative = false;

  const Message message = written(query, answer, {});

  EXPECT_EQ(message.size, header_size);
  EXPECT_EQ(message.rcode(), Rcode::formerr);
  EXPECT_FALSE(message.authoritative());
}

TEST(Answer, TextsThatAreTooLongAreLeftOut) {
  const std::string longest(255, 'x');
  const Rr whole{"", Type::txt, 1, 0, txt_data({"a=1", longest, longest + "x", ""})};
  EXPECT_EQ(texts_of(whole), (std::vector<std::string>{"a=1", longest, ""}));
  EXPECT_LE(txt_data(std::vector<std::string>(1'000, longest)).size(), 0xffffU);
}

TEST(Answer, AnythingIsReadAsItWasWrittenOrIsABeginningOfIt) {
  std::mt19937 random(3);
  const std::vector<std::string> names{
      "web.service.muster", "a.muster", "b.a.muster", "muster", "x.other", R"(\000\255.muster)"};
  for (int i = 0; i < 3'000; ++i) {
    Ask ask{names[random() % names.size()], Type::srv};
    if (random() % 2 == 0) ask.edns = 1'232;
    Answer answer;
    for (auto* section : {&answer.answers, &answer.authority, &answer.additional}) {
      for (unsigned n = random() % 12; n > 0; --n) {
        const std::string owner = random() % 2 == 0 ? "" : names[random() % names.size()];
        const auto target = *Name::parse(names[random() % names.size()]);
        section->push_back(random() % 2 == 0
                               ? record(Type::srv, srv_data(1, 1, 80, target), owner)
                               : record(Type::txt, std::string(random() % 200, 't'), owner));
      }
    }
    const Room room{512 + random() % 2'000, random() % 2 == 0, 1'232};

    const Message message = written(query_of(ask), answer, room);

    ASSERT_LE(message.answers.size(), answer.answers.size());
    const bool whole = message.answers.size() == answer.answers.size();
    EXPECT_EQ(message.truncated(), !whole && room.udp);
    if (!whole) {
      EXPECT_TRUE(message.authority.empty() && message.additional.empty());
    }
    for (std::size_t n = 0; n < message.answers.size(); ++n) {
      const Record& wanted = answer.answers[n];
      const std::string owner =
          wanted.owner.empty()
              ? Name::parse(ask.name)->text()
              : Name::of_wire({reinterpret_cast<const std::uint8_t*>(wanted.owner.data()),
                               wanted.owner.size()})
                    .text();
      EXPECT_EQ(message.answers[n].owner, owner);
      EXPECT_EQ(message.answers[n].data, wanted.data);
    }
  }
}

TEST(Addresses, AreReadAndWritten) {
  EXPECT_EQ(parse_address("10.0.0.1")->hex(), "0a000001");
  EXPECT_EQ(parse_address("[fd00::1]")->hex(), "fd000000000000000000000000000001");
  EXPECT_EQ(parse_hex_address("0a000001"), parse_address("10.0.0.1"));
  EXPECT_EQ(parse_hex_address("fd000000000000000000000000000001"), parse_address("fd00::1"));
  for (const char* bad : {"", "10.0.0", "10.0.0.256", "host", "fd00:::1", "10.0.0.1 "})
    EXPECT_FALSE(parse_address(bad)) << bad;
  for (const char* bad : {"", "0a00000", "0a0000010", "0a00000g", "+a000001"})
    EXPECT_FALSE(parse_hex_address(bad)) << bad;
}

TEST(Addresses, APortStandsBehindTheLastColon) {
  const auto split = [](std::string_view text) {
    const HostPort at = split_host_port(text);
    return std::string{at.host} + " " + std::to_string(at.port);
  };
  EXPECT_EQ(split("10.0.0.1:80"), "10.0.0.1 80");
  EXPECT_EQ(split("host:65535"), "host 65535");
  EXPECT_EQ(split("[fd00::1]:80"), "[fd00::1] 80");
  EXPECT_EQ(split("fd00::1"), "fd00::1 0");
  EXPECT_EQ(split("[fd00::1]"), "[fd00::1] 0");
  EXPECT_EQ(split("host"), "host 0");
  EXPECT_EQ(split("host:65536"), "host:65536 0");
  EXPECT_EQ(split("host:x"), "host:x 0");
}

}  // namespace
}  // namespace muster::broker::dns
