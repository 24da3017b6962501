#include "manifest.hpp"

#include "scratch.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

namespace backup {
namespace {

namespace fs = std::filesystem;

/// Where an entry is: its partition and its place in it.
struct Place {
  int partition = -1;
  std::size_t index = 0;
  Entry entry;
};
Place place_of(const Manifest& manifest, std::string_view path) {
  for (int p = 0; p < partition_count; ++p) {
    const auto& entries = manifest.partitions[static_cast<std::size_t>(p)];
    const auto it = std::ranges::find(entries, path, &Entry::path);
    if (it != entries.end()) return {p, static_cast<std::size_t>(it - entries.begin()), *it};
  }
  return {};
}

TEST(Manifest, FilesGoWhereTheirPathHashesTo) {
  const Scratch scratch;
  scratch.folder("in/a");
  scratch.file("in/a/one", "1");
  scratch.file("in/two", "22");

  const Scan found = scan(scratch / "in", "");

  EXPECT_EQ(place_of(found.manifest, "a/one").partition, partition_of("a/one"));
  EXPECT_EQ(place_of(found.manifest, "two").partition, partition_of("two"));
  EXPECT_EQ(found.files, 2U);
  EXPECT_EQ(found.directories, 1U);
  EXPECT_EQ(found.bytes, 3U);
}

TEST(Manifest, PathsSpreadOverAllPartitions) {
  std::array<int, partition_count> hits{};
  for (int i = 0; i < 6400; ++i)
    hits[static_cast<std::size_t>(partition_of("d/f" + std::to_string(i)))]++;

  EXPECT_GT(*std::ranges::min_element(hits), 50);
  EXPECT_LT(*std::ranges::max_element(hits), 200);
}

TEST(Manifest, DirectoriesComeLastAndChildrenBeforeParents) {
  const Scratch scratch;
  scratch.folder("in/a/b/c");
  for (int i = 0; i < 300; ++i) scratch.file("in/f" + std::to_string(i), "");

  const Manifest manifest = scan(scratch / "in", "").manifest;

  const auto& last = manifest.partitions.back();
  ASSERT_GE(last.size(), 3U);
  EXPECT_EQ(last[last.size() - 3].path, "a/b/c");
  EXPECT_EQ(last[last.size() - 2].path, "a/b");
  EXPECT_EQ(last[last.size() - 1].path, "a");
}

TEST(Manifest, NamesOfOneFileShareAPartitionAndTheFirstNameHasTheContents) {
  const Scratch scratch;
  scratch.folder("in");
  scratch.file("in/first", "same");
  for (const auto* name : {"second", "third", "zz"}) {
    fs::create_hard_link(scratch / "in/first", scratch / ("in/" + std::string(name)));
  }

  const Manifest manifest = scan(scratch / "in", "").manifest;

  const Place first = place_of(manifest, "first");
  EXPECT_EQ(first.entry.kind, Kind::file);
  for (const auto* name : {"second", "third", "zz"}) {
    const Place other = place_of(manifest, name);
    EXPECT_EQ(other.entry.kind, Kind::hard_link);
    EXPECT_EQ(other.entry.target, "first");
    EXPECT_EQ(other.partition, first.partition);
    EXPECT_GT(other.index, first.index);
  }
}

TEST(Manifest, SymlinksAreNotFollowed) {
  const Scratch scratch;
  scratch.folder("in/real");
  scratch.file("in/real/f", "x");
  fs::create_directory_symlink("real", scratch / "in/link");
  fs::create_symlink("nowhere", scratch / "in/broken");

  const Scan found = scan(scratch / "in", "");

  EXPECT_EQ(place_of(found.manifest, "link").entry.kind, Kind::symlink);
  EXPECT_EQ(place_of(found.manifest, "broken").entry.kind, Kind::symlink);
  EXPECT_EQ(place_of(found.manifest, "link/f").partition, -1);
}

TEST(Manifest, WhatCannotBeArchivedIsNamedWithItsReason) {
  const Scratch scratch;
  scratch.folder("in/out");
  scratch.file("in/out/of-the-run", "x");
  ASSERT_EQ(::mkfifo((scratch / "in/pipe").c_str(), 0600), 0);

  const Scan found = scan(scratch / "in", scratch / "in/out");

  ASSERT_EQ(found.skipped.size(), 2U);
  EXPECT_EQ(found.skipped[0].path, "out");
  EXPECT_EQ(found.skipped[0].reason, "the run's own folder");
  EXPECT_EQ(found.skipped[1].path, "pipe");
  EXPECT_EQ(found.skipped[1].reason, "neither file, directory nor symlink");
  EXPECT_EQ(found.manifest.entries(), 0U);
}

TEST(Manifest, UnreadableFilesAndFoldersAreSkipped) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const Scratch scratch;
  scratch.folder("in/closed");
  ::chmod(scratch.file("in/secret", "x").c_str(), 0);
  ::chmod((scratch / "in/closed").c_str(), 0);

  const Scan found = scan(scratch / "in", "");

  ASSERT_EQ(found.skipped.size(), 2U);
  EXPECT_EQ(found.skipped[0].reason, "Permission denied");
  EXPECT_EQ(found.skipped[1].reason, "Permission denied");
}

TEST(Manifest, SurvivesItsFileWithAnyNames) {
  const Scratch scratch;
  scratch.folder("in/with space");
  scratch.file("in/with space/new\nline", "");
  scratch.file("in/\xff\xfe not UTF-8", "");
  scratch.file("in/-rf", "");
  fs::create_hard_link(scratch / "in/-rf", scratch / "in/link \"quoted\"");
  const Manifest manifest = scan(scratch / "in", "").manifest;

  save(manifest, scratch / "manifest");
  const Manifest loaded = load(scratch / "manifest");

  EXPECT_EQ(loaded.folder, manifest.folder);
  EXPECT_EQ(loaded.partitions, manifest.partitions);
  EXPECT_EQ(loaded.entries(), 5U);
}

TEST(Manifest, RefusesAnotherFile) {
  const Scratch scratch;

  EXPECT_THROW((void)load(scratch.file("cut", std::string("folder\0"
                                                          "5\0f\0pa",
                                                          13))),
               std::runtime_error);
  EXPECT_THROW((void)load(scratch.file("high", std::string("folder\0"
                                                           "64\0f\0p\0\0",
                                                           15))),
               std::runtime_error);
  EXPECT_THROW((void)load(scratch.file("text", "hello")), std::runtime_error);
}

TEST(Manifest, AFolderThatIsNotThereIsAnError) {
  EXPECT_THROW((void)scan("/nowhere/at/all", ""), std::system_error);
}

}  // namespace
}  // namespace backup
