/// docs/cli.md tells a story with real commands and their output: this plays it and compares.
#include "processes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>

namespace muster::cli::test {
namespace {

/// A command of the story and the lines that it is said to print.
struct Scene {
  std::string command;
  std::vector<std::string> lines;
};

std::vector<Scene> scenes_of(const std::string& document) {
  std::vector<Scene> out;
  std::istringstream in(document);
  bool in_block = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```"))
      in_block = line == "```console";
    else if (!in_block)
      continue;
    else if (line.starts_with("$ "))
      out.push_back({line.substr(2), {}});
    else if (!out.empty())
      out.back().lines.push_back(line);
  }
  return out;
}

/// What differs from run to run, replaced by what it is. Columns may move with it.
std::string normal(std::string line) {
  const std::pair<const char*, const char*> rules[] = {
      {R"((\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d)", "TIME"},
      {R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)", "TIME"},
      {R"([0-9a-f]{32})", "ID"},
      {R"(\d+(\.\d)? (ms|s)\b)", "DURATION"},
      {R"(\b\d{13,20}\b)", "TOKEN"},
      {R"(127\.0\.0\.1:\d+)", "ADDRESS"},
      {R"(0\.\d+\.\d+)", "VERSION"},
      {R"(_ms":\d+)", "_ms\":N"},
      {R"( +)", " "},
  };
  for (const auto& [pattern, name] : rules)
    line = std::regex_replace(line, std::regex(pattern), name);
  return line;
}

/// Sorted: rows stand in the order of random ids.
std::vector<std::string> normal_lines(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const std::string& line : lines)
    if (!line.empty()) out.push_back(normal(line));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

TEST(Docs, TheStoryOfCliMdIsTrue) {
  const Scratch scratch;
  const RealBroker broker(scratch.path());
  const std::string path = std::filesystem::path(MUSTER).parent_path().string();
  const std::vector<std::string> variables{"MUSTER_SERVER=" + broker.address(),
                                           "PATH=" + path + ":" + std::string(std::getenv("PATH"))};
  const auto scenes = scenes_of(read_file(CLI_MD));
  ASSERT_GT(scenes.size(), 10U);

  std::vector<std::unique_ptr<Process>> workers;
  for (Scene scene : scenes) {
    const bool in_background = scene.command.ends_with(" &");
    if (in_background) scene.command = "exec " + scene.command.substr(0, scene.command.size() - 2);
    auto process = std::make_unique<Process>(
        scratch.path(), std::vector<std::string>{"sh", "-c", scene.command}, variables);
    if (in_background) {
      ASSERT_TRUE(process->says("\n", static_cast<int>(scene.lines.size())))
          << scene.command << process->err();
    } else {
      process->wait();
    }
    EXPECT_EQ(normal_lines(split(process->out() + process->err())), normal_lines(scene.lines))
        << scene.command;
    if (in_background) workers.push_back(std::move(process));
  }
}

}  // namespace
}  // namespace muster::cli::test
