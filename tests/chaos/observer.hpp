/// Asks the broker what it says of the group, all the time, over a connection of its own.
#pragma once

#include "history.hpp"

#include <client.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace muster::chaos {

/// Questions of the run to the broker, each over a new connection; they throw cli::Failure.
void create_topic(const std::string& address, std::int32_t partitions);
[[nodiscard]] std::vector<Read> read_committed(const std::string& address, std::int32_t partitions);
[[nodiscard]] std::vector<Expulsion> read_expulsions(const std::string& address);

class Observer {
 public:
  explicit Observer(std::string address);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Ends the thread and gives what it saw.
  std::vector<Look> finish();

 private:
  void run();
  void look(cli::Client& client);
  bool wait();

  const std::string address_;
  std::vector<Look> looks_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
