/// The faults of a run. Each waits for its share of the work to be done, must hit a worker that
/// owns unfinished partitions, and then watches until the group has dealt with it.
#pragma once

#include "fleet.hpp"
#include "watch.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace backup {

/// What a fault may touch and see.
struct Stage {
  Fleet& fleet;
  Watch& watch;
  std::string topic;
  std::function<void(const std::string&)> say;
};

class Fault {
 public:
  explicit Fault(int percent) : percent_(percent) {}
  virtual ~Fault() = default;
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;

  /// At which share of all entries it is due.
  [[nodiscard]] int percent() const { return percent_; }
  /// Strikes, if somebody fit for it is there at this moment.
  virtual bool fire(Stage& stage) = 0;
  /// Whether the group has dealt with it, as it should. Throws std::runtime_error if it did not.
  virtual bool settled(Stage& stage) = 0;

 private:
  int percent_;
};

/// SIGKILL of a worker at 20 %, SIGSTOP of another beyond its session timeout at 40 %, a newcomer
/// at 60 %, SIGKILL of the broker and its restart at 80 %.
[[nodiscard]] std::vector<std::unique_ptr<Fault>> all_faults(const std::string& newcomer);

}  // namespace backup
