#include "record_key.hpp"

#include "samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::store::test {
namespace {

using core::RecordKey;
using core::RecordKind;

RecordKey member_key(const std::string& group, const std::string& member) {
  RecordKey key;
  key.kind = RecordKind::member;
  key.group = group;
  key.member = member;
  return key;
}

TEST(RecordKeys, OfEveryKindReadBackAsWritten) {
  for (const core::Record& record : sample_records()) {
    const StoredKey back = decode_key(encode_key(5, record.key));
    EXPECT_EQ(back.shard, 5U);
    EXPECT_TRUE(back.key == record.key) << describe(record.key);
  }
}

TEST(RecordKeys, NamesThatLookLikeSeparatorsDoNotMix) {
  const std::string with_zero("a\0b", 3);

  EXPECT_NE(encode_key(0, member_key("ab", "c")), encode_key(0, member_key("a", "bc")));
  EXPECT_NE(encode_key(0, member_key("", "abc")), encode_key(0, member_key("abc", "")));
  EXPECT_TRUE(decode_key(encode_key(0, member_key(with_zero, "\xff/"))).key ==
              member_key(with_zero, "\xff/"));
}

TEST(RecordKeys, AscendAsShardThenKindThenNumbers) {
  RecordKey first;
  first.kind = RecordKind::event;
  RecordKey second = first;
  first.number = 255;
  second.number = 256;

  EXPECT_LT(encode_key(0, first), encode_key(0, second));
  EXPECT_LT(encode_key(255, first), encode_key(256, RecordKey{}));
  EXPECT_LT(last_revision_key(7), encode_key(7, RecordKey{}));
  EXPECT_LT(encode_key(6, second), last_revision_key(7));
  std::vector<std::string> keys;
  for (const core::Record& record : sample_records()) keys.push_back(encode_key(1, record.key));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(RecordKeys, CutAnywhereAreRefusedWithASentence) {
  for (const core::Record& record : sample_records()) {
    const std::string whole = encode_key(0, record.key);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      if (size == 5 && record.key.kind == RecordKind::meta) continue;
      const std::string said =
          refusal(Errc::store_corrupt, [&] { (void)decode_key(whole.substr(0, size)); });
      EXPECT_NE(said.find("ends within its"), std::string::npos) << said;
    }
  }
}

TEST(RecordKeys, WithBytesTooManyAreRefused) {
  const std::string said = refusal(
      Errc::store_corrupt, [] { (void)decode_key(encode_key(0, member_key("g", "m")) + "x"); });

  EXPECT_NE(said.find("has 1 bytes too many"), std::string::npos) << said;
}

TEST(RecordKeys, OfAnUnknownKindAreOfANewerVersion) {
  std::string key = encode_key(0, member_key("g", "m"));
  key[4] = 77;

  const std::string said = refusal(Errc::store_incompatible, [&] { (void)decode_key(key); });

  EXPECT_NE(said.find("kind 77"), std::string::npos) << said;
}

TEST(RecordKeys, ThatCannotBeReadAgainAreNotWritten) {
  RecordKey negative;
  negative.kind = RecordKind::offset;
  negative.partition = -1;
  RecordKey unknown;
  unknown.kind = static_cast<RecordKind>(200);

  (void)refusal(Errc::store_failed, [&] { (void)encode_key(0, negative); });
  (void)refusal(Errc::store_failed, [&] { (void)encode_key(0, unknown); });
  (void)refusal(Errc::store_failed,
                [] { (void)encode_key(0, member_key(std::string(65'536, 'x'), "m")); });
  EXPECT_EQ(decode_key(encode_key(0, member_key(std::string(65'535, 'x'), "m"))).key.group.size(),
            65'535U);
}

TEST(RecordKeys, AreDescribedInPrintableWords) {
  EXPECT_EQ(describe(member_key("pay\"ments", "w\n1")),
            "member \"w\\x0A1\" of group \"pay\\x22ments\"");
}

}  // namespace
}  // namespace muster::store::test
