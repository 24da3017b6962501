#include "processes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace muster::cli::test {
namespace {

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define MUSTER_SLOWED 1
#endif
#endif
#ifdef MUSTER_SLOWED
constexpr std::chrono::seconds patience{240};
#else
constexpr std::chrono::seconds patience{60};
#endif
constexpr std::chrono::milliseconds between_looks{5};

/// Looks again and again until it is so; false once the patience is over.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(between_looks);
  }
  return true;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// This process's environment; `variables` replace those of the same name.
std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> out = variables;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(variables.begin(), variables.end(),
                                      [&](const std::string& v) { return v.starts_with(name); });
    if (!replaced) out.emplace_back(text);
  }
  return out;
}

int exit_code(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "muster-cli-XXXXXX").string();
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Process::Process(const std::filesystem::path& folder, const std::vector<std::string>& command,
                 const std::vector<std::string>& variables) {
  static int number = 0;
  const std::string name = std::to_string(++number);
  out_ = folder / (name + ".out");
  err_ = folder / (name + ".err");
  std::vector<std::string> words = command;
  std::vector<std::string> environment = environment_with(variables);

  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_.c_str(), O_WRONLY | O_CREAT,
                                     0600);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_.c_str(), O_WRONLY | O_CREAT,
                                     0600);
  const int error = ::posix_spawnp(&pid_, words.front().c_str(), &actions, nullptr,
                                   pointers(words).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  EXPECT_EQ(error, 0) << words.front();
  ended_ = error != 0;
}

Process::~Process() {
  if (ended()) return;
  signal(SIGKILL);
  wait();
}

std::string Process::out() const {
  return read_file(out_);
}
std::string Process::err() const {
  return read_file(err_);
}

void Process::signal(int number) const {
  ::kill(pid_, number);
}

bool Process::ended() {
  if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
  return ended_;
}

int Process::wait() {
  EXPECT_TRUE(eventually([this] { return ended(); })) << "it does not end";
  return exit_code(status_);
}

bool Process::says(const std::string& text, int times) {
  const auto said = [&] {
    const std::string all = out();
    int count = 0;
    for (std::size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1))
      ++count;
    return count >= times;
  };
  return eventually([&] { return said() || ended(); }) && said();
}

RealBroker::RealBroker(const std::filesystem::path& folder) : folder_(folder) {
  start("127.0.0.1:0");
}

void RealBroker::kill_and_restart() {
  process_->signal(SIGKILL);
  process_->wait();
  start(address_);
}

void RealBroker::stop() {
  process_->signal(SIGKILL);
  process_->wait();
}

void RealBroker::start(const std::string& listen) {
  const auto ready = folder_ / "ready";
  std::filesystem::remove(ready);
  std::vector<std::string> words{MUSTERD,        "--listen", listen,         "--http-listen", "off",
                                 "--dns-listen", "off",      "--ready-file", ready.string()};
  if (MUSTER_WITH_ROCKSDB) words.insert(words.end(), {"--data", (folder_ / "data").string()});
  process_ = std::make_unique<Process>(folder_, std::move(words), std::vector<std::string>{});
  const std::string key = "native=";
  (void)eventually([&] { return read_file(ready).ends_with('\n') || process_->ended(); });
  const std::string text = read_file(ready);
  if (!text.ends_with('\n')) throw std::runtime_error("musterd does not start: " + process_->err());
  const std::size_t at = text.find(key) + key.size();
  address_ = text.substr(at, text.find('\n', at) - at);
}

}  // namespace muster::cli::test
