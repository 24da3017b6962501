/// The data folder: who may open it, and the sentences of those who may not.
#include "folder.hpp"

#include "durable_file.hpp"
#include "identity.hpp"
#include "samples.hpp"
#include "temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace muster::store::test {
namespace {

namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(std::uint32_t shards = 4) {
    return open_rocksdb_store({.path = path_, .shards = shards});
  }
  std::string refused(Errc code, std::uint32_t shards = 4) {
    return refusal(code, [&] { (void)open(shards); });
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(path_ + "/" + name) << text;
  }
  Term floor(Store& store) {
    return store.load(0, [](core::Record&&) {}).term_floor;
  }

  TempFolder temp_;
  std::string path_ = temp_ / "data";
};

TEST_F(FolderTest, IsMadePrivate) {
  (void)open();

  struct stat found{};
  ASSERT_EQ(::stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700U);
  for (const char* file : {"identity", "boot", "lock", "marks"}) {
    ASSERT_EQ(::stat((path_ + "/" + file).c_str(), &found), 0) << file;
    EXPECT_EQ(found.st_mode & 07777, 0600U) << file;
  }
  EXPECT_FALSE(fs::exists(path_ + "/creating"));
}

TEST_F(FolderTest, ThatOthersCanReachIsRefused) {
  (void)open();
  for (const mode_t mode : {0750, 0701, 0770, 0740, 0777}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_TRUE(says(refused(Errc::store_failed), "so that others can reach it"))
        << std::oct << mode;
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0700), 0);
  EXPECT_EQ(floor(*open()), 1U) << "a refused open must not count";
}

TEST_F(FolderTest, ThatIsMissingIsOnlyMadeWhereThatIsAllowed) {
  const OpenOptions options{.path = path_, .create_if_missing = false};

  const std::string said = refusal(Errc::store_failed, [&] { (void)open_rocksdb_store(options); });
  EXPECT_TRUE(says(said, "there is no store in " + path_)) << said;
  EXPECT_FALSE(fs::exists(path_));

  fs::create_directory(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0700), 0);
  (void)refusal(Errc::store_failed, [&] { (void)open_rocksdb_store(options); });
  (void)open();
  (void)open_rocksdb_store({.path = path_, .shards = 4, .create_if_missing = false});
}

TEST_F(FolderTest, WithoutAParentIsNotMade) {
  path_ = temp_ / "not/there";

  EXPECT_TRUE(says(refused(Errc::store_failed), "No such file or directory"));
}

TEST_F(FolderTest, ThatIsAFileIsRefused) {
  std::ofstream(path_) << "a file";

  EXPECT_TRUE(says(refused(Errc::store_failed), "is not a folder"));
}

TEST_F(FolderTest, OfSomethingElseIsLeftAlone) {
  fs::create_directory(path_);
  ASSERT_EQ(::chmod(path_.c_str(), 0700), 0);
  write("thesis.txt", "years of work");

  EXPECT_TRUE(says(refused(Errc::store_incompatible), "what it holds is no store"));

  EXPECT_EQ(read_file(path_ + "/thesis.txt"), "years of work");
}

TEST_F(FolderTest, OnAFreshFileSystemIsTaken) {
  fs::create_directories(path_ + "/lost+found");
  ASSERT_EQ(::chmod(path_.c_str(), 0700), 0);

  EXPECT_EQ(floor(*open()), 0U);
}

TEST_F(FolderTest, InUseIsLockedAndTheSentenceNamesIt) {
  const auto first = open();

  const std::string said = refused(Errc::store_locked);

  EXPECT_TRUE(says(said, path_)) << said;
  EXPECT_TRUE(says(refusal(Errc::store_locked, [&] { (void)check_rocksdb_store(path_); }), path_));
  EXPECT_TRUE(says(
      refusal(Errc::store_locked, [&] { restore_rocksdb_store(path_, temp_ / "other"); }), path_));
}

TEST_F(FolderTest, KeepsItsShardCount) {
  const StoreUuid uuid = open(4)->identity().uuid;

  const std::string said = refused(Errc::store_incompatible, 5);

  EXPECT_TRUE(says(said, "has 4 shards, fixed when it was made; 5 were asked for")) << said;
  EXPECT_EQ(open(0)->identity().shards, 4U);
  EXPECT_EQ(open(4)->identity().uuid, uuid);
}

