#include <muster/core/chunk_map.hpp>

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace muster::core {
namespace {

/// A value that knows its key, as a member does.
struct Named {
  std::shared_ptr<const std::string> name;
  int number = 0;
  [[nodiscard]] std::string_view key() const { return *name; }
};
using Numbers = ChunkMap<std::string, int>;
using Names = ChunkMap<std::string_view, Named, KeyedByValue<std::string_view, Named>>;

void put(Numbers& map, const std::string& key, int number) {
  map.put(key, number);
}
void put(Names& map, const std::string& key, int number) {
  const auto name = std::make_shared<const std::string>(key);
  map.put(*name, Named{name, number});
}
int number(const int& value) {
  return value;
}
int& number(int& value) {
  return value;
}
int number(const Named& value) {
  return value.number;
}
int& number(Named& value) {
  return value.number;
}

template <class Map>
std::map<std::string, int> contents(const Map& map) {
  std::map<std::string, int> out;
  map.for_each([&](std::string_view key, const auto& value) {
    EXPECT_TRUE(out.empty() || out.rbegin()->first < key) << "in order of the keys";
    out.emplace(key, number(value));
  });
  EXPECT_EQ(map.size(), out.size());
  return out;
}

template <class Map>
std::vector<int> from(const Map& map, const std::string& key) {
  std::vector<int> out;
  map.for_each_from(key, [&](std::string_view, const auto& value) {
    out.push_back(number(value));
    return out.size() < 300;  // over the end of a chunk
  });
  return out;
}

template <class Map>
class ChunkMapTest : public ::testing::Test {};
using Maps = ::testing::Types<Numbers, Names>;
TYPED_TEST_SUITE(ChunkMapTest, Maps);

TYPED_TEST(ChunkMapTest, IsAMapAndItsCopiesDoNotChange) {
  std::mt19937 random{4};
  TypeParam map;
  std::map<std::string, int> model;
  std::vector<std::pair<TypeParam, std::map<std::string, int>>> copies;
  const auto any_key = [&] { return "key-" + std::to_string(random() % 3'000); };
  // Grows for a while, then shrinks, then grows, and so on.
  for (int i = 0; i < 30'000; ++i) {
    const std::string key = any_key();
    if (random() % 10 < (i / 6'000 % 2 == 0 ? 8U : 2U)) {
      put(map, key, i);
      model[key] = i;
    } else {
      EXPECT_EQ(map.erase(key), model.erase(key) == 1);
    }
    const std::string other = any_key();
    auto* value = map.change(other);
    ASSERT_EQ(value != nullptr, model.contains(other));
    if (value != nullptr) number(*value) = model[other] = -i;
    const auto* found = map.find(key);
    const auto wanted = model.find(key);
    ASSERT_EQ(found != nullptr, wanted != model.end());
    ASSERT_TRUE(found == nullptr || number(*found) == wanted->second);
    if (i % 1'500 == 0) copies.emplace_back(map, model);
  }
  EXPECT_EQ(contents(map), model);
  for (const auto& [copy, then] : copies) EXPECT_EQ(contents(copy), then);
}

TYPED_TEST(ChunkMapTest, ListsFromAnyKey) {
  TypeParam map;
  EXPECT_TRUE(from(map, "").empty());
  for (int i = 1'000; i < 2'000; ++i) put(map, std::to_string(i), i);

  EXPECT_EQ(from(map, "1500x").front(), 1'501);
  EXPECT_EQ(from(map, "1500").size(), 300U);
  EXPECT_EQ(from(map, "").front(), 1'000);
  EXPECT_TRUE(from(map, "2000").empty());
}

TYPED_TEST(ChunkMapTest, AFullChunkTakesAKeyAtEveryPlace) {
  constexpr int full = static_cast<int>(Chunk<int>::limit);
  for (int place = 0; place <= full; ++place) {
    TypeParam map;
    std::map<std::string, int> model;
    for (int i = 0; i <= full; ++i)
      if (i != place) put(map, std::to_string(1'000 + i), i);
    for (int i = 0; i <= full; ++i) model[std::to_string(1'000 + i)] = i;
    const TypeParam before = map;

    put(map, std::to_string(1'000 + place), place);

    ASSERT_EQ(contents(map), model) << place;
    EXPECT_EQ(before.size(), static_cast<std::size_t>(full));
    EXPECT_EQ(before.find(std::to_string(1'000 + place)), nullptr);
  }
}

TEST(ChunkMap, OrdersTextsByTheirBytes) {
  std::mt19937 random{8};
  const std::string_view bytes{"\0aa\x7f\x80\xff", 6};
  const auto any_text = [&] {
    std::string text(random() % 20, 'a');  // shorter and longer than a word, mostly alike
    for (int changes = 0; changes < 2 && !text.empty(); ++changes)
      text[random() % text.size()] = bytes[random() % bytes.size()];
    return text;
  };
  for (int i = 0; i < 30'000; ++i) {
    const std::string a = any_text();
    const std::string b = any_text();
    ASSERT_EQ(is_less(a, b), a < b) << testing::PrintToString(a) << testing::PrintToString(b);
    ASSERT_FALSE(is_less(a, std::string_view{a}));
  }
}

TYPED_TEST(ChunkMapTest, AnyGuessFindsWhatIsThere) {
  TypeParam map;
  for (int i = 0; i < 1'000; i += 2) put(map, std::to_string(1'000 + i), i);
  const TypeParam& there = map;
  for (std::size_t chunk = 0; chunk < 12; ++chunk)
    for (const std::size_t index : std::array<std::size_t, 5>{0, 1, 30, 255, 256}) {
      for (const char* key : {"1000", "1500", "1501", "1998", "2000"}) {
        const auto at = there.place_of(std::string{key}, {chunk, index, true});
        const auto known = there.place_of(std::string{key});
        ASSERT_EQ(at.found, known.found) << key;
        if (!at.found) continue;
        EXPECT_EQ(at.chunk, known.chunk);
        EXPECT_EQ(at.index, known.index);
      }
    }
}

TEST(ChunkMap, ARingGivesBackWhatItLosesAtItsFront) {
  ChunkMap<int, std::shared_ptr<int>> ring;
  std::vector<std::weak_ptr<int>> all;
  constexpr int kept = 700;
  for (int i = 0; i < 5'000; ++i) {
    const auto value = std::make_shared<int>(i);
    all.emplace_back(value);
    ring.put(i, value);
    EXPECT_EQ(ring.erase(i - kept), i >= kept);
  }
  for (int i = 0; i < 5'000; ++i) {
    const bool there = i >= 5'000 - kept;
    ASSERT_EQ(all[static_cast<std::size_t>(i)].expired(), !there) << i;
    const auto* found = ring.find(i);
    ASSERT_EQ(found != nullptr, there) << i;
    if (there) {
      EXPECT_EQ(**found, i);
    }
  }
}

TYPED_TEST(ChunkMapTest, EmptiesAndFillsAgain) {
  TypeParam map;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 600; ++i) put(map, std::to_string(i), i);
    for (int i = 0; i < 600; ++i) EXPECT_TRUE(map.erase(std::to_string(i)));
    EXPECT_TRUE(map.empty());
    EXPECT_EQ(map.find("1"), nullptr);
  }
}

}  // namespace
}  // namespace muster::core
