#include "fleet.hpp"

#include "signs.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace backup {
namespace {

using namespace std::chrono_literals;

std::string read_all(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The letter by which the kernel says what a process does: T is stopped.
char state_of(pid_t pid) {
  const std::string stat = read_all("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 2 >= stat.size() ? '?' : stat[name_end + 2];
}

}  // namespace

void Fleet::start_broker() {
  const std::string ready = file("ready");
  std::filesystem::remove(ready);
  broker_ = Process({options_.programs + "/musterd", "--data", file("data"), "--listen", server_,
                     "--http-listen", "off", "--dns-listen", "off", "--ready-file", ready},
                    {file("musterd.log"), options_.stay});
  for (const auto deadline = std::chrono::steady_clock::now() + 30s;
       !std::filesystem::exists(ready);) {
    if (!broker_.running() || std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("musterd did not start; see " + file("musterd.log"));
    }
    std::this_thread::sleep_for(5ms);
  }
  const std::string line = read_all(ready);  // native=HOST:PORT
  const std::size_t begin = line.find('=') + 1;
  server_ = line.substr(begin, line.find('\n') - begin);
}

void Fleet::kill_broker() {
  broker_.kill();
}

void Fleet::stop_broker() {
  broker_.signal(SIGTERM);
  if (const auto status = broker_.wait(30s); status != 0) {
    throw std::runtime_error("musterd did not end well; see " + file("musterd.log"));
  }
}

void Fleet::start_worker(const std::string& name) {
  workers_[name] = Process({options_.programs + "/archive_worker", name, server_, options_.folder,
                            std::to_string(options_.level)},
                           {file(name + ".log"), options_.stay});
}

void Fleet::kill_worker(const std::string& name) {
  killed_.push_back(name);
  workers_.at(name).kill();
}

bool Fleet::pause_worker(const std::string& name) {
  const Process& worker = workers_.at(name);
  worker.signal(SIGSTOP);
  for (const auto deadline = std::chrono::steady_clock::now() + 1s;
       state_of(worker.pid()) != 'T';) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

void Fleet::continue_worker(const std::string& name) {
  workers_.at(name).signal(SIGCONT);
}

bool Fleet::busy(const std::string& name) const {
  return Busy(file(name + ".busy")).get();
}

std::vector<std::string> Fleet::stop_workers() {
  std::vector<std::string> bad;
  for (auto& [name, worker] : workers_) worker.signal(SIGTERM);
  for (auto& [name, worker] : workers_) {
    const bool was_killed = std::ranges::find(killed_, name) != killed_.end();
    if (worker.wait(60s) != 0 && !was_killed) bad.push_back(name);
  }
  return bad;
}

std::string Fleet::log_of(const std::string& name) const {
  return read_all(file(name + ".log"));
}

std::vector<std::string> Fleet::names() const {
  std::vector<std::string> names;
  for (const auto& [name, worker] : workers_) names.push_back(name);
  return names;
}

std::string Fleet::fallen() {
  for (auto& [name, worker] : workers_) {
    if (!worker.running() && std::ranges::find(killed_, name) == killed_.end()) return name;
  }
  return {};
}

std::vector<pid_t> Fleet::release() {
  std::vector<pid_t> pids{broker_.pid()};
  broker_.release();
  for (auto& [name, worker] : workers_) {
    if (worker.running()) pids.push_back(worker.pid());
    worker.release();
  }
  return pids;
}

}  // namespace backup
