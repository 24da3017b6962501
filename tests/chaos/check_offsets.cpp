/// Commits of one partition carry offsets that only grow: a new owner begins where it reads, and
/// each next one is greater. So the partition is a register whose value never falls, and an order
/// as linearizability asks for exists exactly if each read gives a value that
///
///   1. is no smaller than any that was acknowledged before the read began,
///   2. is no smaller than what any read gave that had ended before,
///   3. somebody had begun to commit before the read ended, and was not refused.
///
/// 1 is check_commits' business. That an acknowledged commit may not be older than the register,
/// too: check_no_stale_ack there.
#include "blame.hpp"

#include <limits>
#include <map>

namespace muster::chaos {
namespace {

void check_reads_do_not_fall(const std::vector<const Read*>& by_begin, Verdict& verdict) {
  std::vector<const Read*> by_end = by_begin;
  std::sort(by_end.begin(), by_end.end(), [](auto* a, auto* b) { return a->ended < b->ended; });
  const Read* highest = nullptr;  // of those that have ended
  auto ended = by_end.begin();
  for (const Read* read : by_begin) {
    for (; ended != by_end.end() && (*ended)->ended < read->begun; ++ended)
      if (highest == nullptr || (*ended)->offset > highest->offset) highest = *ended;
    if (highest != nullptr && read->offset < highest->offset)
      blame(verdict, "partition ", read->partition, " reads ", read->offset, " at ", read->begun,
            " by ", read->reader, ", but ", highest->offset, " was read by ", highest->reader,
            " until ", highest->ended);
  }
}

using FirstBegun = std::map<std::pair<PartitionIndex, Offset>, Stamp>;

FirstBegun first_begun(const History& history) {
  FirstBegun first;
  for (const Attempt& attempt : history.attempts) {
    if (attempt.refused) continue;
    Stamp& at = first.try_emplace({attempt.partition, attempt.offset}, attempt.begun).first->second;
    at = std::min(at, attempt.begun);
  }
  return first;
}

}  // namespace

Verdict check_offsets(const History& history) {
  Verdict verdict{"linearizable offsets", {}, {}};
  std::map<PartitionIndex, std::vector<const Read*>> by_partition;
  for (const Read& read : history.reads) by_partition[read.partition].push_back(&read);
  for (auto& [partition, reads] : by_partition) {
    std::sort(reads.begin(), reads.end(), [](auto* a, auto* b) { return a->begun < b->begun; });
    check_reads_do_not_fall(reads, verdict);
  }
  const FirstBegun first = first_begun(history);
  for (const Read& read : history.reads) {
    if (read.offset < 0) continue;
    const auto it = first.find({read.partition, read.offset});
    if (it == first.end())
      blame(verdict, "partition ", read.partition, " reads ", read.offset, " at ", read.begun,
            " by ", read.reader, ", which nobody committed, or whoever did was refused");
    else if (it->second > read.ended)
      blame(verdict, "partition ", read.partition, " reads ", read.offset, " until ", read.ended,
            " by ", read.reader, ", but its commit began at ", it->second);
  }
  verdict.summary = text(history.reads.size(), " reads of ", history.attempts.size(), " commits");
  return verdict;
}

}  // namespace muster::chaos
