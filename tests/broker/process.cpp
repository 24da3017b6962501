#include "process.hpp"

#include "harness.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace muster::broker {
namespace {

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

pid_t spawn(const std::vector<std::string>& arguments, const std::string& log) {
  std::vector<char*> argv;
  std::string program = MUSTERD;
  argv.push_back(program.data());
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const int out = ::open(log.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(out);
  return pid;
}

int code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// 0: it is not there.
std::uint16_t port_in(const std::string& ready, const std::string& door) {
  const auto line = ("\n" + ready).find("\n" + door + "=");
  if (line == std::string::npos || !ready.ends_with('\n')) return 0;
  const auto colon = ready.find(':', line);
  return static_cast<std::uint16_t>(std::stoul(ready.substr(colon + 1)));
}

}  // namespace

ScratchFolder::ScratchFolder() {
  std::string pattern = testing::TempDir() + "/musterd-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ScratchFolder::path(const std::string& name) const {
  return name.empty() ? path_ : path_ + "/" + name;
}

Outcome run_musterd(const std::vector<std::string>& arguments) {
  const ScratchFolder folder;
  const pid_t pid = spawn(arguments, folder.path("out"));
  int status = 0;
  ::waitpid(pid, &status, 0);
  return {code_of(status), content(folder.path("out"))};
}

Musterd::Musterd(const ScratchFolder& folder, std::vector<std::string> arguments) {
  static std::atomic<int> count{0};
  const std::string id = std::to_string(++count);
  const std::string ready = folder.path("ready-" + id);
  log_ = folder.path("log-" + id);
  const auto unless_given = [&arguments](const std::string& flag, const std::string& value) {
    if (std::ranges::find(arguments, flag) == arguments.end())
      arguments.insert(arguments.end(), {flag, value});
  };
  unless_given("--listen", "127.0.0.1:0");
  unless_given("--http-listen", "127.0.0.1:0");
  unless_given("--dns-listen", "127.0.0.1:0");
  unless_given("--ready-file", ready);
  pid_ = spawn(arguments, log_);
  const bool came = eventually([&] {
    port_ = port_in(content(ready), "native");
    http_port_ = port_in(content(ready), "http");
    dns_port_ = port_in(content(ready), "dns");
    int status = 0;
    if (port_ == 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = true;
      code_ = code_of(status);
    }
    return port_ != 0 || ended_;
  });
  EXPECT_TRUE(came) << output();
}

Musterd::~Musterd() {
  if (!ended_) end(SIGKILL);
}

void Musterd::signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

int Musterd::wait() {
  if (ended_) return code_;
  int status = 0;
  ::waitpid(pid_, &status, 0);
  ended_ = true;
  return code_ = code_of(status);
}

int Musterd::end(int number) {
  signal(number);
  return wait();
}

std::string Musterd::output() const {
  return content(log_);
}

}  // namespace muster::broker
