/// From committed segments to one archive, and the proof that nothing is lost, doubled or torn.
#pragma once

#include "manifest.hpp"
#include "segment_list.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace backup {

/// What the group has committed for one partition.
struct Committed {
  std::int64_t done = 0;  ///< Entries, in the manifest's order.
  SegmentList segments;
};
using CommittedPartitions = std::array<Committed, partition_count>;

/// Writes the committed bytes of all segments, in order, and tar's end mark to `archive`. Gives its
/// size. Throws std::runtime_error if a segment is shorter than what was committed of it.
std::uint64_t assemble(const std::string& segments, const CommittedPartitions& committed,
                       const std::string& archive);

/// What an archive has to do with the manifest; all empty: it holds each entry exactly once, whole.
struct Findings {
  std::vector<std::string> lost;
  std::vector<std::string> twice;
  std::vector<std::string> foreign;  ///< In the archive only.
  std::string torn;                  ///< Why it could not be read to its end.

  [[nodiscard]] bool clean() const {
    return lost.empty() && twice.empty() && foreign.empty() && torn.empty();
  }
};

/// Reads the whole archive, contents and checksums included.
[[nodiscard]] Findings examine(const std::string& archive, const Manifest& manifest);

/// What `diff -r` says beyond the entries that were skipped knowingly; empty: nothing.
[[nodiscard]] std::string unexpected_differences(std::string diff, const std::string& folder,
                                                 const std::vector<Skipped>& skipped);

}  // namespace backup
