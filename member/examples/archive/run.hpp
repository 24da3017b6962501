/// One run of the parallel backup, from the list of files to the proof.
#pragma once

#include "faults.hpp"
#include "fleet.hpp"
#include "prove.hpp"
#include "signs.hpp"
#include "watch.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace backup {

struct RunOptions {
  std::string input = "/usr/include/boost";  ///< What to back up.
  std::string folder;                        ///< Where everything goes.
  std::string programs;                      ///< Folder with musterd, muster, archive_worker.
  int workers = 5;
  int level = 19;  ///< Of zstd.
  bool stay = false;
};

/// Below this, a fault could not be sure to meet unfinished work.
inline constexpr std::size_t fewest_entries_for_faults = 500;

class Run {
 public:
  explicit Run(RunOptions options);

  /// Gives the exit code; 1, with a sentence, if anything was lost, doubled, torn, or not as it
  /// should be.
  int go(const std::atomic<bool>& interrupted);

 private:
  using Clock = std::chrono::steady_clock;

  void prepare();
  void play(const std::atomic<bool>& interrupted);
  void look();
  void expect_bytes();
  void release();
  void step_faults();
  void check_that_nobody_healthy_was_expelled() const;
  void end_workers();
  int conclude();
  void show_progress();
  void show_events();
  void show_what_to_try(const std::vector<pid_t>& pids) const;
  void say(const std::string& line) const;
  [[nodiscard]] bool finished() const { return watch_->picture().done == watch_->total(); }
  [[nodiscard]] std::string file(const std::string& name) const {
    return options_.folder + "/" + name;
  }

  RunOptions options_;
  Scan scan_;
  Released released_;
  Fleet fleet_;
  std::unique_ptr<Watch> watch_;
  std::vector<std::unique_ptr<Fault>> faults_;
  std::size_t settled_ = 0;   ///< Faults that the group has dealt with.
  bool fired_ = false;        ///< The next one has struck.
  int attempts_ = 0;          ///< At the next one, which found nobody fit.
  bool all_came_ = false;     ///< Each of the first workers has joined.
  int thousandths_ = 0;       ///< Released.
  std::uintmax_t bytes_ = 0;  ///< In all segments, when that was last of interest.
  std::size_t shown_ = 0;     ///< Of the progress lines.
  Clock::time_point started_ = Clock::now();
  Clock::time_point began_work_{};
  Clock::time_point progressed_{};
  Clock::time_point worked_{};  ///< When the last entry was committed.
};

}  // namespace backup
