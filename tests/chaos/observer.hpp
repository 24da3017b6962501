/// Asks the broker what it says of the group, all the time, over a connection of its own.
#pragma once

#include "history.hpp"
#include "worker.hpp"

#include <client.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace muster::chaos {

/// Questions of the run to the broker, each over a new connection; they throw cli::Failure.
void create_topic(const std::string& address, std::int32_t partitions,
                  const std::string& name = topic_name);
[[nodiscard]] std::vector<Read> read_committed(const std::string& address, std::int32_t partitions);
[[nodiscard]] std::vector<Expulsion> read_expulsions(const std::string& address);

class Observer {
 public:
  Observer(std::string address, std::int32_t partitions);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// Ends the thread and gives what it saw; adds the committed offsets that it read.
  std::vector<Look> finish(std::vector<Read>& reads);

 private:
  void run();
  void look(cli::Client& client);
  void read(cli::Client& client);
  bool wait();
  void end();

  const std::string address_;
  const std::int32_t partitions_;
  std::vector<Read> reads_;
  std::vector<Look> looks_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
