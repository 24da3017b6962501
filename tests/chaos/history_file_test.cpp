/// A stored history is judged as the run itself was; a torn or foreign one is refused.
#include "history_file.hpp"
#include "checks.hpp"
#include "honest.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace muster::chaos {
namespace {

class HistoryFile : public testing::Test {
 protected:
  HistoryFile() {
    const auto* const info = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "muster-" + info->name() + "-" + std::to_string(::getpid());
  }
  ~HistoryFile() override { std::filesystem::remove(path_); }

  [[nodiscard]] std::string written(const History& history) const {
    write_history(history, path_);
    std::ifstream file(path_);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] std::string refusal_of(const std::string& text) const {
    std::ofstream(path_) << text;
    try {
      (void)read_history(path_);
    } catch (const std::exception& error) {
      return error.what();
    }
    return {};
  }

  std::string path_;
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string all_verdicts(const History& history) {
  std::string all;
  for (const Verdict& verdict : check_chaos(history)) {
    all += verdict.check + ": " + verdict.summary + "\n";
    for (const std::string& fault : verdict.faults) all += "  " + fault + "\n";
  }
  return all;
}

TEST_F(HistoryFile, EveryFactComesBack) {
  History h = honest_chaos();
  h.workers[0].gaps = {{1, 2}};
  h.workers[0].lost = {{0, first_term, 3}};
  h.workers[1].end = "was ended by signal 11";
  h.disk_slow = {{4, 5}};
  h.rogue_accepted = {{0, first_term, 1, 2, 3, 4}};
  h.skipped = {{"narrow network", "no shaper"}};
  h.broker_ends = {"exited with 1"};
  h.refused_commits = 1, h.unanswered_commits = 2;

  const std::string text = written(h);
  const History back = read_history(path_);

  EXPECT_EQ(written(back), text);
  EXPECT_EQ(all_verdicts(back), all_verdicts(h));
}

TEST_F(HistoryFile, ADoctoredFileIsFoundOut) {
  const std::string text = written(honest_chaos());

  std::ofstream(path_) << replaced(text, "\"accepted\":false", "\"accepted\":true");
  EXPECT_NE(all_verdicts(read_history(path_)), all_verdicts(honest_chaos()));
  EXPECT_FALSE(check_one_owner(read_history(path_)).ok());
}

TEST_F(HistoryFile, ATornFileIsRefused) {
  const std::string text = written(honest_chaos());
  const auto end = text.find("{\"end\"");

  EXPECT_NE(refusal_of(text.substr(0, end)), "") << "without its end";
  EXPECT_NE(refusal_of(text.substr(0, end / 2)), "") << "cut in a line";
  EXPECT_NE(refusal_of(text + text), "") << "two in one";
  EXPECT_NE(refusal_of(""), "");
  const auto line = text.find("{\"write\"");
  EXPECT_NE(refusal_of(text.substr(0, line) + text.substr(text.find('\n', line) + 1)), "")
      << "a line is missing";
}

TEST_F(HistoryFile, WhatIsNoHistoryIsRefusedWithItsLine) {
  const std::string text = written(honest_chaos());

  EXPECT_NE(refusal_of("[1]\n").find(":1: "), std::string::npos);
  EXPECT_NE(refusal_of(replaced(text, "{\"write\"", "{\"wrote\"")).find("wrote"),
            std::string::npos);
  EXPECT_NE(refusal_of(replaced(text, "\"accepted\"", "\"excepted\"")).find("accepted"),
            std::string::npos);
  EXPECT_NE(refusal_of(replaced(text, "\"accepted\":true", "\"accepted\":\"yes\"")), "");
  EXPECT_NE(refusal_of(replaced(text, "\"accepted\"", "\"more\":1,\"accepted\"")), "");
}

TEST_F(HistoryFile, AFileThatIsNotThereIsRefused) {
  EXPECT_THROW((void)read_history(path_ + "-not"), std::runtime_error);
}

}  // namespace
}  // namespace muster::chaos
