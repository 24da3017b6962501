/// One worker of the fleet: takes the next number of each partition that it owns, writes it to the
/// sink with its token, commits; and keeps a journal of all it saw.
///
/// It is deliberately no saint: what it began before it was stopped it finishes afterwards, and it
/// tries to commit what the sink has refused. Fencing has to stop that, not the worker's manners.
#pragma once

#include "journal.hpp"
#include "sink.hpp"
#include "watch.hpp"

#include <muster/member.hpp>

#include <atomic>
#include <map>
#include <optional>
#include <random>
#include <string>

namespace muster::chaos {

struct WorkerOptions {
  std::string server;
  std::string sink;
  std::string journal;
  Millis session_timeout{1'000};
  std::uint64_t seed = 0;
};

inline constexpr const char* group_name = "torture";
inline constexpr const char* topic_name = "numbers";

class Worker {
 public:
  explicit Worker(const WorkerOptions& options);

  /// Works until `stop`, then leaves. Gives the exit code of the process.
  int run(const std::atomic<bool>& stop);

 private:
  using List = std::vector<Ownership>;

  [[nodiscard]] MemberOptions member_options() const;
  Callbacks callbacks();
  void assigned(const List& list);
  void dropped(const List& list);
  void lost(const List& list);
  void read_committed(const List& list);
  void note_id();
  void work_on(const Ownership& mine);
  void commit(const Ownership& mine, Offset offset);
  void commit_async(const Ownership& mine, Offset offset);
  void note_answer(const Ownership& mine, Offset offset, Stamp begun, const Outcome<void>& done);
  [[nodiscard]] int dice(int sides) { return std::uniform_int_distribution(1, sides)(random_); }

  const WorkerOptions options_;
  Journal journal_;
  SinkClient sink_;
  std::mt19937_64 random_;
  std::optional<Member> member_;
  std::string id_;
  std::map<PartitionIndex, std::pair<Token, Offset>> next_;  // the next number under this token
  std::size_t open_commits_ = 0;
  Watch watch_{journal_};
};

}  // namespace muster::chaos
