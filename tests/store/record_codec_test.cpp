#include "record_codec.hpp"

#include "record_key.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

#include <random>

namespace muster::store::test {
namespace {

using core::Record;
using core::RecordKind;

Record round_trip(const Record& record) {
  RecordCodec codec;
  return codec.decode(record.key, codec.encode(record));
}

TEST(RecordCodec, EveryKindKeepsEveryField) {
  for (const Record& record : sample_records())
    EXPECT_TRUE(same(round_trip(record), record)) << describe(record.key);
}

TEST(RecordCodec, EveryKindKeepsItsDefaults) {
  for (const Record& record : empty_records())
    EXPECT_TRUE(same(round_trip(record), record)) << describe(record.key);
}

TEST(RecordCodec, TheSameRecordAlwaysGivesTheSameBytes) {
  RecordCodec fresh;
  RecordCodec used;
  for (const Record& record : empty_records()) (void)used.encode(record);

  for (const Record& record : sample_records())
    EXPECT_EQ(fresh.encode(record), used.encode(record)) << describe(record.key);
}

TEST(RecordCodec, AnEmptyInstanceIdIsNotNone) {
  Record record = sample_records()[3];
  core::MemberRecord member = *std::get<std::shared_ptr<const core::MemberRecord>>(record.value);
  member.instance = InstanceId("");
  record.value = std::make_shared<const core::MemberRecord>(member);

  EXPECT_TRUE(same(round_trip(record), record));
}

TEST(RecordCodec, ABigAssignmentOfAMillionPartitionsKeepsThemAll) {
  core::CurrentRecord big;
  big.group = GroupId("g");
  big.member = MemberId("m");
  core::Granted& granted = big.assigned.emplace_back();
  for (PartitionIndex p = 0; p < 1'000'000; ++p) {
    granted.partitions.push_back(p);
    granted.tokens.push_back(make_token(3, static_cast<std::uint64_t>(p) + 1));
    granted.epochs.push_back(p % 100);
  }
  Record record;
  record.key.kind = RecordKind::current;
  record.key.group = "g";
  record.key.member = "m";
  record.value = std::make_shared<const core::CurrentRecord>(big);

  EXPECT_TRUE(same(round_trip(record), record));
}

TEST(RecordCodec, AValueUnderAnotherKeyIsNotWritten) {
  RecordCodec codec;
  for (Record record : sample_records()) {
    if (record.key.kind == RecordKind::meta) continue;
    record.key.group += "x";
    record.key.topic = topic_id(77);
    record.key.number += 1;
    const std::string said = refusal(Errc::store_failed, [&] { (void)codec.encode(record); });
    EXPECT_NE(said.find("has another"), std::string::npos) << said;
  }
}

TEST(RecordCodec, AValueOfAnotherKindIsNotWritten) {
  RecordCodec codec;
  Record record = sample_records()[0];
  record.key.kind = RecordKind::event;

  const std::string said = refusal(Errc::store_failed, [&] { (void)codec.encode(record); });

  EXPECT_NE(said.find("a value of another kind"), std::string::npos) << said;
}

TEST(RecordCodec, ListsThatDoNotRunInParallelAreNotWritten) {
  RecordCodec codec;
  Record record = sample_records()[5];
  core::CurrentRecord current = *std::get<std::shared_ptr<const core::CurrentRecord>>(record.value);
  current.assigned[0].epochs.pop_back();
  record.value = std::make_shared<const core::CurrentRecord>(current);

  (void)refusal(Errc::store_failed, [&] { (void)codec.encode(record); });
}

TEST(RecordCodec, ATombstoneHasNoBytes) {
  RecordCodec codec;

  const std::string said =
      refusal(Errc::store_failed, [&] { (void)codec.encode(tombstone(core::RecordKey{})); });

  EXPECT_NE(said.find("is a tombstone"), std::string::npos) << said;
}

TEST(RecordCodec, AVersionFromTheFutureIsRefusedByNumber) {
  RecordCodec codec;
  const Record record = sample_records()[3];
  std::string value(codec.encode(record));
  value[0] = 9;

  const std::string said =
      refusal(Errc::store_incompatible, [&] { (void)codec.decode(record.key, value); });

  EXPECT_NE(said.find("\"worker-7\""), std::string::npos) << said;
  EXPECT_NE(said.find("has record version 9; this program reads up to 1"), std::string::npos)
      << said;
}

TEST(RecordCodec, AStatusFromTheFutureIsRefusedByNumber) {
  RecordCodec codec;
  Record record = sample_records()[3];
  core::MemberRecord member = *std::get<std::shared_ptr<const core::MemberRecord>>(record.value);
  member.status = static_cast<Status>(200);
  record.value = std::make_shared<const core::MemberRecord>(member);
  const std::string value(codec.encode(record));

  const std::string said =
      refusal(Errc::store_incompatible, [&] { (void)codec.decode(record.key, value); });

  EXPECT_NE(said.find("status 200"), std::string::npos) << said;
}

TEST(RecordCodec, AValueOfAnotherKindIsNotReadAsThisOne) {
  RecordCodec codec;
  const std::vector<Record> records = sample_records();
  for (const Record& one : records)
    for (const Record& other : records) {
      if (one.value.index() == other.value.index()) continue;  // three kinds have one
      const std::string value(codec.encode(one));
      (void)refusal(Errc::store_corrupt, [&] { (void)codec.decode(other.key, value); });
    }
}

TEST(RecordCodec, BytesCutAnywhereAreRefusedOrReadWithoutHarm) {
  RecordCodec codec;
  for (const Record& record : sample_records()) {
    const std::string whole(codec.encode(record));
    for (std::size_t size = 0; size < whole.size(); ++size) try {
        (void)codec.decode(record.key, std::string_view(whole).substr(0, size));
      } catch (const StoreError& error) {
        EXPECT_FALSE(std::string(error.what()).empty());
      }
  }
}

TEST(RecordCodec, AnyFlippedBitIsRefusedOrReadWithoutHarm) {
  RecordCodec codec;
  for (const Record& record : sample_records()) {
    std::string value(codec.encode(record));
    for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
      const char mask = static_cast<char>(1 << (bit % 8));
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ mask);
      try {
        (void)codec.decode(record.key, value);
      } catch (const StoreError& error) {
        EXPECT_FALSE(std::string(error.what()).empty());
      }
      value[bit / 8] = static_cast<char>(value[bit / 8] ^ mask);
    }
  }
}

TEST(RecordCodec, RandomBytesAreRefused) {
  RecordCodec codec;
  std::minstd_rand random(1);
  for (int round = 0; round < 2'000; ++round) {
    std::string value(random() % 200, '\0');
    for (char& byte : value) byte = static_cast<char>(random());
    if (!value.empty()) value[0] = static_cast<char>(record_version);
    for (const Record& record : sample_records()) try {
        (void)codec.decode(record.key, value);
      } catch (const StoreError&) {
        continue;
      }
  }
}

}  // namespace
}  // namespace muster::store::test
