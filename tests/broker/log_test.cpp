#include <broker/log.hpp>

#include <gtest/gtest.h>

namespace muster::broker::log {
namespace {

TEST(Log, TextLineQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_line(Format::text, Level::info, "member joined",
                        {{"group", "g"}, {"detail", "two words"}, {"n", 3}}),
            "info    member joined group=g detail=\"two words\" n=3");
}

TEST(Log, EmptyFieldsAreLeftOut) {
  EXPECT_EQ(format_line(Format::text, Level::error, "x", {{"a", ""}, {"b", "c"}}), "error   x b=c");
}

TEST(Log, ValuesCannotForgeLines) {
  const std::string line = format_line(Format::text, Level::info, "x", {{"name", "a\nerror y"}});

  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line, "info    x name=\"a\\u000aerror y\"");
}

TEST(Log, JsonLineIsOneObjectWithPlainNumbers) {
  EXPECT_EQ(format_line(Format::json, Level::warning, "say \"hi\"", {{"n", 3}, {"k", "v"}}),
            R"({"level":"warning","message":"say \"hi\"","n":3,"k":"v"})");
}

TEST(Log, LevelDecides) {
  set_level(Level::warning);

  EXPECT_FALSE(enabled(Level::info));
  EXPECT_TRUE(enabled(Level::error));
  set_level(Level::info);
}

}  // namespace
}  // namespace muster::broker::log