TEST_F(FolderTest, HasBetween1And65536Shards) {
  EXPECT_TRUE(
      says(refused(Errc::store_incompatible, 65'537), "65537 shards are not between 1 and 65536"));
  EXPECT_EQ(open(1)->identity().shards, 1U);
}

TEST_F(FolderTest, ThatIsNewGetsTheDefaultShardsIfNobodyAsks) {
  EXPECT_EQ(open(0)->identity().shards, default_shards);
  EXPECT_EQ(open(0)->identity().shards, default_shards);
}

TEST_F(FolderTest, OfANewerFormatIsRefusedByNumber) {
  StoreIdentity identity = open()->identity();
  identity.format_version = 2;
  write_identity(path_, identity, FolderKind::store);

  const std::string said = refused(Errc::store_incompatible);

  EXPECT_TRUE(says(said, "is of store format 2; this program knows formats 1 to 1")) << said;
}

TEST_F(FolderTest, WithTheIdentityOfAnotherStoreIsRefused) {
  const StoreUuid mine = open()->identity().uuid;
  const StoreIdentity stranger = new_identity(4);
  write_identity(path_, stranger, FolderKind::store);

  const std::string said = refused(Errc::store_incompatible);

  EXPECT_TRUE(says(said, to_string(mine))) << said;
  EXPECT_TRUE(says(said, to_string(stranger.uuid))) << said;
}

TEST_F(FolderTest, WithAPartMissingIsDamagedAndNamesThePart) {
  (void)open();
  for (const std::string part : {"identity", "boot", "db"}) {
    fs::rename(path_ + "/" + part, temp_ / part);
    const std::string said = refused(Errc::store_corrupt);
    EXPECT_TRUE(says(said, path_ + "/" + part)) << said;
    fs::remove_all(path_ + "/" + part);  // a refused open may leave RocksDB's own log behind
    fs::rename(temp_ / part, path_ + "/" + part);
  }
  EXPECT_NO_THROW((void)open());
}

TEST_F(FolderTest, WithAnyByteOfIdentityOrBootChangedIsDamaged) {
  (void)open();
  for (const std::string name : {"identity", "boot"}) {
    const std::string sound = read_file(path_ + "/" + name);
    for (std::size_t at = 0; at < sound.size(); ++at) {
      std::string damaged = sound;
      damaged[at] = static_cast<char>(damaged[at] ^ 1);
      write(name, damaged);
      EXPECT_TRUE(says(refused(Errc::store_corrupt), path_ + "/" + name + " is damaged"));
      write(name, sound.substr(0, at));
      EXPECT_TRUE(says(refused(Errc::store_corrupt), path_ + "/" + name + " is damaged"));
    }
    write(name, sound);
  }
  EXPECT_EQ(floor(*open()), 1U);
}

TEST_F(FolderTest, WhoseMakingWasCutShortIsMadeAnew) {
  (void)open();
  write("creating", "");
  fs::remove(path_ + "/identity");

  EXPECT_EQ(floor(*open()), 0U);
  EXPECT_EQ(floor(*open()), 1U);
}

TEST_F(FolderTest, WithAnUnfinishedRestoreIsRefused) {
  (void)open();
  write("restoring", "");

  EXPECT_TRUE(says(refused(Errc::store_corrupt), "a restore that did not finish"));
}

TEST_F(FolderTest, WhoseBootFileIsOlderThanItsRecordsStillGivesUnusedTerms) {
  {
    const auto store = open();
    const std::vector<Batch> batches{Batch{.shard = 2, .records = {meta_record(90, 0)}}};
    ASSERT_TRUE(store->append(batches));
  }

  EXPECT_EQ(floor(*open()), 90U);
  EXPECT_EQ(Folder::inspect(path_).boots(), 91U);
}

TEST_F(FolderTest, WhoseTermsAreUsedUpIsRefused) {
  (void)open();
  write_boots(path_, max_term);

  const std::string said = refused(Errc::epoch_exhausted);

  EXPECT_TRUE(says(said, "the boot counter is at 16777216; terms end at 16777215")) << said;
}

TEST(Uuids, ReadBackAsWrittenAndDiffer) {
  const StoreUuid uuid = random_uuid();
  StoreUuid back{};

  ASSERT_TRUE(parse_uuid(to_string(uuid), back));
  EXPECT_EQ(back, uuid);
  EXPECT_NE(random_uuid(), uuid);
  for (const std::string bad :
       {"", "x", "0123", "01234567-89ab-4def-8123-456789abcdeF",
        "01234567-89ab-4def-8123-456789abcdef0", "0123456789ab4def8123456789abcdef"})
    EXPECT_FALSE(parse_uuid(bad, back)) << bad;
}

}  // namespace
}  // namespace muster::store::test
