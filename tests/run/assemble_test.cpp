#include "assemble.hpp"

#include "process.hpp"
#include "scratch.hpp"
#include "segment_writer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace backup {
namespace {

/// Three files in partition 0, each committed for itself.
struct Backup : ::testing::Test {
  Backup() {
    scratch.folder("in");
    segments = scratch.folder("segments");
    manifest.folder = scratch / "in";
    Compressor compressor(1);
    SegmentWriter writer(segments, segment_name(0, 1), compressor);
    for (const auto* name : {"a", "b", "c"}) {
      scratch.file("in/" + std::string(name), std::string(50'000, *name));
      manifest.partitions[0].push_back({Kind::file, name, {}});
      writer.add(manifest.folder, manifest.partitions[0].back(), [] { return true; });
      lengths.push_back(writer.sync());
    }
  }

  Findings examine_after(const SegmentList& list) {
    CommittedPartitions committed;
    committed[0] = {3, list};
    assemble(segments, committed, scratch / "backup.tar.zst");
    return examine(scratch / "backup.tar.zst", manifest);
  }

  Scratch scratch;
  std::string segments;
  Manifest manifest;
  std::vector<std::uint64_t> lengths;
};

TEST_F(Backup, IsCleanWhenEverythingIsThereOnce) {
  EXPECT_TRUE(examine_after({{1, lengths[2]}}).clean());
}

TEST_F(Backup, NamesWhatIsLost) {
  const Findings findings = examine_after({{1, lengths[1]}});

  EXPECT_EQ(findings.lost, std::vector<std::string>{"c"});
  EXPECT_EQ(findings.torn, "");
}

TEST_F(Backup, NamesWhatIsThereTwice) {
  const Findings findings = examine_after({{1, lengths[2]}, {1, lengths[0]}});

  EXPECT_EQ(findings.twice, std::vector<std::string>{"a"});
}

TEST_F(Backup, NamesWhatDoesNotBelong) {
  manifest.partitions[0].pop_back();

  EXPECT_EQ(examine_after({{1, lengths[2]}}).foreign, std::vector<std::string>{"c"});
}

TEST_F(Backup, NoticesATornEntry) {
  const Findings findings = examine_after({{1, lengths[2] - 3}});

  EXPECT_FALSE(findings.torn.empty());
}

TEST_F(Backup, NoticesAChangedByte) {
  std::fstream file(segments + "/" + segment_name(0, 1),
                    std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(lengths[0] + (lengths[1] - lengths[0]) / 2));
  file.put('!');
  file.close();

  EXPECT_FALSE(examine_after({{1, lengths[2]}}).clean());
}

TEST_F(Backup, RefusesASegmentThatIsShorterThanItsCommit) {
  EXPECT_THROW(examine_after({{1, lengths[2] + 1}}), std::runtime_error);
}

TEST(Differences, OnlyWhatWasSkippedIsForgiven) {
  const std::vector<Skipped> skipped{{"a/pipe\nwith newline", "pipe"}, {"top", "pipe"}};
  const std::string known = "Only in /f/a: pipe\nwith newline\nOnly in /f: top\n";

  EXPECT_EQ(unexpected_differences(known, "/f", skipped), "");
  EXPECT_EQ(unexpected_differences(known + "Only in /f: other\n", "/f", skipped),
            "Only in /f: other\n");
  EXPECT_EQ(unexpected_differences("Files /f/x and /u/x differ\n", "/f", skipped),
            "Files /f/x and /u/x differ\n");
}

TEST(Process, TellsHowItsChildEnded) {
  Process good({"sh", "-c", "exit 3"}, {});
  Process killed({"sleep", "60"}, {});
  killed.signal(SIGTERM);
  Process missing({"/no/such/program"}, {});

  EXPECT_EQ(good.wait(std::chrono::seconds(30)), 3);
  EXPECT_EQ(killed.wait(std::chrono::seconds(30)), 128 + SIGTERM);
  EXPECT_EQ(missing.wait(std::chrono::seconds(30)), 127);
  EXPECT_FALSE(good.running());
}

TEST(Process, DiesWithItsObject) {
  pid_t pid = 0;
  {
    const Process child({"sleep", "60"}, {});
    pid = child.pid();
  }

  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Process, GivesOutputAndErrorsOfACommand) {
  const Outcome outcome = run_to_end({"sh", "-c", "echo out; echo err >&2; exit 4"});

  EXPECT_EQ(outcome.status, 4);
  EXPECT_EQ(outcome.output, "out\nerr\n");
}

TEST(Process, WordsAreQuotedForAShell) {
  EXPECT_EQ(shell_words({"tar", "-xf", "/a b/c", "it's", ""}), "tar -xf '/a b/c' 'it'\\''s' ''");
}

}  // namespace
}  // namespace backup
