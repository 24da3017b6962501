/// An agent, or a guard, as a real process against a real broker.
#pragma once

#include <processes.hpp>

#include <agent/processes.hpp>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace muster::agent::test {

using cli::test::Process;
using cli::test::read_file;
using cli::test::RealBroker;
using cli::test::Scratch;
using Words = std::vector<std::string>;

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{120};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return true;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Runs; who has ended and only waits for an init to reap it does not.
inline bool lives(pid_t pid) {
  const auto process = pid > 0 ? look_at(pid) : std::nullopt;
  return process && !process->ended();
}

/// A port that nobody listens on at the moment.
inline std::string free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(fd);
  return std::to_string(ntohs(address.sin_port));
}

/// What stands after `"name":` in flat JSON, up to the next comma or bracket.
inline std::string field(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":";
  const std::size_t at = json.find(key);
  if (at == std::string::npos) return {};
  const std::size_t from = at + key.size();
  if (json[from] == '"') return json.substr(from + 1, json.find('"', from + 1) - from - 1);
  return json.substr(from, json.find_first_of(",}]", from) - from);
}

class World : public ::testing::Test {
 protected:
  struct Ended {
    int code = 0;
    std::string out;
    std::string err;
  };

  World() : broker(scratch.path()) {}

  [[nodiscard]] std::unique_ptr<Process> start(Words words) const {
    words.insert(words.begin(), MUSTER);
    return std::make_unique<Process>(
        scratch.path(), words,
        Words{"MUSTER_SERVER=" + broker.address(), "MUSTER_AGENT_DIR=" + folder()});
  }
  [[nodiscard]] Ended muster(const Words& words) const {
    const auto process = start(words);
    const int code = process->wait();
    return {code, process->out(), process->err()};
  }
  [[nodiscard]] std::string folder() const { return (scratch.path() / "run").string(); }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (scratch.path() / name).string();
  }
  void write(const std::string& name, const std::string& text) const {
    // At once, as an editor does it: whoever reads finds the old or the new.
    std::ofstream(path(name + ".new")) << text;
    std::filesystem::rename(path(name + ".new"), path(name));
  }
  /// An agent with this file; waits until it answers.
  [[nodiscard]] std::unique_ptr<Process> agent(const std::string& config) {
    write("agent.toml", config);
    return agent();
  }
  [[nodiscard]] std::unique_ptr<Process> agent() {
    auto process = start({"agent", "--config", path("agent.toml")});
    EXPECT_TRUE(
        eventually([&] { return process->ended() || muster({"agent", "status"}).code == 0; }));
    EXPECT_FALSE(process->ended()) << process->err();
    return process;
  }
  /// The agent's own words about its (first) service.
  [[nodiscard]] std::string status() const {
    const std::string all = muster({"agent", "status", "--json"}).out;
    return all.substr(std::min(all.find("\"services\""), all.size()));
  }
  [[nodiscard]] pid_t pid_of_service() const {
    const std::string text = field(status(), "pid");
    return text.empty() ? 0 : std::stoi(text);
  }
  /// The broker's words about a service.
  [[nodiscard]] std::string shown(const std::string& service) const {
    return muster({"services", "show", service, "--json"}).out;
  }
  [[nodiscard]] std::string status_of(const std::string& service) const {
    return field(shown(service), "status");
  }
  [[nodiscard]] bool becomes(const std::string& service, const std::string& status) const {
    return eventually([&] { return status_of(service) == status; });
  }
  /// Its process is another one than `before`, and it is healthy again.
  [[nodiscard]] bool comes_back(const std::string& service, pid_t before) const {
    return eventually([&] {
      const pid_t now = pid_of_service();
      return now != 0 && now != before && status_of(service) == "healthy";
    });
  }

  Scratch scratch;
  RealBroker broker;
};

}  // namespace muster::agent::test
