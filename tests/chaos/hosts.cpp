#include "hosts.hpp"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace muster::chaos {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int new_network() {
  if (::unshare(CLONE_NEWNET) != 0) fail("a network namespace");
  const int fd = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("/proc/thread-self/ns/net");
  return fd;
}

std::string subnet(std::size_t host) {
  return "10.66." + std::to_string(host) + ".";
}

std::string cable(std::size_t host) {
  return "h" + std::to_string(host);
}

/// Local ports of the connections to the broker that are open in the present network namespace.
std::set<unsigned> ports_in_use() {
  std::set<unsigned> ports;
  std::ifstream table("/proc/thread-self/net/tcp");
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    unsigned number = 0, address = 0, port = 0, far = 0, far_port = 0;
    if (std::sscanf(line.c_str(), " %u: %x:%x %x:%x", &number, &address, &port, &far, &far_port) ==
            5 &&
        far_port == broker_port)
      ports.insert(port);
  }
  return ports;
}

std::string listed(const std::set<unsigned>& ports) {
  std::string all;
  for (const unsigned port : ports) all += (all.empty() ? "" : ", ") + std::to_string(port);
  return all.empty() ? "1" : all;
}

}  // namespace

Hosts::Hosts(std::size_t count) {
  if (::unshare(CLONE_NEWNS) != 0) fail("a mount namespace");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) fail("private mounts");
  broker_ = new_network();
  for (std::size_t i = 0; i < count; ++i) hosts_.push_back(new_network());
  run(broker_, {"ip", "link", "set", "lo", "up"}, {});
  for (std::size_t i = 0; i < count; ++i) {
    const std::string there =
        "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(hosts_[i]);
    run(broker_,
        {"ip", "link", "add", cable(i), "type", "veth", "peer", "name", "eth0", "netns", there},
        {});
    run(broker_, {"ip", "address", "add", subnet(i) + "1/24", "dev", cable(i)}, {});
    run(broker_, {"ip", "link", "set", cable(i), "up"}, {});
    run(hosts_[i], {"ip", "address", "add", subnet(i) + "2/24", "dev", "eth0"}, {});
    run(hosts_[i], {"ip", "link", "set", "eth0", "up"}, {});
    run(hosts_[i], {"ip", "link", "set", "lo", "up"}, {});
    run(hosts_[i], {"nft", "-f", "-"},
        "table inet chaos {\n"
        "  chain in { type filter hook input priority 0; }\n"
        "  chain out { type filter hook output priority 0; }\n"
        "}\n");
  }
  enter(0);
}

Hosts::~Hosts() {
  for (const int host : hosts_) ::close(host);
  ::close(broker_);
}

std::string Hosts::broker_address(std::size_t host) {
  return subnet(host) + "1:" + std::to_string(broker_port);
}

void Hosts::enter(std::size_t host) const {
  if (::setns(network(host), CLONE_NEWNET) != 0) fail("moving to another network namespace");
}

std::string Hosts::rules(std::size_t host, Trouble trouble) const {
  switch (trouble) {
    case Trouble::cut:
      return "add rule inet chaos in drop; add rule inet chaos out drop";
    case Trouble::requests_lost:
      return "add rule inet chaos out drop";
    case Trouble::answers_lost:
      return "add rule inet chaos in drop";
    case Trouble::reset:
      return "add rule inet chaos out meta l4proto tcp reject with tcp reset;"
             "add rule inet chaos in meta l4proto tcp reject with tcp reset";
    case Trouble::connections_die: {
      enter(host);
      const std::string ports = listed(ports_in_use());
      enter(0);
      return "add rule inet chaos out tcp sport { " + ports +
             " } drop; add rule inet chaos in tcp dport { " + ports + " } drop";
    }
    case Trouble::silent_ends:
      return "add rule inet chaos out tcp flags & (fin | rst) != 0 drop;"
             "add rule inet chaos in tcp flags & (fin | rst) != 0 drop";
    case Trouble::loss:
      return "add rule inet chaos in numgen random mod 3 == 0 drop;"
             "add rule inet chaos out numgen random mod 3 == 0 drop";
    case Trouble::narrow:
      return {};
  }
  return {};
}

void Hosts::trouble(std::size_t host, Trouble trouble) const {
  if (trouble == Trouble::narrow)
    return run(broker_,
               {"tc", "qdisc", "replace", "dev", cable(host), "root", "tbf", "rate", "64kbit",
                "burst", "3000", "limit", "6000"},
               {});
  std::string text = rules(host, trouble);
  for (char& c : text)
    if (c == ';') c = '\n';
  run(network(host), {"nft", "-f", "-"}, text + "\n");
}

void Hosts::heal(std::size_t host) const {
  run(network(host), {"nft", "-f", "-"}, "flush chain inet chaos in\nflush chain inet chaos out\n");
  run(broker_, {"sh", "-c", "tc qdisc del dev " + cable(host) + " root 2>/dev/null || true"}, {});
}

/// Runs a tool in a network, with `input` at its standard input. Throws what it complained about.
/// Spawned, not forked: the history in this process's memory makes forks slow.
void Hosts::run(int network, const std::vector<std::string>& words,
                const std::string& input) const {
  std::vector<std::string> copies = words;
  std::vector<char*> pointers;
  for (std::string& word : copies) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  int in[2], out[2];
  if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) fail("a pipe");
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, out[1], STDERR_FILENO);
  const int here = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (here < 0 || ::setns(network, CLONE_NEWNET) != 0) fail("another network namespace");
  pid_t pid = -1;
  const int failed = ::posix_spawnp(&pid, pointers[0], &actions, nullptr, pointers.data(), environ);
  if (::setns(here, CLONE_NEWNET) != 0) fail("the way back");
  ::close(here);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  if (failed == 0) (void)!::write(in[1], input.data(), input.size());
  ::close(in[1]);
  std::string said;
  char buffer[512];
  for (ssize_t n = 0; (n = ::read(out[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<std::size_t>(n));
  ::close(out[0]);
  int status = failed;
  if (failed == 0) ::waitpid(pid, &status, 0);
  if (status == 0) return;
  std::string command;
  for (const std::string& word : words) command += word + " ";
  throw std::runtime_error(command + "failed: " + said);
}

}  // namespace muster::chaos
