/// Damaged copies of a stopped store: each is refused with a sentence, or opens with nothing
/// missing.
#include "durable_file.hpp"
#include "samples.hpp"
#include "temp_folder.hpp"
#include "workload.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace muster::store::test {
namespace {

namespace fs = std::filesystem;

constexpr Revision steps = 12;

class Damage : public ::testing::Test {
 protected:
  Damage() {
    const auto store = open_rocksdb_store({.path = original_, .shards = workload_shards});
    write_steps(*store, 1, steps);
  }

  static void write_steps(Store& store, Revision first, Revision last) {
    for (Revision revision = first; revision <= last; ++revision) {
      std::vector<Batch> batches;
      for (ShardIndex shard = 0; shard < workload_shards; ++shard)
        batches.push_back(step(shard, revision));
      ASSERT_TRUE(store.append(batches)) << store.failure();
    }
  }
  void flush_original() { open_rocksdb_store({.path = original_, .shards = 0})->flush(); }

  /// A fresh copy; the one before it is gone.
  std::string copy() {
    const std::string path = temp_ / "copy";
    fs::remove_all(path);
    fs::copy(original_, path, fs::copy_options::recursive);
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

  /// The newest file of RocksDB's with this beginning and end.
  static std::string newest(const std::string& folder, const std::string& begin,
                            const std::string& end) {
    std::string found;
    for (const auto& entry : fs::directory_iterator(folder + "/db")) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with(begin) && name.ends_with(end) && fs::file_size(entry.path()) > 0)
        found = std::max(found, entry.path().string());
    }
    EXPECT_FALSE(found.empty()) << begin << "*" << end;
    return found;
  }
  static void write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  static void flip(const std::string& path, std::size_t at) {
    std::string bytes = read_file(path);
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x10);
    write(path, bytes);
  }

  /// Opens and reads all; gives the sentence if it is refused. What opens must have every step.
  static std::string open_whole(const std::string& path, Revision expected = steps) {
    try {
      const auto store = open_rocksdb_store({.path = path, .shards = workload_shards});
      Acknowledged all;
      for (ShardIndex shard = 0; shard < workload_shards; ++shard) all[shard] = expected;
      for (const std::string& wrong : check_steps(*store, all)) ADD_FAILURE() << wrong;
      return {};
    } catch (const StoreError& error) {
      EXPECT_TRUE(error.code() == Errc::store_corrupt || error.code() == Errc::store_incompatible)
          << to_string(error.code()) << ": " << error.what();
      return error.what();
    }
  }

  /// Flips a bit in every `stride`th byte of a file of a copy in turn. Each is refused or harmless,
  /// and with the bit set right again everything is there. Gives how many were refused.
  int flip_through(const std::string& begin, const std::string& end, std::size_t stride) {
    int refused = 0;
    const std::size_t size = fs::file_size(newest(original_, begin, end));
    for (std::size_t at = 0; at < size; at += stride) {
      const std::string path = copy();
      const std::string file = newest(path, begin, end);
      flip(file, at);
      if (open_whole(path).empty()) continue;
      ++refused;
      flip(file, at);
      EXPECT_EQ(open_whole(path), "")
          << "a refused open changed something; byte " << at << " of " << file;
    }
    return refused;
  }

  TempFolder temp_;
  std::string original_ = temp_ / "original";
};

TEST_F(Damage, NoFlippedBitOfTheLogLosesAnything) {
  EXPECT_GT(flip_through("", ".log", 293), 50);
}

TEST_F(Damage, NoFlippedBitOfATableLosesAnything) {
  flush_original();

  EXPECT_GT(flip_through("", ".sst", 499), 50);
}

TEST_F(Damage, NoFlippedBitOfTheManifestLosesAnything) {
  flush_original();

  EXPECT_GT(flip_through("MANIFEST-", "", 1), 100);
}

TEST_F(Damage, TheSentenceNamesTheDamagedFile) {
  flush_original();
  const std::string path = copy();
  const std::string table = newest(path, "", ".sst");
  flip(table, 3'000);

  const std::string said = open_whole(path);

  EXPECT_NE(said.find(fs::path(table).filename().string()), std::string::npos) << said;
}

TEST_F(Damage, AMissingOrOddCurrentIsRefused) {
  for (const std::string text : {"", "MANIFEST-999999\n", "nonsense"}) {
    const std::string path = copy();
    write(path + "/db/CURRENT", text);
    EXPECT_NE(open_whole(path), "") << text;
  }
  const std::string path = copy();
  fs::remove(path + "/db/CURRENT");
  EXPECT_NE(open_whole(path).find("CURRENT"), std::string::npos) << open_whole(path);
}

TEST_F(Damage, AnyMissingFileOfTheDatabaseIsRefusedOrHarmless) {
  flush_original();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(original_ + "/db"))
    names.push_back(entry.path().filename().string());
  for (const std::string& name : names) {
    const std::string path = copy();
    fs::remove(path + "/db/" + name);
    const bool matters =
        name.ends_with(".sst") || name.starts_with("MANIFEST") || name == "CURRENT";
    EXPECT_EQ(!open_whole(path).empty(), matters) << name;
  }
}

