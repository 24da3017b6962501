/// How the program ends: its exit codes, and the failure that carries one.
#pragma once

#include <stdexcept>
#include <string>

namespace muster::cli {

/// Documented in docs/cli.md and in `--help`; never renumbered.
enum class Exit : int {
  ok = 0,
  refused = 1,          ///< The broker answered, and refused; or the thing asked for is not there.
  unreachable = 2,      ///< No broker could be reached.
  no_answer = 3,        ///< It was reached, but gave no answer in time: a change may have happened.
  not_understood = 4,   ///< The answer was none of ours: another program, or a damaged stream.
  command_failed = 5,   ///< The command that `join` runs failed.
  membership_lost = 6,  ///< The broker ended the membership of `join`.
  usage = 64,
  output_failed = 74,  ///< The output could not be written.
  try_later = 75,  ///< `guard`: this host's instance is not healthy. EX_TEMPFAIL, as cron has it.
};

/// Ends the program with `code` after one sentence on standard error.
class Failure : public std::runtime_error {
 public:
  Failure(Exit code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  [[nodiscard]] Exit code() const { return code_; }

 private:
  Exit code_;
};

/// Ends the program, without a word, with the exit code of the command that it has run.
struct PassedOn {
  int code = 0;
};

}  // namespace muster::cli
