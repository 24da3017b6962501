#include <broker/http/selector.hpp>

#include <gtest/gtest.h>

namespace muster::broker::http {
namespace {

using Kind = Requirement::Kind;

Selector good(std::string_view text) {
  auto out = parse_selector(text);
  if (const auto* const error = std::get_if<Error>(&out)) {
    ADD_FAILURE() << text << ": " << error->message;
    return {};
  }
  return std::get<Selector>(std::move(out));
}

bool selects(std::string_view text, const std::vector<MetaEntry>& meta) {
  return matches(good(text), meta);
}

TEST(Selector, IsReadAsKubernetesWritesIt) {
  const Selector expected{{"env", Kind::in, {"prod"}},        {"a", Kind::in, {"b"}},
                          {"tier", Kind::not_in, {"canary"}}, {"rack", Kind::in, {"x", "y"}},
                          {"os", Kind::not_in, {"w"}},        {"ready", Kind::exists, {}},
                          {"drain", Kind::not_exists, {}}};
  EXPECT_EQ(good("env=prod,a==b, tier != canary,rack in (x, y),os notin (w),ready,!drain"),
            expected);
  EXPECT_TRUE(good("").empty());
  EXPECT_TRUE(good("  ").empty());
  EXPECT_EQ(good("a="), (Selector{{"a", Kind::in, {""}}}));
}

TEST(Selector, SelectsByMeta) {
  const std::vector<MetaEntry> meta{{"env", "prod"}, {"tier", "gold"}};
  for (const std::string_view text :
       {"", "env=prod", "env==prod,tier!=canary", "env in (test,prod)", "env", "!other", "other!=x",
        "other notin (x)"})
    EXPECT_TRUE(selects(text, meta)) << text;
  for (const std::string_view text : {"env=test", "env!=prod", "env notin (prod)", "!env", "other",
                                      "other=", "other in (x)", "env=prod,tier=canary"})
    EXPECT_FALSE(selects(text, meta)) << text;
}

TEST(Selector, WhatGoesWrongHasItsPlace) {
  for (const std::string_view text :
       {",", "a,", "a,,b", "=b", "a!b", "a in", "a in b", "a in (b", "a in (b c)", "a b", "!",
        "!=", "a=b c", "(a)", "a in (b))"}) {
    const auto out = parse_selector(text);
    const auto* const error = std::get_if<Error>(&out);
    ASSERT_NE(error, nullptr) << text;
    EXPECT_NE(error->message.find("at character "), std::string::npos) << text;
  }
}

TEST(Selector, IsBounded) {
  std::string many = "a";
  for (std::size_t i = 1; i < max_requirements; ++i) many += ",a";
  EXPECT_EQ(good(many).size(), max_requirements);
  EXPECT_TRUE(std::holds_alternative<Error>(parse_selector(many + ",a")));
  std::string values = "a in (x";
  for (std::size_t i = 0; i < max_selector_values; ++i) values += ",x";
  EXPECT_TRUE(std::holds_alternative<Error>(parse_selector(values + ")")));
}

}  // namespace
}  // namespace muster::broker::http
