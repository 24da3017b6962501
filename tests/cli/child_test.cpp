#include <gtest/gtest.h>
#include <unistd.h>
#include <child.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace muster::cli {
namespace {

TEST(Child, TakesItsInputAndItsVariables) {
  const auto file =
      std::filesystem::temp_directory_path() / ("muster-child-" + std::to_string(::getpid()));
  ::setenv("MUSTER_GROUP", "another", 1);

  const ChildEnd end =
      run_child({"sh", "-c", "printf '%s ' \"$MUSTER_GROUP\" > \"$OUT\"; cat >> \"$OUT\""},
                {{"MUSTER_GROUP", "g"}, {"OUT", file.string()}}, "input\n");
  ::unsetenv("MUSTER_GROUP");

  EXPECT_TRUE(end.ok) << end.words;
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  EXPECT_EQ(text.str(), "g input\n");
  std::filesystem::remove(file);
}

TEST(Child, MayIgnoreAnInputOfAnyLength) {
  EXPECT_TRUE(run_child({"true"}, {}, std::string(10 << 20, 'x')).ok);
}

TEST(Child, SaysHowItEnded) {
  EXPECT_EQ(run_child({"sh", "-c", "exit 3"}, {}, "").words, "exited with 3");
  EXPECT_EQ(run_child({"sh", "-c", "kill -9 $$"}, {}, "").words, "was ended by signal 9");
  EXPECT_EQ(run_child({"/no/such/program"}, {}, "").words,
            "could not be started: No such file or directory");
  EXPECT_FALSE(run_child({"false"}, {}, "").ok);
}

}  // namespace
}  // namespace muster::cli
