/// What every store promises, asked of each of them.
#include "memory_store.hpp"
#include "record_key.hpp"
#include "samples.hpp"
#include "store.hpp"
#include "temp_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <ostream>
#include <random>
#include <set>
#include <thread>

namespace muster::store::test {
namespace {

using core::Record;

constexpr std::uint32_t shards = 4;

/// Something that outlives the stores opened on it.
class Backing {
 public:
  virtual ~Backing() = default;
  virtual std::unique_ptr<Store> open() = 0;
};

class MemoryBacking final : public Backing {
 public:
  std::unique_ptr<Store> open() override { return open_memory_store(contents_); }

 private:
  std::shared_ptr<MemoryContents> contents_ = make_memory_contents(shards);
};

class RocksDbBacking final : public Backing {
 public:
  std::unique_ptr<Store> open() override {
    return open_rocksdb_store({.path = folder_ / "data", .shards = shards});
  }

 private:
  TempFolder folder_;
};

enum class Kind { memory, rocksdb };

std::ostream& operator<<(std::ostream& out, Kind kind) {
  return out << (kind == Kind::memory ? "memory" : "rocksdb");
}

std::unique_ptr<Backing> new_backing(Kind kind) {
  if (kind == Kind::memory) return std::make_unique<MemoryBacking>();
  return std::make_unique<RocksDbBacking>();
}

Record event_record(std::uint64_t number, std::string detail = {}) {
  Event event;
  event.number = number;
  event.kind = EventKind::member_joined;
  event.detail = std::move(detail);
  return {number, 0, 1, event_key(number), std::make_shared<const Event>(std::move(event))};
}

std::vector<Record> event_records(std::uint64_t first, std::uint64_t last) {
  std::vector<Record> out;
  for (std::uint64_t n = first; n <= last; ++n) out.push_back(event_record(n));
  return out;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t n = first; n <= last; ++n) out.push_back(n);
  return out;
}

class StoreContract : public ::testing::TestWithParam<Kind> {
 protected:
  void reopen() {
    store_.reset();
    store_ = backing_->open();
  }
  void append(std::vector<Batch> batches) {
    ASSERT_TRUE(store_->append(batches)) << store_->failure();
  }
  void append(ShardIndex shard, std::vector<Record> records) {
    append({Batch{.shard = shard, .records = std::move(records)}});
  }
  std::vector<Record> load(ShardIndex shard = 0) { return load_all(*store_, shard); }
  LoadedShard survey(ShardIndex shard = 0) {
    return store_->load(shard, [](Record&&) {});
  }
  /// Numbers of the events from `from` on, at most so many.
  std::vector<std::uint64_t> events(ShardIndex shard, std::uint64_t from = 0,
                                    std::size_t most = 1'000'000) {
    std::vector<std::uint64_t> out;
    store_->read_events(shard, from, [&](const std::shared_ptr<const Event>& event) {
      out.push_back(event->number);
      return out.size() < most;
    });
    return out;
  }
  void note(std::vector<EventNote> notes, std::vector<EventRange> removed) {
    ASSERT_TRUE(store_->note(notes, removed)) << store_->failure();
  }

