/// The worker processes of a run: who lives, who was hurt when, and how each ended.
#pragma once

#include "child.hpp"
#include "history.hpp"

#include <memory>
#include <string>
#include <vector>

namespace muster::chaos {

/// What a worker process is started with.
struct FleetOptions {
  std::string folder;  ///< For journals and output.
  std::string sink;
};

class Fleet {
 public:
  explicit Fleet(FleetOptions options) : options_(std::move(options)) {}

  /// Where a worker lives.
  struct Seat {
    std::string server;
    std::size_t host = 0;
    bool spared = false;  ///< No fault may touch it, so that its whole life can be judged.
    bool judged = true;   ///< Its life is judged until a fault hits it.
    Child::Surroundings surroundings = {};
  };
  void start(Millis session_timeout, std::uint64_t seed, const Seat& seat);
  /// A fault hits all that live there.
  void touch_host(std::size_t host);
  void touch(std::size_t worker) { touch(workers_.at(worker)); }
  [[nodiscard]] std::size_t host_of(std::size_t worker) const { return workers_.at(worker).host; }
  /// The numbers of the workers that run and may be hurt.
  [[nodiscard]] std::vector<std::size_t> targets();
  [[nodiscard]] std::size_t running();

  void kill(std::size_t worker);
  void stop(std::size_t worker);
  void go_on(std::size_t worker);
  void ask_to_leave(std::size_t worker);

  [[nodiscard]] Millis session_timeout(std::size_t worker) const;
  /// Everybody goes on, leaves, and has ended once this returns.
  void end();
  /// Reads the journals of workers that have all ended.
  void tell(History& history);

 private:
  struct One {
    WorkerLife life;
    std::unique_ptr<Child> child;
    std::string journal;
    std::size_t host = 0;
    bool spared = false;
    bool stopped = false;
    bool asked = false;  // to leave
    bool killed = false;
  };
  [[nodiscard]] static bool is_up(const One& one);
  void touch(One& one);

  FleetOptions options_;
  std::vector<One> workers_;
};

}  // namespace muster::chaos
