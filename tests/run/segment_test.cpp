#include "segment_writer.hpp"

#include "assemble.hpp"
#include "process.hpp"
#include "scratch.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace backup {
namespace {

namespace fs = std::filesystem;

bool always() {
  return true;
}

/// Bytes that do not compress to nothing.
std::string noise(std::size_t size, std::uint64_t seed = 1) {
  std::string bytes(size, '\0');
  for (auto& c : bytes) {
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(seed >> 56);
  }
  return bytes;
}

/// Archives a whole folder as one worker would that never loses anything.
CommittedPartitions archive_all(const Manifest& manifest, const std::string& segments) {
  Compressor compressor(1);
  CommittedPartitions committed;
  for (int p = 0; p < partition_count; ++p) {
    const auto& entries = manifest.partitions[static_cast<std::size_t>(p)];
    SegmentWriter writer(segments, segment_name(p, 7), compressor);
    for (const auto& entry : entries)
      EXPECT_EQ(writer.add(manifest.folder, entry, always), Added::whole);
    auto& state = committed[static_cast<std::size_t>(p)];
    state.done = static_cast<std::int64_t>(entries.size());
    state.segments = {{7, writer.sync()}};
  }
  return committed;
}

/// Unpacks with plain tar and compares with plain diff; what they had to say.
std::string unpack_and_compare(const Scratch& scratch, const std::string& folder) {
  scratch.folder("unpacked");
  const auto tar =
      run_to_end({"tar", "-xf", scratch / "backup.tar.zst", "-C", scratch / "unpacked"});
  const auto diff = run_to_end({"diff", "-r", "--no-dereference", folder, scratch / "unpacked"});
  return tar.output + diff.output + (tar.status + diff.status == 0 ? "" : "failed");
}

TEST(Segment, PlainTarUnpacksWhateverAFolderHolds) {
  const Scratch scratch;
  const std::string in = scratch.folder("in");
  scratch.folder("in/empty");
  scratch.folder("in/closed/inner");
  scratch.folder("in/" + std::string(200, 'd') + "/" + std::string(200, 'e'));
  scratch.file("in/" + std::string(200, 'd') + "/" + std::string(200, 'e') + "/deep", "deep");
  scratch.file("in/nothing", "");
  scratch.file("in/new\nline and space", "1");
  scratch.file("in/\xff\xfe\x80", "not UTF-8");
  scratch.file("in/-rf", "dash");
  scratch.file("in/closed/inner/f", "in a folder that may not be written");
  scratch.file("in/big", noise(9U << 20));
  fs::create_hard_link(scratch / "in/big", scratch / "in/a-second-name");
  fs::create_symlink("nothing", scratch / "in/symlink");
  fs::create_symlink(std::string(300, 'x'), scratch / "in/long-symlink");
  ::chmod((scratch / "in/closed/inner").c_str(), 0555);
  ::chmod((scratch / "in/closed").c_str(), 0555);
  const Manifest manifest = scan(in, "").manifest;

  const auto committed = archive_all(manifest, scratch.folder("segments"));
  assemble(scratch / "segments", committed, scratch / "backup.tar.zst");

  EXPECT_TRUE(examine(scratch / "backup.tar.zst", manifest).clean());
  EXPECT_EQ(unpack_and_compare(scratch, in), "");
  EXPECT_EQ(fs::hard_link_count(scratch / "unpacked/big"), 2U);
  EXPECT_EQ(fs::status(scratch / "unpacked/closed").permissions(), fs::perms(0555));
  EXPECT_EQ(fs::last_write_time(scratch / "unpacked/closed"),
            fs::file_time_type(std::chrono::floor<std::chrono::seconds>(
                fs::last_write_time(scratch / "in/closed"))));
}

TEST(Segment, BytesBehindACommittedLengthNeverCount) {
  const Scratch scratch;
  const std::string in = scratch.folder("in");
  scratch.file("in/a", noise(100'000, 1));
  scratch.file("in/b", noise(100'000, 2));
  scratch.folder("segments");
  Manifest manifest;
  manifest.folder = in;
  manifest.partitions[5] = {{Kind::file, "a", {}}, {Kind::file, "b", {}}};
  Compressor compressor(1);
  SegmentWriter first(scratch / "segments", segment_name(5, 1), compressor);
  first.add(in, manifest.partitions[5][0], always);
  const std::uint64_t committed_length = first.sync();

  first.add(in, manifest.partitions[5][1], always);  // never committed: the partition was lost
  first.sync();
  SegmentWriter second(scratch / "segments", segment_name(5, 2), compressor);
  second.add(in, manifest.partitions[5][1], always);
  CommittedPartitions committed;
  committed[5] = {2, {{1, committed_length}, {2, second.sync()}}};
  assemble(scratch / "segments", committed, scratch / "backup.tar.zst");

  EXPECT_TRUE(examine(scratch / "backup.tar.zst", manifest).clean());
  EXPECT_EQ(unpack_and_compare(scratch, in), "");
}

TEST(Segment, ALongFileIsAbandonedInItsMiddle) {
  const Scratch scratch;
  const std::string in = scratch.folder("in");
  scratch.file("in/long", noise(20U << 20));
  Compressor compressor(1);
  SegmentWriter writer(scratch.path(), segment_name(0, 1), compressor);
  int asked = 0;

  const Added added = writer.add(in, {Kind::file, "long", {}}, [&] { return ++asked < 2; });

  EXPECT_EQ(added, Added::abandoned);
  EXPECT_EQ(asked, 2);
}

TEST(Segment, AFileThatIsGoneLeavesNothing) {
  const Scratch scratch;
  const std::string in = scratch.folder("in");
  ASSERT_EQ(::mkfifo((scratch / "in/now-a-pipe").c_str(), 0600), 0);
  Compressor compressor(1);
  SegmentWriter writer(scratch.path(), segment_name(0, 1), compressor);

  EXPECT_EQ(writer.add(in, {Kind::file, "was-here", {}}, always), Added::gone);
  EXPECT_EQ(writer.add(in, {Kind::file, "now-a-pipe", {}}, always), Added::gone);
  EXPECT_EQ(writer.sync(), 0U);
}

TEST(Segment, ATokenWritesOnlyOnce) {
  const Scratch scratch;
  Compressor compressor(1);
  const SegmentWriter writer(scratch.path(), segment_name(0, 1), compressor);

  EXPECT_THROW(SegmentWriter(scratch.path(), segment_name(0, 1), compressor), std::system_error);
}

TEST(Segment, ManySegmentsFoldIntoOne) {
  const Scratch scratch;
  const std::string in = scratch.folder("in");
  scratch.file("in/a", noise(3'000'000, 1));
  scratch.file("in/b", "b");
  const std::string segments = scratch.folder("segments");
  Manifest manifest;
  manifest.folder = in;
  manifest.partitions[0] = {{Kind::file, "a", {}}, {Kind::file, "b", {}}};
  Compressor compressor(1);
  SegmentWriter first(segments, segment_name(0, 1), compressor);
  first.add(in, manifest.partitions[0][0], always);
  const std::uint64_t length = first.sync();

  SegmentWriter second(segments, segment_name(0, 2), compressor);
  second.append_prefix(segments + "/" + segment_name(0, 1), length);
  second.add(in, manifest.partitions[0][1], always);
  CommittedPartitions committed;
  committed[0] = {2, {{2, second.sync()}}};
  assemble(segments, committed, scratch / "backup.tar.zst");

  EXPECT_TRUE(examine(scratch / "backup.tar.zst", manifest).clean());
  EXPECT_THROW(second.append_prefix(segments + "/" + segment_name(0, 1), length + 1),
               std::runtime_error);
}

TEST(SegmentList, SurvivesItsText) {
  const SegmentList list{
      {1, 0}, {0xffffffffffffffff, 0xffffffffffffffff}, {(7ULL << 40) | 3, 12345}};

  EXPECT_EQ(decode(encode(list)), list);
  EXPECT_EQ(encode(list), "1:0,ffffffffffffffff:ffffffffffffffff,70000000003:3039");
  EXPECT_EQ(decode(""), SegmentList{});
}

TEST(SegmentList, RefusesOtherText) {
  for (const auto* text : {"1", "1:", ":1", "1:2,", ",", "1:2,3", "1:2;3:4", "g:1", "1:-2", "1:2:3",
                           " 1:2", "1ffffffffffffffff:1"}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace backup
