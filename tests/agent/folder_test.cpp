#include <agent/folder.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace muster::agent {
namespace {

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string name = (std::filesystem::temp_directory_path() / "muster-agent-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path = name;
  }
  ~FolderTest() override { std::filesystem::remove_all(path); }
  std::string path;
};

TEST_F(FolderTest, RemembersWhatWasStarted) {
  const Folder folder(path + "/deep/run");
  EXPECT_TRUE(folder.load().empty());
  const std::vector<StartRecord> records{
      {InstanceId("web one"), 18'000'000'000'000'000'000ULL, 42, 99, "/sys/fs/cgroup/x"},
      {InstanceId("api"), 7, 0, 0, ""}};
  EXPECT_TRUE(folder.save(records));
  EXPECT_EQ(folder.load(), records);
}

TEST_F(FolderTest, OfAnEarlierBootOnlyTheIncarnationsAreTrue) {
  const Folder folder(path);
  EXPECT_TRUE(folder.save({{InstanceId("web"), 7, 42, 99, ""}}));
  std::ofstream(path + "/starts") << "muster-agent 1\nanother boot\nweb\t7\t42\t99\t\n";
  const auto records = folder.load();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records.front().incarnation, 7U);
  EXPECT_EQ(records.front().pid, 0) << "that number is a stranger's now";
}

TEST_F(FolderTest, GarbageIsNothing) {
  const Folder folder(path);
  for (const char* const text : {"", "nonsense\n", "muster-agent 1\n", "muster-agent 1\nx\nweb\n",
                                 "muster-agent 2\nx\nweb\t7\t42\t99\t\n"}) {
    std::ofstream(path + "/starts") << text;
    EXPECT_TRUE(folder.load().empty()) << text;
  }
}

TEST_F(FolderTest, IsHeldByOneAlone) {
  const Folder folder(path);
  EXPECT_THROW(Folder second(path), FolderError);
}

TEST_F(FolderTest, IsNotSharedWithThoseWhoMayWriteToIt) {
  ::chmod(path.c_str(), 0777);
  EXPECT_THROW(Folder open(path), FolderError);
  ::chmod(path.c_str(), 0700);
  std::filesystem::create_directory_symlink(path, path + "/link");
  EXPECT_THROW(Folder link(path + "/link"), FolderError);
}

TEST_F(FolderTest, ANameThatIsTooLongForASocketIsRefusedWithItsBound) {
  try {
    const Folder folder(path + "/" + std::string(100, 'x'));
    FAIL();
  } catch (const FolderError& error) {
    EXPECT_NE(std::string(error.what()).find("at most 107"), std::string::npos);
  }
}

}  // namespace
}  // namespace muster::agent
