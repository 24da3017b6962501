// The pure parts of the prober: who may be asked, when, and whether what comes of it is believed.
#include <broker/probe/allow_list.hpp>
#include <broker/probe/timetable.hpp>
#include <broker/probe/trust.hpp>

#include <gtest/gtest.h>

namespace muster::broker::probe {
namespace {

// AllowList ---------------------------------------------------------------------------------------

TEST(AllowList, HasWhatIsInItsNetworks) {
  AllowList list;
  ASSERT_TRUE(list.add("10.1.0.0/16"));
  ASSERT_TRUE(list.add("192.168.7.9"));
  ASSERT_TRUE(list.add("fd00:1::/33"));
  const auto has = [&](const char* address) { return list.contains(*parse_address(address)); };

  EXPECT_TRUE(has("10.1.255.3"));
  EXPECT_TRUE(has("::ffff:10.1.2.3")) << "IPv4 in IPv6 is IPv4";
  EXPECT_FALSE(has("10.2.0.0"));
  EXPECT_TRUE(has("192.168.7.9"));
  EXPECT_FALSE(has("192.168.7.8"));
  EXPECT_TRUE(has("fd00:1:7fff::1"));
  EXPECT_FALSE(has("fd00:1:8000::1")) << "the 33rd bit";
  EXPECT_FALSE(has("::1"));
}

TEST(AllowList, OfAllOfOneKindHasNoneOfTheOther) {
  AllowList list;
  ASSERT_TRUE(list.add("0.0.0.0/0"));
  EXPECT_TRUE(list.contains(*parse_address("8.8.8.8")));
  EXPECT_FALSE(list.contains(*parse_address("2001:db8::1")));
}

TEST(AllowList, RefusesWhatIsNoNetwork) {
  for (const char* wrong : {"", "example.org", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8x",
                            "10.0.0.0/-1", "::/129", "10.0.0/8", "/8"})
    EXPECT_FALSE(AllowList{}.add(wrong)) << wrong;
}

Register checked(const std::string& address) {
  Register request;
  request.service = ServiceName{"pay"};
  request.info.address = address;
  request.info.checks = {{.port = 80, .path = ""}};
  return request;
}

TEST(Checks, AreOfWhoRegistersUnlessTheListSaysMore) {
  AllowList list;
  ASSERT_TRUE(list.add("10.0.0.0/8"));

  EXPECT_FALSE(refuse_checks(checked("192.0.2.1"), "192.0.2.1", list));
  EXPECT_FALSE(refuse_checks(checked("192.0.2.1"), "::ffff:192.0.2.1", list));
  EXPECT_FALSE(refuse_checks(checked("10.9.9.9"), "192.0.2.1", list));
  const auto stranger = refuse_checks(checked("192.0.2.2"), "192.0.2.1", list);
  ASSERT_TRUE(stranger);
  EXPECT_EQ(stranger->code, Errc::not_allowed);
  EXPECT_NE(stranger->message.find("192.0.2.2"), std::string::npos) << stranger->message;
  EXPECT_TRUE(refuse_checks(checked("192.0.2.1"), "", list)) << "whoever has no address";
  const auto name = refuse_checks(checked("example.org"), "192.0.2.1", list);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->code, Errc::invalid_request);
}

TEST(Checks, ThatAreNotThereAreNoMatter) {
  Register plain = checked("example.org");
  plain.info.checks.clear();
  EXPECT_FALSE(refuse_checks(plain, "", AllowList{}));
  EXPECT_FALSE(refuse_checks(BeatNode{}, "", AllowList{}));
}

// Timetable ---------------------------------------------------------------------------------------

TEST(Timetable, SpreadsTheFirstProbesOverTheInterval) {
  Timetable table;
  for (std::uint64_t i = 0; i < 1'000; ++i) table.add(i, Millis{5'000}, i * 7'919, Mono{10'000});
  std::size_t early = 0;
  std::int64_t last = 0;
  while (const auto due = table.take(Mono{20'000})) {
    EXPECT_GE(due->at.ms, 10'000);
    EXPECT_LT(due->at.ms, 15'000);
    EXPECT_GE(due->at.ms, last) << "in order";
    last = due->at.ms;
    early += due->at.ms < 12'500;
  }
  EXPECT_GT(early, 400U);
  EXPECT_LT(early, 600U);
}

TEST(Timetable, KeepsThePaceAndDoesNotCatchUp) {
  Timetable table;
  table.again(1, Mono{1'000}, Millis{100}, 0, Mono{1'030});
  EXPECT_EQ(table.next(), Mono{1'100}) << "an interval after it was due, not after it ended";
  ASSERT_TRUE(table.take(Mono{1'100}));
  table.again(1, Mono{1'100}, Millis{100}, 0, Mono{5'000});
  EXPECT_EQ(table.next(), Mono{5'000}) << "what was missed is not made up for";
}

TEST(Timetable, AsksTheDeadLessAndLess) {
  const auto pause = [](Millis interval, std::uint32_t missed) {
    Timetable table;
    table.again(1, Mono{0}, interval, missed, Mono{0});
    return table.next()->ms;
  };
  EXPECT_EQ(pause(Millis{5'000}, 3), 5'000) << "the ladder goes at its own pace";
  EXPECT_EQ(pause(Millis{5'000}, 4), 10'000);
  EXPECT_EQ(pause(Millis{5'000}, 5), 20'000);
  EXPECT_EQ(pause(Millis{5'000}, 6), 40'000);
  EXPECT_EQ(pause(Millis{5'000}, 60'000), 40'000);
  EXPECT_EQ(pause(Millis{20'000}, 9), 60'000) << "a minute at most";
  EXPECT_EQ(pause(Millis{3'600'000}, 9), 3'600'000) << "but not more often than asked";
}

TEST(Timetable, ForgetsWhoIsTakenOut) {
  Timetable table;
  table.add(1, Millis{100}, 0, Mono{0});
  const Mono first = table.put_for();
  table.add(2, Millis{100}, 50, Mono{0});
  table.remove(1, first);
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table.take(Mono{1'000})->target, 2U);
  EXPECT_FALSE(table.take(Mono{1'000}));
}

// Trust -------------------------------------------------------------------------------------------

TEST(Trust, BelievesThatOneHostIsDead) {
  Trust trust;
  for (const char* host : {"a", "b", "c", "d"}) trust.answered(host);
  trust.missed("a", Mono{0});
  EXPECT_TRUE(trust.believes(Mono{0}));
  trust.missed("b", Mono{0});
  EXPECT_TRUE(trust.believes(Mono{0})) << "two of four may well die";
}

TEST(Trust, DoubtsThatHalfOfAllDieAtOnce) {
  Trust trust;
  for (const char* host : {"a", "b", "c", "d", "e", "f"}) trust.answered(host);
  for (const char* host : {"a", "b", "c"}) trust.missed(host, Mono{1'000});
  EXPECT_FALSE(trust.believes(Mono{1'000}));
  trust.answered("a");
  EXPECT_TRUE(trust.believes(Mono{1'001})) << "one that answers ends it";
}

TEST(Trust, DoubtsForAMinuteAtMost) {
  Trust trust;
  for (const char* host : {"a", "b", "c"}) trust.missed(host, Mono{0});
  EXPECT_FALSE(trust.believes(Mono{0}));
  EXPECT_FALSE(trust.believes(Mono{30'000})) << "it does not end because the window does";
  EXPECT_FALSE(trust.believes(Mono{60'000}));
  EXPECT_TRUE(trust.believes(Mono{60'001}));
}

TEST(Trust, BelievesThoseThatDieOneAfterTheOther) {
  Trust trust;
  for (const char* host : {"a", "b", "c", "d"}) trust.answered(host);
  trust.missed("a", Mono{0});
  EXPECT_TRUE(trust.believes(Mono{0}));
  trust.missed("b", Mono{10'001});
  EXPECT_TRUE(trust.believes(Mono{10'001}));
  trust.missed("c", Mono{20'002});
  EXPECT_TRUE(trust.believes(Mono{20'002}));
}

TEST(Trust, ForgetsHostsThatAreProbedNoMore) {
  Trust trust;
  for (const char* host : {"a", "b", "c"}) trust.missed(host, Mono{0});
  trust.forget("b");
  EXPECT_TRUE(trust.believes(Mono{0}));
}

TEST(Trust, BelievesNothingWhileItRunsLate) {
  Trust trust;
  trust.answered("b");
  trust.began(Millis{201}, Mono{1'000});
  trust.missed("a", Mono{1'000});
  EXPECT_FALSE(trust.believes(Mono{1'000}));
  EXPECT_TRUE(trust.believes(Mono{1'200}));
  trust.began(Millis{200}, Mono{2'000});
  EXPECT_TRUE(trust.believes(Mono{2'000}));
}

}  // namespace
}  // namespace muster::broker::probe
