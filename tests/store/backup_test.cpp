/// Backup, check and restore.
#include "durable_file.hpp"
#include "folder.hpp"
#include "identity.hpp"
#include "samples.hpp"
#include "temp_folder.hpp"
#include "workload.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

namespace muster::store::test {
namespace {

namespace fs = std::filesystem;

class Backup : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(const std::string& path) {
    return open_rocksdb_store({.path = path, .shards = 3});
  }
  void append(Store& store, ShardIndex shard, std::vector<core::Record> records) {
    const std::vector<Batch> batches{Batch{.shard = shard, .records = std::move(records)}};
    ASSERT_TRUE(store.append(batches)) << store.failure();
  }
  core::ShardMeta meta_of(Store& store, ShardIndex shard) {
    for (const core::Record& record : load_all(store, shard))
      if (const auto* meta = std::get_if<std::shared_ptr<const core::ShardMeta>>(&record.value))
        return **meta;
    ADD_FAILURE() << "shard " << shard << " has no meta";
    return {};
  }
  /// A store with these in shard 0, backed up.
  void make_backup(const std::vector<core::Record>& records) {
    const auto store = open(data_);
    append(*store, 0, records);
    ASSERT_TRUE(store->backup(backup_)) << store->failure();
  }

  TempFolder temp_;
  std::string data_ = temp_ / "data";
  std::string backup_ = temp_ / "backup";
  std::string restored_ = temp_ / "restored";
};

TEST_F(Backup, IsASoundStoreOfTheSameRecords) {
  append(*open(data_), 0, sample_records());
  make_backup({});

  const CheckReport report = check_rocksdb_store(backup_);

  EXPECT_TRUE(report.problems.empty()) << report.problems.front();
  ASSERT_EQ(report.shards.size(), 3U);
  EXPECT_EQ(report.shards[0].records, sample_records().size());
  EXPECT_EQ(report.shards[0].revision, 115U);
  EXPECT_EQ(report.identity.uuid, open(data_)->identity().uuid);
}

TEST_F(Backup, IsNotOpenedAsAStore) {
  make_backup(sample_records());

  const std::string said = refusal(Errc::store_incompatible, [this] { (void)open(backup_); });

  EXPECT_TRUE(says(said, backup_ + " is a backup; restore it")) << said;
}

TEST_F(Backup, NeverOverwritesWhatIsThere) {
  const auto store = open(data_);
  fs::create_directory(backup_);
  std::ofstream(backup_ + "/old") << "old";

  const Result<void> result = store->backup(backup_);

  EXPECT_EQ(result.error().value(), EEXIST);
  EXPECT_TRUE(says(store->failure(), backup_)) << store->failure();
  EXPECT_TRUE(fs::exists(backup_ + "/old"));
  append(*store, 0, {group_record("g", 1)});
}

TEST_F(Backup, WithoutAPlaceFailsAndTheStoreGoesOn) {
  const auto store = open(data_);

  EXPECT_FALSE(store->backup(temp_ / "not/there"));

  append(*store, 0, {group_record("g", 1)});
  EXPECT_TRUE(same(load_all(*store, 0), {group_record("g", 1)}));
}

TEST_F(Backup, TakenWhileAppendsGoOnHoldsWholeStepsFromTheBeginning) {
  constexpr int backups = 4;
  const auto store = open(data_);
  std::atomic<bool> done = false;
  std::atomic<Revision> durable = 0;
  std::thread writer([&] {
    for (Revision revision = 1; !done || revision < 200; ++revision) {
      std::vector<Batch> batches;
      for (ShardIndex shard = 0; shard < workload_shards; ++shard)
        batches.push_back(step(shard, revision));
      if (!store->append(batches)) break;
      durable = revision;
    }
  });
  std::vector<Revision> before;
  for (int i = 0; i < backups; ++i) {
    before.push_back(durable);
    EXPECT_TRUE(store->backup(backup_ + std::to_string(i))) << store->failure();
  }
  done = true;
  writer.join();

  for (int i = 0; i < backups; ++i) {
    const std::string from = backup_ + std::to_string(i);
    const CheckReport report = check_rocksdb_store(from);
    EXPECT_TRUE(report.problems.empty()) << report.problems.front();
    for (const LoadedShard& shard : report.shards) {
      EXPECT_GE(shard.revision, before[static_cast<std::size_t>(i)]);
      std::uint64_t records = 0;
      for (Revision revision = 1; revision <= shard.revision; ++revision)
        records += step_size(revision);
      EXPECT_EQ(shard.records, records);
    }
  }
}

TEST_F(Backup, RestoredHoldsTheRecordsWithHigherTermsAndFloors) {
  make_backup({meta_record(1, 300), group_record("a", 40), group_record("b", 900)});

  restore_rocksdb_store(backup_, restored_);

  const auto store = open(restored_);
  for (ShardIndex shard = 0; shard < 3; ++shard) {
    EXPECT_EQ(meta_of(*store, shard).epoch_floor, 900 + 16'777'216);
    EXPECT_GE(store->load(shard, [](core::Record&&) {}).term_floor, 65'537U);
  }
  EXPECT_EQ(meta_of(*store, 0).term, 65'537U);
  const std::vector<core::Record> records = load_all(*store, 0);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_TRUE(same(records[1], group_record("a", 40)));
  EXPECT_TRUE(same(records[2], group_record("b", 900)));
  EXPECT_TRUE(check_rocksdb_store(backup_).problems.empty()) << "the backup itself is as it was";
}

TEST_F(Backup, RestoredIsAnotherStoreWithNewRevisions) {
  make_backup({group_record("a", 40, 17)});

  restore_rocksdb_store(backup_, restored_);

  const auto store = open(restored_);
  EXPECT_NE(store->identity().uuid, open(data_)->identity().uuid);
  EXPECT_EQ(store->identity().shards, 3U);
  EXPECT_EQ(store->load(0, [](core::Record&&) {}).revision, 18U);
}

TEST_F(Backup, RestoredFloorCoversEpochsOfDeletedGroups) {
  make_backup({meta_record(1, 5'000), group_record("a", 40)});

  restore_rocksdb_store(backup_, restored_);

  EXPECT_EQ(meta_of(*open(restored_), 0).epoch_floor, 5'000 + 16'777'216);
}

TEST_F(Backup, ARestoreGivesTermsAboveEveryStartAfterTheBackup) {
  make_backup({});
  for (int start = 0; start < 20; ++start) (void)open(data_);
  const Term given = open(data_)->load(0, [](core::Record&&) {}).term_floor + 1;

  restore_rocksdb_store(backup_, restored_);

  EXPECT_GT(open(restored_)->load(0, [](core::Record&&) {}).term_floor, given);
}

TEST_F(Backup, OfTheHighestEpochIsNotRestoredPastTheLimit) {
  make_backup({group_record("a", max_epoch - 100)});

  const std::string said =
      refusal(Errc::epoch_exhausted, [this] { restore_rocksdb_store(backup_, restored_); });

  EXPECT_TRUE(says(said, "raises the epoch 2147483547 by 16777216, past the limit 2147483647"))
      << said;
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(Backup, OfTheHighestTermIsNotRestoredPastTheLimit) {
  make_backup({meta_record(max_term - 5, 0)});

  const std::string said =
      refusal(Errc::epoch_exhausted, [this] { restore_rocksdb_store(backup_, restored_); });

  EXPECT_TRUE(says(said, "past the limit 16777215")) << said;
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(Backup, IsOnlyRestoredIntoANewFolder) {
  make_backup({group_record("a", 1)});
  (void)open(restored_);

  (void)refusal(Errc::store_failed, [this] { restore_rocksdb_store(backup_, restored_); });

  EXPECT_TRUE(load_all(*open(restored_), 0).empty());
}

TEST_F(Backup, ThatIsNoneIsNotRestored) {
  fs::create_directory(backup_);

  const std::string said =
      refusal(Errc::store_corrupt, [this] { restore_rocksdb_store(backup_, restored_); });

  EXPECT_TRUE(says(said, backup_ + "/identity is missing")) << said;
  EXPECT_FALSE(fs::exists(restored_));
}

TEST_F(Backup, AStoppedStoreCanBeRestoredFromToo) {
  (void)open(data_);
  append(*open(data_), 0, {group_record("a", 7)});

  restore_rocksdb_store(data_, restored_);

  const std::vector<core::Record> records = load_all(*open(restored_), 0);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_TRUE(same(records[1], group_record("a", 7)));
}

TEST_F(Backup, CheckNamesWhatIsWrong) {
  {
    const auto store = open(data_);
    append(*store, 0, {meta_record(1, 0), group_record("a", 7)});
  }
  write_boots(data_, 0);

  const CheckReport report = check_rocksdb_store(data_);

  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0], "the boot counter is at 0, below the recorded term 1");
}

TEST_F(Backup, CheckOfNothingSaysSo) {
  (void)refusal(Errc::store_failed, [this] { (void)check_rocksdb_store(data_); });
  EXPECT_FALSE(fs::exists(data_));
}

}  // namespace
}  // namespace muster::store::test
