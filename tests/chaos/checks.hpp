/// The judge of a torture run: pure functions over what was recorded.
///
/// Each check stands for one promise and knows nothing of how the run was made, so a test can hand
/// it a history with one lie in it and ask whether it is found.
#pragma once

#include "history.hpp"

#include <string>
#include <vector>

namespace muster::chaos {

struct Verdict {
  std::string check;
  std::string summary;              ///< What was looked at, with counts.
  std::vector<std::string> faults;  ///< The first offending excerpts; empty: it holds.
  [[nodiscard]] bool ok() const { return faults.empty(); }
};

/// No partition is processed by two current owners.
[[nodiscard]] Verdict check_one_owner(const History& history);
/// No acknowledged commit is lost, none of a former owner is accepted, and what is committed was
/// written.
[[nodiscard]] Verdict check_commits(const History& history);
/// Epochs, terms and tokens never go back.
[[nodiscard]] Verdict check_monotone(const History& history);
/// A member whose process ran all the time is never expelled, and loses its work only if the broker
/// was away.
[[nodiscard]] Verdict check_healthy(const History& history);
/// Every partition goes on after the last fault, and the run did what it is for.
[[nodiscard]] Verdict check_progress(const History& history);
/// No process ended that nobody ended.
[[nodiscard]] Verdict check_processes(const History& history);

/// Committed offsets are linearizable: there is one order of all commits and reads that explains
/// every answer and in which nothing goes before what had ended when it began.
[[nodiscard]] Verdict check_offsets(const History& history);

[[nodiscard]] std::vector<Verdict> check_all(const History& history);

// Of chaos only
// --------------------------------------------------------------------------------------

/// Nobody is expelled before its session timeout has passed without a sign of life, the broker's
/// own absences not counted; who is silent is expelled soon after; and the expelled stay out.
[[nodiscard]] Verdict check_sessions(const History& history);
/// Every event was told once, in order, without a gap, and none that was told is gone later.
[[nodiscard]] Verdict check_events(const History& history);
/// The run did all that it is for.
[[nodiscard]] Verdict check_counts(const History& history);

/// check_all and these.
[[nodiscard]] std::vector<Verdict> check_chaos(const History& history);

}  // namespace muster::chaos
