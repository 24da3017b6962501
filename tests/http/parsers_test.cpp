/// Targets, durations, positions, ETags.
#include <broker/http/cache.hpp>
#include <broker/http/duration.hpp>
#include <broker/http/position.hpp>
#include <broker/http/target.hpp>

#include <gtest/gtest.h>

namespace muster::broker::http {
namespace {

Target good(std::string_view text) {
  auto out = parse_target(text);
  if (const auto* const error = std::get_if<Error>(&out)) {
    ADD_FAILURE() << text << ": " << error->message;
    return {};
  }
  return std::get<Target>(std::move(out));
}

bool is_refused(std::string_view text) {
  const auto out = parse_target(text);
  const auto* const error = std::get_if<Error>(&out);
  return error != nullptr && !error->message.empty();
}

using Path = std::vector<std::string>;

TEST(Target, SegmentsAreDecodedOneByOne) {
  EXPECT_EQ(good("/v1/groups/a%2Fb%20c").path, (Path{"v1", "groups", "a/b c"}));
  EXPECT_EQ(good("/v1/heartbeat/service%3Aweb-1").path.back(), "service:web-1");
  EXPECT_EQ(good("/v1/a+b").path.back(), "a+b");
}

TEST(Target, OneSlashAtTheEndIsNotSeen) {
  EXPECT_EQ(good("/v1/groups/").path, (Path{"v1", "groups"}));
  EXPECT_EQ(good("/v1//x").path, (Path{"v1", "", "x"}));
  EXPECT_TRUE(good("/").path.empty());
}

TEST(Target, ParametersKeepTheirOrderAndMayHaveNoValue) {
  const Target target = good("/x?a=1&b&a=2&c=%26+%3D&&");

  const std::vector<std::pair<std::string, std::string>> expected{
      {"a", "1"}, {"b", ""}, {"a", "2"}, {"c", "& ="}};
  EXPECT_EQ(target.parameters, expected);
}

TEST(Target, WhatIsNoTargetIsRefused) {
  for (const std::string_view text : {"", "x", "*", "http:x", "/%", "/%4", "/%zz", "/%00", "/x?a=%",
                                      "/x?%0g=1", "/x#fragment", "/x?a=%00"})
    EXPECT_TRUE(is_refused(text)) << text;
}

TEST(Target, ParametersAreBounded) {
  std::string text = "/x?";
  for (std::size_t i = 0; i < max_parameters; ++i) text += "a=1&";
  EXPECT_EQ(good(text).parameters.size(), max_parameters);
  EXPECT_TRUE(is_refused(text + "a=1"));
}

TEST(Duration, UnitsAndCompounds) {
  EXPECT_EQ(parse_duration("500ms"), Millis{500});
  EXPECT_EQ(parse_duration("30s"), Millis{30'000});
  EXPECT_EQ(parse_duration("1m30s"), Millis{90'000});
  EXPECT_EQ(parse_duration("1.5h"), Millis{5'400'000});
  EXPECT_EQ(parse_duration("120000ms"), Millis{120'000});
  EXPECT_EQ(parse_duration("0s"), Millis{0});
}

TEST(Duration, WhatIsNoneIsNothing) {
  for (const std::string_view text : {"", "5", "s", "5 s", "-5s", "1.2.3s", "5x", "1s2", ".s",
                                      "NaNs", "1e3s", "99999999999999999999s", "9000h"})
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
}

TEST(Position, SaysOnlyTheShardsThatWereRead) {
  const Position position{"00112233", {0, 17, 0, 5}};

  EXPECT_EQ(print(position), "00112233-1:17,3:5");
  EXPECT_EQ(parse_position("00112233-1:17,3:5", 4), position);
  EXPECT_EQ(parse_position("00112233-", 2), (Position{"00112233", {0, 0}}));
}

TEST(Position, WhatIsNoneIsNothing) {
  for (const std::string_view text :
       {"", "00112233", "0011223-1:1", "0011223X-1:1", "00112233-1", "00112233-1:", "00112233-4:1",
        "00112233-1:1,", "00112233-1:1;2:1", "00112233-1:99999999999999999999", "00112233-:1"})
    EXPECT_FALSE(parse_position(text, 4).has_value()) << text;
}

TEST(Etag, IsThatOfTheBytes) {
  EXPECT_EQ(etag_of("a"), etag_of("a"));
  EXPECT_NE(etag_of("a"), etag_of("b"));
}

TEST(Etag, IsFoundInAList) {
  EXPECT_TRUE(names_etag("\"x\"", "\"x\""));
  EXPECT_TRUE(names_etag("\"a\" , W/\"x\"", "\"x\""));
  EXPECT_TRUE(names_etag("*", "\"x\""));
  EXPECT_FALSE(names_etag("", "\"x\""));
  EXPECT_FALSE(names_etag("\"xy\"", "\"x\""));
}

TEST(Cache, KeepsTheVersionAndTheBound) {
  AnswerCache cache(2'000);
  cache.put("a", {nullptr, 1}, json_response(std::string(600, 'a')));

  EXPECT_NE(cache.find("a", {nullptr, 1}), nullptr);
  EXPECT_EQ(cache.find("a", {nullptr, 2}), nullptr);
  EXPECT_EQ(cache.find("b", {nullptr, 1}), nullptr);

  cache.put("b", {nullptr, 1}, json_response(std::string(600, 'b')));
  (void)cache.find("a", {nullptr, 1});  // asked for last
  cache.put("c", {nullptr, 1}, json_response(std::string(600, 'c')));

  EXPECT_EQ(cache.find("b", {nullptr, 1}), nullptr);
  EXPECT_NE(cache.find("a", {nullptr, 1}), nullptr);
  EXPECT_NE(cache.find("c", {nullptr, 1}), nullptr);
  EXPECT_LE(cache.bytes(), 2'000U);
}

}  // namespace
}  // namespace muster::broker::http