  std::unique_ptr<Backing> backing_ = new_backing(GetParam());
  std::unique_ptr<Store> store_ = backing_->open();
};

TEST_P(StoreContract, ANewStoreIsEmpty) {
  for (ShardIndex shard = 0; shard < shards; ++shard) {
    const LoadedShard found = survey(shard);
    EXPECT_EQ(found.revision, 0U);
    EXPECT_EQ(found.records, 0U);
    EXPECT_EQ(found.term_floor, 0U);
  }
  EXPECT_EQ(store_->identity().shards, shards);
  EXPECT_EQ(store_->failure(), "");
}

TEST_P(StoreContract, LoadGivesEveryRecordInKeyOrderWhateverTheOrderOfWriting) {
  std::vector<Record> shuffled = sample_records();
  std::shuffle(shuffled.begin(), shuffled.end(), std::minstd_rand(5));
  for (const Record& record : shuffled) append(2, {record});

  EXPECT_TRUE(same(load(2), sample_records()));
  EXPECT_EQ(survey(2).records, sample_records().size());
  EXPECT_TRUE(load(1).empty());
  EXPECT_TRUE(load(3).empty());
}

TEST_P(StoreContract, AReopenedStoreHoldsTheSame) {
  append(0, sample_records());
  const StoreIdentity before = store_->identity();

  reopen();

  EXPECT_TRUE(same(load(), sample_records()));
  EXPECT_EQ(store_->identity().uuid, before.uuid);
  EXPECT_EQ(store_->identity().shards, before.shards);
}

TEST_P(StoreContract, AFlushedAndReopenedStoreHoldsTheSame) {
  append(0, sample_records());

  store_->flush();
  reopen();

  EXPECT_TRUE(same(load(), sample_records()));
}

TEST_P(StoreContract, TheLastValueOfAKeyWins) {
  append(0, {group_record("g", 1, 1)});
  append(0, {group_record("g", 2, 2)});
  append(0, {group_record("g", 3, 3), group_record("g", 4, 4)});

  EXPECT_TRUE(same(load(), {group_record("g", 4, 4)}));
}

TEST_P(StoreContract, ATombstoneRemovesAndOnlyWhatIsUnderItsKey) {
  append(0, {group_record("a", 1, 1), group_record("aa", 1, 1), group_record("b", 1, 1)});

  append(0, {tombstone(group_record("a", 1).key, 2), tombstone(group_record("never", 1).key, 2)});

  EXPECT_TRUE(same(load(), {group_record("b", 1, 1), group_record("aa", 1, 1)}));
}

TEST_P(StoreContract, WithinABatchTheOrderCounts) {
  const core::RecordKey a = group_record("a", 1).key;
  const core::RecordKey b = group_record("b", 1).key;
  append(0, {group_record("a", 1), tombstone(a), tombstone(b), group_record("b", 2)});

  EXPECT_TRUE(same(load(), {group_record("b", 2)}));
}

TEST_P(StoreContract, BatchesOfOneAppendApplyInOrderEachToItsShard) {
  append({Batch{.shard = 0, .records = {group_record("g", 1, 1)}},
          Batch{.shard = 3, .records = {group_record("g", 7, 9)}},
          Batch{.shard = 0, .records = {group_record("g", 2, 2)}}});

  EXPECT_TRUE(same(load(0), {group_record("g", 2, 2)}));
  EXPECT_TRUE(same(load(3), {group_record("g", 7, 9)}));
  EXPECT_EQ(survey(0).revision, 2U);
  EXPECT_EQ(survey(3).revision, 9U);
}

TEST_P(StoreContract, TheRevisionOutlivesBatchesOfTombstonesAlone) {
  append(1, {group_record("g", 1, 40)});
  append(1, {tombstone(group_record("g", 1).key, 41)});

  EXPECT_EQ(survey(1).revision, 41U);
  reopen();
  EXPECT_EQ(survey(1).revision, 41U);
  EXPECT_EQ(survey(1).records, 0U);
  EXPECT_EQ(survey(0).revision, 0U);
}

TEST_P(StoreContract, NothingAppendedIsNothingChanged) {
  append(std::vector<Batch>{});
  append(2, {});

  EXPECT_EQ(survey(2).revision, 0U);
}

TEST_P(StoreContract, TheTermFloorRisesWithEveryOpen) {
  for (Term opens = 0; opens < 4; ++opens) {
    for (ShardIndex shard = 0; shard < shards; ++shard) EXPECT_EQ(survey(shard).term_floor, opens);
    reopen();
  }
}

TEST_P(StoreContract, TheTermFloorIsNeverBelowARecordedTerm) {
  append(1, {meta_record(50, 0)});

  reopen();

  EXPECT_GE(survey(1).term_floor, 50U);
}

TEST_P(StoreContract, ASecondOpenIsRefusedUntilTheFirstIsClosed) {
  (void)refusal(Errc::store_locked, [this] { (void)backing_->open(); });

  reopen();
  EXPECT_EQ(survey().revision, 0U);
}

TEST_P(StoreContract, ABadRecordFailsItsWholeAppendAndEveryLaterOne) {
  Record bad = sample_records()[3];
  bad.key.member = "somebody-else";
  append(0, {group_record("g", 1, 1)});

  const std::vector<Batch> batches{Batch{.shard = 0, .records = {group_record("g", 2, 2)}},
                                   Batch{.shard = 1, .records = {bad}}};
  EXPECT_EQ(store_->append(batches).error(), make_error_code(Errc::store_failed));

  EXPECT_NE(store_->failure().find("somebody-else"), std::string::npos) << store_->failure();
  const std::vector<Batch> good{Batch{.shard = 0, .records = {group_record("g", 3, 3)}}};
  EXPECT_EQ(store_->append(good).error(), make_error_code(Errc::store_failed));
  reopen();
  EXPECT_TRUE(same(load(), {group_record("g", 1, 1)}));
}

TEST_P(StoreContract, AShardThatTheStoreDoesNotHaveIsRefused) {
  const std::vector<Batch> batches{Batch{.shard = shards, .records = {group_record("g", 1)}}};

  EXPECT_EQ(store_->append(batches).error(), make_error_code(Errc::store_failed));
  (void)refusal(Errc::store_incompatible, [this] { (void)survey(shards); });
  (void)refusal(Errc::store_incompatible, [this] { (void)events(shards); });
  (void)refusal(Errc::store_incompatible, [this] { (void)store_->read_note(shards); });
}

TEST_P(StoreContract, NamesOfAnyBytesAreKeptApart) {
  const std::vector<std::string> names{"",         "a",  "a\0b", std::string("a\0b", 3),
                                       "\xff\xfe", "ab", "b/a",  std::string(249, 'x')};
  std::vector<Record> records;
  for (const std::string& name : names) records.push_back(group_record(name, 5));
  append(0, records);

  std::set<std::string> found;
  for (const Record& record : load()) found.insert(record.key.group);
  EXPECT_EQ(found, std::set<std::string>(names.begin(), names.end()));
}

TEST_P(StoreContract, FreeBytesMayBeAskedBesideAppends) {
  std::atomic<bool> done = false;
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::thread asker([&] {
    do least = std::min(least, store_->free_bytes());
    while (!done);
  });
  for (Revision revision = 1; revision <= 50; ++revision)
    append(0, {offset_record("g", 1, 5, revision)});
  done = true;
  asker.join();

  EXPECT_GT(least, 0U);
  EXPECT_EQ(survey().revision, 50U);
}

TEST_P(StoreContract, BigValuesAndManyRecordsComeBack) {
  core::CurrentRecord big;
  big.group = GroupId("g");
  big.member = MemberId("m");
  core::Granted& granted = big.assigned.emplace_back();
  for (PartitionIndex p = 0; p < 1'000'000; ++p) {
    granted.partitions.push_back(p);
    granted.tokens.push_back(make_token(1, static_cast<std::uint64_t>(p) + 1));
    granted.epochs.push_back(1);
  }
  Record record;
  record.revision = 1;
  record.key = sample_records()[5].key;
  record.key.group = "g";
  record.key.member = "m";
  record.value = std::make_shared<const core::CurrentRecord>(big);
  append(0, {record});
  std::vector<Record> many;
  for (PartitionIndex p = 0; p < 50'000; ++p) many.push_back(offset_record("g", p, p, 2));
  append(1, many);

  reopen();

  EXPECT_TRUE(same(load(0), {record}));
  EXPECT_TRUE(same(load(1), many));
}

TEST_P(StoreContract, EventsAreReadFromANumberOnInOrderAsLongAsTheReaderWants) {
  append(1, event_records(1, 300));  // past a byte: order is the number's, not the text's
  append(1, {group_record("g", 1, 301)});
  append(2, event_records(5, 6));

  EXPECT_EQ(events(1), numbers(1, 300));
  EXPECT_EQ(events(1, 250), numbers(250, 300));
  EXPECT_EQ(events(1, 7, 3), numbers(7, 9));
  EXPECT_TRUE(events(1, 301).empty());
  EXPECT_EQ(events(2), numbers(5, 6)) << "another shard's are its own";
  EXPECT_TRUE(events(0).empty());
  EXPECT_TRUE(events(3).empty());
}

TEST_P(StoreContract, AnEventIsReadAsItWasAppended) {
  append(0, {event_record(7, "the whole of it")});

  std::vector<Event> found;
  store_->read_events(0, 0, [&](const auto& event) {
    found.push_back(*event);
    return true;
  });

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].number, 7U);
  EXPECT_EQ(found[0].kind, EventKind::member_joined);
  EXPECT_EQ(found[0].detail, "the whole of it");
}

