/// Follows all events of the broker, from the first, over as many connections as it takes.
#pragma once

#include "history.hpp"

#include <client.hpp>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace muster::chaos {

/// All events that are kept. Throws cli::Failure.
[[nodiscard]] std::vector<Told> read_kept_events(const std::string& address);

class Watcher {
 public:
  explicit Watcher(std::string address);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Waits until it has seen `least` events, at most a minute; ends the thread, and gives what it
  /// saw.
  std::vector<Told> finish(std::size_t least);

 private:
  void run();
  void follow(cli::Client& client);
  void take(EventList list, bool live);
  bool wait();

  const std::string address_;
  std::vector<std::uint64_t> after_;  // its thread's
  std::mutex mutex_;
  std::condition_variable stopping_;
  std::vector<Told> told_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