TEST_F(Damage, AMissingNewestLogIsRefusedNotTakenForAnEmptyOne) {
  flush_original();
  write_steps(*open_rocksdb_store({.path = original_, .shards = 0}), steps + 1, steps + 3);
  const std::string path = copy();
  fs::remove(newest(path, "", ".log"));

  const std::string said = open_whole(path);

  EXPECT_NE(said.find("ends at revision 12, but revision 15 had been made durable"),
            std::string::npos)
      << said;
}

TEST_F(Damage, ALogCutShortOfWhatWasAcknowledgedIsRefused) {
  const std::size_t size = fs::file_size(newest(original_, "", ".log"));
  for (std::size_t cut = 1; cut < 600; cut += 59) {
    const std::string path = copy();
    fs::resize_file(newest(path, "", ".log"), size - cut);
    EXPECT_NE(open_whole(path).find("ends at revision 11, but revision 12"), std::string::npos)
        << cut;
  }
}

TEST_F(Damage, ATornEndThatWasNeverAcknowledgedIsForgotten) {
  const std::size_t acknowledged = fs::file_size(newest(original_, "", ".log"));
  const std::string marks = read_file(original_ + "/marks");
  // The same log, with one more append in it that is cut off somewhere: a crash in mid-write.
  const std::string longer = temp_ / "longer";
  {
    const auto store = open_rocksdb_store({.path = longer, .shards = workload_shards});
    write_steps(*store, 1, steps + 1);
  }
  const std::string whole = read_file(newest(longer, "", ".log"));
  ASSERT_GT(whole.size(), acknowledged);
  for (std::size_t size = acknowledged; size < whole.size(); size += 97) {
    fs::remove_all(temp_ / "copy");
    const std::string path = temp_ / "copy";
    fs::copy(longer, path, fs::copy_options::recursive);
    fs::permissions(path, fs::perms::owner_all);
    fs::resize_file(newest(path, "", ".log"), size);
    write(path + "/marks", marks);
    EXPECT_EQ(open_whole(path), "") << "cut at " << size;
  }
}

TEST_F(Damage, MarksThatAreMissingOrDamagedSayNothing) {
  const std::string without = copy();
  fs::remove(without + "/marks");
  EXPECT_EQ(open_whole(without), "");

  const std::string damaged = copy();
  write(damaged + "/marks", "xyz");
  EXPECT_EQ(open_whole(damaged), "");
}

TEST_F(Damage, AHoleInTheLogIsRefusedThoughNoMarkTellsOfIt) {
  const std::size_t size = fs::file_size(newest(original_, "", ".log"));
  for (std::size_t at = size / 4; at < size * 3 / 4; at += 311) {
    const std::string path = copy();
    fs::remove(path + "/marks");
    flip(newest(path, "", ".log"), at);
    EXPECT_NE(open_whole(path), "") << at;
  }
}

TEST_F(Damage, CheckAndRestoreRefuseWhatOpenRefuses) {
  flush_original();
  const std::string path = copy();
  flip(newest(path, "", ".sst"), 3'000);

  const CheckReport report = check_rocksdb_store(path);
  EXPECT_FALSE(report.problems.empty());
  (void)refusal(Errc::store_corrupt, [&] { restore_rocksdb_store(path, temp_ / "restored"); });
  EXPECT_FALSE(fs::exists(temp_ / "restored"));
}

TEST_F(Damage, WhatIsLeftOfACutLogCanBeRestoredOnPurpose) {
  const std::string path = copy();
  const std::string log = newest(path, "", ".log");
  fs::resize_file(log, fs::file_size(log) - 50);
  EXPECT_NE(open_whole(path), "");

  const std::string restored = temp_ / "restored";
  restore_rocksdb_store(path, restored);

  const auto store = open_rocksdb_store({.path = restored, .shards = 0});
  const LoadedShard found = store->load(0, [](core::Record&&) {});
  EXPECT_EQ(found.revision, steps);  // 11 steps, and the restore's own record
  EXPECT_GT(found.term_floor, 65'536U);
}

}  // namespace
}  // namespace muster::store::test
