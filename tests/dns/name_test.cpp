#include <broker/dns/name.hpp>

#include <gtest/gtest.h>

#include <random>

namespace muster::broker::dns {
namespace {

std::string again(std::string_view text) {
  const auto name = Name::parse(text);
  return name ? name->text() : "nothing";
}

TEST(Name, IsReadAndWritten) {
  EXPECT_EQ(again("web.service.muster"), "web.service.muster.");
  EXPECT_EQ(again("Web.Service.MUSTER."), "Web.Service.MUSTER.");
  EXPECT_EQ(again("."), ".");
  EXPECT_EQ(again(""), ".");
  EXPECT_EQ(again("_web._tcp"), "_web._tcp.");
}

TEST(Name, EscapesStandForAnyByte) {
  EXPECT_EQ(again(R"(a\.b.c)"), R"(a\.b.c.)");
  EXPECT_EQ(again(R"(a\032b)"), R"(a\032b.)");
  EXPECT_EQ(again(R"(\065)"), "A.");
  EXPECT_EQ(again(R"(\255\000)"), R"(\255\000.)");
  EXPECT_EQ(again(R"(\\)"), R"(\\.)");
  EXPECT_EQ(Name::parse(R"(a\.b.c)")->labels(), (std::vector<std::string_view>{"a.b", "c"}));
}

TEST(Name, BadOnesAreRefused) {
  for (const char* bad : {"a..b", "..", ".a", R"(\)", R"(\2)", R"(\25)", R"(\256)", R"(\2x5)"})
    EXPECT_FALSE(Name::parse(bad)) << bad;
}

TEST(Name, ItsBoundsAre63And255Bytes) {
  const std::string longest(63, 'a');
  EXPECT_TRUE(Name::parse(longest));
  EXPECT_FALSE(Name::parse(longest + "a"));
  const std::string three = longest + "." + longest + "." + longest + ".";
  EXPECT_EQ(Name::parse(three + std::string(61, 'b'))->wire().size(), 255U);
  EXPECT_FALSE(Name::parse(three + std::string(62, 'b')));
  Name name = *Name::parse(three);
  EXPECT_FALSE(name.append(*Name::parse(std::string(62, 'b'))));
  EXPECT_TRUE(name.append(*Name::parse(std::string(61, 'b'))));
  EXPECT_EQ(name.wire().size(), 255U);
}

TEST(Name, LowerCaseIsOfLettersOnly) {
  const auto name = Name::parse(R"(A-Z\195.\200@\[)");
  EXPECT_EQ(name->in_lower_case().text(), Name::parse(R"(a-z\195.\200@\[)")->text());
  EXPECT_TRUE(same_letters("Web", "wEB"));
  EXPECT_FALSE(same_letters("web", "we"));
  EXPECT_FALSE(same_letters("a@", "a`"));
}

TEST(Name, TextOfAnyNameReadsAsThatName) {
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    Name name;
    while (random() % 4 != 0) {
      std::string label(1 + random() % 70, ' ');
      for (char& c : label) c = static_cast<char>(random());
      if (!name.append(label)) break;
    }
    const auto back = Name::parse(name.text());
    ASSERT_TRUE(back) << name.text();
    EXPECT_EQ(*back, name);
  }
}

}  // namespace
}  // namespace muster::broker::dns
