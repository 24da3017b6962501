/// A stretch of network between some workers and the broker, which can be cut.
///
/// While it is cut nothing passes and nobody is told: connections stay open, bytes wait. So both
/// sides run and count the same silence, which is what self-fencing is for; and what a worker had
/// sent arrives once the cut is over, however late that is.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>

namespace muster::chaos {

class Relay {
 public:
  /// Passes what comes to address() on to `broker`, 127.0.0.1:PORT. Throws std::system_error.
  explicit Relay(const std::string& broker);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  void cut() { cut_ = true; }
  void mend() { cut_ = false; }

 private:
  void serve();
  void accept_one();
  void pass_on(int from);
  void close_both(int one);

  const std::string broker_;
  std::string address_;
  int listener_ = -1;
  std::map<int, int> other_end_;  // both ways
  std::atomic<bool> cut_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
