#include <gtest/gtest.h>
#include <text.hpp>

#include <cstdlib>
#include <ctime>

namespace muster::cli {
namespace {

/// Local time is UTC as long as this lives.
class Utc {
 public:
  Utc() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
  ~Utc() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

using Partitions = std::vector<PartitionIndex>;

TEST(Text, PlainNamesStayAsTheyAre) {
  EXPECT_EQ(shown("billing.eu-1"), "billing.eu-1");
  EXPECT_EQ(shown("größe→東京"), "größe→東京");
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown_or_dash(""), "-");
}

TEST(Text, NothingReachesTheTerminalThatSteersIt) {
  EXPECT_EQ(shown("a\033[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(shown("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(shown(std::string_view("a\0b\x7f", 4)), "a\\x00b\\x7f");
  EXPECT_EQ(shown("\xC2\x9B"
                  "31m"),
            "\\u{9b}31m")
      << "C1 controls steer terminals too";
  EXPECT_EQ(shown("a\xE2\x80\xAE"
                  "b"),
            "a\\u{202e}b")
      << "right-to-left override";
  EXPECT_EQ(shown("a\xE2\x80\x8B"
                  "b"),
            "a\\u{200b}b")
      << "zero-width space";
  EXPECT_EQ(shown("\xF3\xA0\x81\xA1"), "\\u{e0061}") << "tag characters are invisible";
}

TEST(Text, BytesThatAreNoUtf8AreShownOneByOne) {
  EXPECT_EQ(shown("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(shown("\xC0\x80"), "\\xc0\\x80") << "overlong";
  EXPECT_EQ(shown("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(shown("\xE2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(shown("\xF5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80") << "above U+10FFFF";
}

TEST(Text, ABackslashCannotPretendToBeAnEscape) {
  EXPECT_EQ(shown("a\\x1b"), "a\\\\x1b");
}

TEST(Text, EveryByteValueIsSafe) {
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const std::string out = shown(text);
      ASSERT_TRUE(is_utf8(out));
      for (const char c : out)
        ASSERT_GE(static_cast<unsigned char>(c), 0x20) << first << ' ' << second;
    }
}

TEST(Text, LinesKeepTheirEndsAndTabs) {
  EXPECT_EQ(shown_lines("a\tb\\\nc\033"), "a\tb\\\nc\\x1b");
}

TEST(Text, JsonKeepsItsMeaningAndLosesItsControls) {
  EXPECT_EQ(shown_json("{\"a\":\"\xC2\x9B\x7f\"}"), R"({"a":"\u009b\u007f"})");
  EXPECT_EQ(shown_json("\"\xF3\xA0\x81\xA1\""), R"("\udb40\udc61")");
  EXPECT_EQ(shown_json(R"({"a":"größe\n"})"), R"({"a":"größe\n"})");
}

TEST(Text, InvalidBytesBecomeTheReplacementCharacter) {
  EXPECT_TRUE(is_utf8("größe"));
  EXPECT_FALSE(
      is_utf8("gr\xF6\xDF"
              "e"));
  EXPECT_EQ(as_utf8("a\xff"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
}

TEST(Text, WidthCountsCodePoints) {
  EXPECT_EQ(width(""), 0U);
  EXPECT_EQ(width("größe"), 5U);
}

TEST(Text, RangesAreCompact) {
  EXPECT_EQ(ranges(Partitions{}), "-");
  EXPECT_EQ(ranges(Partitions{7}), "7");
  EXPECT_EQ(ranges(Partitions{0, 1, 2, 3, 20}), "0-3,20");
  EXPECT_EQ(ranges(Partitions{0, 2, 4, 5}), "0,2,4-5");
}

TEST(Text, RangesAreReadBack) {
  EXPECT_EQ(parse_ranges("0-3,20"), (Partitions{0, 1, 2, 3, 20}));
  EXPECT_EQ(parse_ranges("5,1-2,2"), (Partitions{1, 2, 5}));
  EXPECT_EQ(parse_ranges("2147483646-2147483647"), (Partitions{2147483646, 2147483647}));
  for (const char* bad :
       {"", ",", "1,", "a", "3-1", "-1", "1--2", "1-2-3", " 1", "1 ", "2147483648", "0x1"})
    EXPECT_FALSE(parse_ranges(bad)) << bad;
}

TEST(Text, RangesThatWouldFillTheMemoryAreRefused) {
  EXPECT_TRUE(parse_ranges("0-9", 10));
  EXPECT_FALSE(parse_ranges("0-10", 10));
  EXPECT_FALSE(parse_ranges("0-4,5-10", 10));
  EXPECT_FALSE(parse_ranges("0-2147483647"));
}

TEST(Text, DurationsAreShownWithTheirUnit) {
  EXPECT_EQ(duration(Millis{0}), "0 ms");
  EXPECT_EQ(duration(Millis{999}), "999 ms");
  EXPECT_EQ(duration(Millis{1'000}), "1 s");
  EXPECT_EQ(duration(Millis{1'250}), "1.2 s");
  EXPECT_EQ(duration(Millis{59'999}), "59.9 s");
  EXPECT_EQ(duration(Millis{60'000}), "1 min");
  EXPECT_EQ(duration(Millis{200'000}), "3 min 20 s");
  EXPECT_EQ(duration(Millis{7'500'000}), "2 h 5 min");
}

TEST(Text, DurationsAreReadWithTheirUnitOnly) {
  EXPECT_EQ(parse_duration("500ms"), Millis{500});
  EXPECT_EQ(parse_duration("3s"), Millis{3'000});
  EXPECT_EQ(parse_duration("5m"), Millis{300'000});
  EXPECT_EQ(parse_duration("1h"), Millis{3'600'000});
  for (const char* bad :
       {"", "5", "s", "-5s", "1.5s", "5 s", "5d", "99999999999999999999s", "9000000000h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Text, TimesOfTodayHaveNoDate) {
  const Utc utc;
  const Wall noon{1'700'000'000'000};  // 2023-11-14 22:13:20 UTC

  EXPECT_EQ(clock_time(noon, Wall{noon.ms + 1'000}), "22:13:20");
  EXPECT_EQ(clock_time(noon, Wall{noon.ms + 86'400'000}), "2023-11-14 22:13:20");
  EXPECT_EQ(clock_time(Wall{0}, noon), "-");
}

TEST(Text, UtcTimesCarryMilliseconds) {
  EXPECT_EQ(utc_time(Wall{1'700'000'000'123}), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(utc_time(Wall{0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_time(Wall{-1}), "1969-12-31T23:59:59.999Z");
}

TEST(Text, CountsKnowTheirPlural) {
  EXPECT_EQ(count_of(0, "topic"), "0 topics");
  EXPECT_EQ(count_of(1, "topic"), "1 topic");
  EXPECT_EQ(count_of(2, "topic"), "2 topics");
}

TEST(Text, TopicIdsAreHexDigits) {
  TopicId id;
  id.bytes[0] = 0xAB;
  id.bytes[15] = 0x01;
  EXPECT_EQ(hex(id), "ab000000000000000000000000000001");
}

}  // namespace
}  // namespace muster::cli
