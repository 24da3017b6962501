/// A program that appends steps to a store until it is killed, and the check of what it leaves
/// behind.
///
/// Step r of a shard writes `step_size(r)` records, none of which is ever written again. So
/// afterwards the revisions must be dense from 1, each step whole, and none that was acknowledged
/// may be missing.
#pragma once

#include "store.hpp"

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace muster::store::test {

inline constexpr std::uint32_t workload_shards = 3;

[[nodiscard]] std::uint32_t step_size(Revision revision);
[[nodiscard]] Batch step(ShardIndex shard, Revision revision);

/// The highest acknowledged revision of each shard.
using Acknowledged = std::map<ShardIndex, Revision>;

/// What is wrong with the store, one sentence each; `last` gets the last revision of each shard.
[[nodiscard]] std::vector<std::string> check_steps(Store& store, const Acknowledged& acknowledged,
                                                   Acknowledged* last = nullptr);

/// What goes wrong in a child; 0: nothing.
struct Faults {
  std::uint64_t max_file_size = 0;  ///< Once open: bytes a file may have; writes past them fail.
  std::uint64_t failing_sync = 0;   ///< Once open: which sync fails; those after it succeed again.
  std::uint64_t deadly_sync = 0;    ///< From its start on: in which sync it is killed.
  bool power_cut = false;           ///< Then every file also loses what was not synced.
};

/// This program again, as a child that appends. It writes "ack SHARD REVISION" lines after each
/// append, or "failed SENTENCE" and what came of three further appends, to the pipe that `lines`
/// reads.
class AppendingChild {
 public:
  explicit AppendingChild(const std::string& folder, unsigned seed, const Faults& faults = {});
  AppendingChild(const AppendingChild&) = delete;
  AppendingChild& operator=(const AppendingChild&) = delete;
  ~AppendingChild();

  /// The next line; empty once the child is gone.
  [[nodiscard]] std::string next_line();
  /// SIGKILL, then what it still had written.
  [[nodiscard]] std::vector<std::string> kill();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffer_;
};

/// Whether this process has synced the file, all of what it is now.
[[nodiscard]] bool was_synced(const std::string& path);

/// What the child does: `main` calls it for --child.
int run_child(const std::vector<std::string>& arguments);

}  // namespace muster::store::test