TEST_P(StoreContract, ANoteIsReadBackAndTheLastOneCounts) {
  EXPECT_EQ(store_->read_note(1), (EventNote{1, "", 0}));

  note({{1, "kafka:a", 5}, {3, "kafka:a", 9}}, {});
  note({{1, "kafka:b", 4}}, {});

  EXPECT_EQ(store_->read_note(1), (EventNote{1, "kafka:b", 4}));
  EXPECT_EQ(store_->read_note(3), (EventNote{3, "kafka:a", 9}));
  EXPECT_EQ(store_->read_note(0), (EventNote{0, "", 0}));
  reopen();
  EXPECT_EQ(store_->read_note(1), (EventNote{1, "kafka:b", 4}));
}

TEST_P(StoreContract, ANoteIsNoRecord) {
  append(0, {group_record("g", 1, 1)});

  note({{0, "kafka:a", 5}}, {});
  reopen();

  EXPECT_TRUE(same(load(), {group_record("g", 1, 1)}));
  EXPECT_EQ(survey().revision, 1U);
}

TEST_P(StoreContract, RemovedEventsAreGoneAndNothingElse) {
  append(1, event_records(1, 300));
  append(1, {group_record("g", 1, 301)});
  append(2, event_records(1, 300));

  note({{1, "kafka:a", 260}}, {{1, 0, 99}, {1, 200, 260}});

  std::vector<std::uint64_t> left = numbers(100, 199);
  for (const std::uint64_t n : numbers(261, 300)) left.push_back(n);
  EXPECT_EQ(events(1), left);
  EXPECT_EQ(events(2), numbers(1, 300));
  reopen();
  EXPECT_EQ(events(1), left);
  EXPECT_EQ(survey(1).first_event, 100U);
  EXPECT_EQ(survey(1).records, left.size() + 1);
  EXPECT_EQ(survey(1).revision, 301U);
  note({}, {{1, 0, 1'000}});
  EXPECT_TRUE(events(1).empty());
  EXPECT_EQ(survey(1).first_event, 0U);
}

TEST_P(StoreContract, EventsMayBeReadAndNotesAskedBesideAppends) {
  constexpr std::uint64_t last = 300;
  std::atomic<bool> done = false;
  std::thread reader([&] {
    std::uint64_t seen = 0;
    do {
      const auto found = events(0, seen + 1);
      EXPECT_EQ(found, numbers(seen + 1, seen + found.size())) << "in order, none left out";
      seen += found.size();
      (void)store_->read_note(0);
    } while (!done || seen < last);
  });
  for (std::uint64_t n = 1; n <= last; ++n) {
    append(0, {event_record(n)});
    note({{0, "kafka:a", n}}, {});
  }
  done = true;
  reader.join();
}

TEST_P(StoreContract, AfterAFailureNoNoteIsKept) {
  append(0, event_records(1, 3));
  Record bad = sample_records()[3];
  bad.key.member = "somebody-else";
  const std::vector<Batch> batches{Batch{.shard = 1, .records = {bad}}};
  ASSERT_FALSE(store_->append(batches));

  const std::vector<EventNote> notes{{0, "kafka:a", 3}};
  const std::vector<EventRange> removed{{0, 1, 3}};
  EXPECT_EQ(store_->note(notes, removed).error(), make_error_code(Errc::store_failed));

  reopen();
  EXPECT_EQ(store_->read_note(0), (EventNote{0, "", 0}));
  EXPECT_EQ(events(0), numbers(1, 3));
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract, ::testing::Values(Kind::memory));
#ifdef MUSTER_WITH_ROCKSDB
INSTANTIATE_TEST_SUITE_P(RocksDb, StoreContract, ::testing::Values(Kind::rocksdb));
#endif

TEST(MemoryContentsTest, ACopyIsWhatACrashAtThatMomentLeaves) {
  const auto contents = make_memory_contents(1);
  auto store = open_memory_store(contents);
  const std::vector<Batch> first{Batch{.shard = 0, .records = {group_record("g", 1, 1)}}};
  const std::vector<Batch> second{Batch{.shard = 0, .records = {group_record("g", 2, 2)}}};
  ASSERT_TRUE(store->append(first));

  const auto crashed = copy_of(*contents);
  ASSERT_TRUE(store->append(second));

  EXPECT_TRUE(same(load_all(*open_memory_store(crashed), 0), {group_record("g", 1, 1)}));
  EXPECT_TRUE(same(load_all(*store, 0), {group_record("g", 2, 2)}));
}

TEST(MemoryContentsTest, HasNoBackup) {
  const auto store = make_memory_store(1);

  EXPECT_FALSE(store->backup("/nowhere"));

  EXPECT_NE(store->failure().find("in memory has no backup"), std::string::npos);
  EXPECT_EQ(store->free_bytes(), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace muster::store::test
