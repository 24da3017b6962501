#include "checks.hpp"

#include "blame.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <tuple>

namespace muster::chaos {
namespace {

std::string shown(const Write& w) {
  return text("partition ", w.partition, " number ", w.number, " token ", w.token, " by ", w.worker,
              " at ", w.at);
}
std::string shown(const Hold& h) {
  return text("worker ", h.worker, " token ", h.token, " valid ", h.from, "..", h.to);
}

/// One span for each grant: from the first to the last moment it was seen valid.
std::map<PartitionIndex, std::vector<Hold>> grants(const History& history) {
  std::map<std::tuple<PartitionIndex, Token, Pid>, Hold> merged;
  for (const Hold& hold : history.holds) {
    Hold& whole = merged.try_emplace({hold.partition, hold.token, hold.worker}, hold).first->second;
    whole.from = std::min(whole.from, hold.from);
    whole.to = std::max(whole.to, hold.to);
  }
  std::map<PartitionIndex, std::vector<Hold>> by_partition;
  for (const auto& [key, hold] : merged) by_partition[hold.partition].push_back(hold);
  return by_partition;
}

void check_sink_order(const History& history, Verdict& verdict) {
  std::map<PartitionIndex, Write> highest;
  for (const Write& write : history.writes) {
    if (!write.accepted) continue;
    Write& top = highest.try_emplace(write.partition, write).first->second;
    if (write.token < top.token)
      blame(verdict, "accepted after a greater token: ", shown(write), "; before it ", shown(top));
    if (write.token >= top.token) top = write;
  }
}

void check_tokens_have_one_user(const History& history, Verdict& verdict) {
  std::map<std::pair<PartitionIndex, Token>, Pid> users;
  const auto use = [&](PartitionIndex partition, Token token, Pid worker) {
    const Pid first = users.try_emplace({partition, token}, worker).first->second;
    if (first != worker)
      blame(verdict, "partition ", partition, " token ", token, " is used by workers ", first,
            " and ", worker);
  };
  for (const Write& w : history.writes) use(w.partition, w.token, w.worker);
  for (const Hold& h : history.holds) use(h.partition, h.token, h.worker);
}

void check_no_overlap(const History& history, Verdict& verdict) {
  for (const auto& [partition, holds] : grants(history))
    for (std::size_t later = 1; later < holds.size(); ++later)  // by rising token
      for (std::size_t earlier = 0; earlier < later; ++earlier)
        if (holds[earlier].worker != holds[later].worker && holds[earlier].to > holds[later].from)
          blame(verdict, "partition ", partition, " is valid for two: ", shown(holds[earlier]),
                "; ", shown(holds[later]));
}

/// In one answer of the broker a partition has one holder at most.
void check_looks_are_exclusive(const History& history, Verdict& verdict) {
  for (const Look& look : history.looks) {
    std::map<PartitionIndex, Token> seen;
    for (const auto& [partition, token] : look.held)
      if (!seen.try_emplace(partition, token).second)
        blame(verdict, "the broker names two holders of partition ", partition, " at ", look.at,
              ": tokens ", seen[partition], " and ", token);
  }
}

/// For each moment the highest offset that had been acknowledged before it.
class Acknowledged {
 public:
  explicit Acknowledged(const std::vector<Ack>& acks) {
    for (const Ack& ack : acks) by_time_[ack.partition].push_back(ack);
    for (auto& [partition, list] : by_time_) {
      std::sort(list.begin(), list.end(), [](const Ack& a, const Ack& b) { return a.at < b.at; });
      for (std::size_t i = 1; i < list.size(); ++i)  // each becomes the highest up to its time
        if (list[i].offset < list[i - 1].offset) {
          list[i].offset = list[i - 1].offset;
          list[i].worker = list[i - 1].worker;
        }
    }
  }

  [[nodiscard]] const Ack* before(PartitionIndex partition, Stamp at) const {
    const auto found = by_time_.find(partition);
    if (found == by_time_.end()) return nullptr;
    const auto& list = found->second;
    const auto it = std::lower_bound(list.begin(), list.end(), at,
                                     [](const Ack& ack, Stamp t) { return ack.at < t; });
    return it == list.begin() ? nullptr : &*std::prev(it);
  }

 private:
  std::map<PartitionIndex, std::vector<Ack>> by_time_;
};

/// A commit that began after one under a greater token was acknowledged must have been refused.
void check_no_stale_ack(const History& history, Verdict& verdict) {
  std::vector<const Ack*> by_end, by_begin;
  for (const Ack& ack : history.acks) by_end.push_back(&ack), by_begin.push_back(&ack);
  std::sort(by_end.begin(), by_end.end(), [](auto* a, auto* b) { return a->at < b->at; });
  std::sort(by_begin.begin(), by_begin.end(), [](auto* a, auto* b) { return a->begun < b->begun; });
  std::map<PartitionIndex, Token> highest;
  auto ended = by_end.begin();
  for (const Ack* ack : by_begin) {
    for (; ended != by_end.end() && (*ended)->at < ack->begun; ++ended)
      highest[(*ended)->partition] = std::max(highest[(*ended)->partition], (*ended)->token);
    if (ack->token < highest[ack->partition])
      blame(verdict, "a former owner's commit was accepted: partition ", ack->partition, " token ",
            ack->token, " by ", ack->worker, " begun at ", ack->begun, ", after token ",
            highest[ack->partition], " had committed");
  }
}

void check_rogue(const History& history, Verdict& verdict) {
  for (const Ack& ack : history.rogue_accepted)
    blame(verdict, "a member that owned nothing could commit to partition ", ack.partition,
          " with token ", ack.token, " at ", ack.at);
}

/// A commit says that all numbers below it were written.
void check_committed_was_written(const History& history, Verdict& verdict) {
  std::map<PartitionIndex, std::set<std::int64_t>> written;
  for (const Write& w : history.writes)
    if (w.accepted) written[w.partition].insert(w.number);
  for (const Read& read : history.reads) {
    if (read.reader != 0) continue;
    const auto& numbers = written[read.partition];
    for (std::int64_t number = 0; number < read.offset; ++number)
      if (!numbers.contains(number)) {
        blame(verdict, "partition ", read.partition, " is committed up to ", read.offset,
              ", but number ", number, " was never written");
        break;
      }
  }
}

template <class Number>
void check_rises(const char* what, Number& highest, Number now, Stamp at, Verdict& verdict) {
  if (now < highest) blame(verdict, what, " went back from ", highest, " to ", now, " at ", at);
  highest = std::max(highest, now);
}

/// Whether the worker itself was kept from running, for so long that it may have missed a beat.
bool overloaded(const WorkerLife& worker, Stamp at) {
  const Stamp session = micros(worker.session_timeout);
  return overlap(worker.gaps, at - 2 * session, at) > session / 3;
}

/// Whether the broker was away for so long that the worker may have had to fence itself.
bool broker_was_away(const History& history, const WorkerLife& worker, Stamp at) {
  const Stamp session = micros(worker.session_timeout);
  return overlap(history.broker_away, at - 2 * session, at) > session / 3;
}

struct HealthCounts {
  int judged = 0, losses = 0, excused_by_broker = 0, excused_by_load = 0;
};

void check_losses(const History& history, const WorkerLife& worker, Stamp until,
                  HealthCounts& counts, Verdict& verdict) {
  for (const Lost& lost : worker.lost) {
    if (lost.at >= until) continue;
    ++counts.losses;
    if (broker_was_away(history, worker, lost.at))
      ++counts.excused_by_broker;
    else if (overloaded(worker, lost.at))
      ++counts.excused_by_load;
    else
      blame(verdict, "worker ", worker.pid, " (S = ", worker.session_timeout.count(),
            " ms), which ran all the time, lost partition ", lost.partition, " token ", lost.token,
            " at ", lost.at);
  }
}

void check_ids(const History& history, const WorkerLife& worker, Stamp until, HealthCounts& counts,
               Verdict& verdict) {
  std::set<std::string> mine;
  for (std::size_t i = 0; i < worker.ids.size(); ++i) {
    mine.insert(worker.ids[i].second);
    if (i == 0 || worker.ids[i].first >= until) continue;
    if (overloaded(worker, worker.ids[i].first))
      ++counts.excused_by_load;
    else
      blame(verdict, "worker ", worker.pid, " (S = ", worker.session_timeout.count(),
            " ms), which ran all the time, had to join anew: ", worker.ids[i - 1].second,
            " became ", worker.ids[i].second, " at ", worker.ids[i].first);
  }
  for (const Expulsion& expulsion : history.expulsions) {
    if (!mine.contains(expulsion.member) || expulsion.at >= until) continue;
    if (overloaded(worker, expulsion.at))
      ++counts.excused_by_load;
    else
      blame(verdict, "worker ", worker.pid, " (S = ", worker.session_timeout.count(),
            " ms), which ran all the time, was expelled as ", expulsion.member, ": ",
            to_string(expulsion.reason), " at ", expulsion.at);
  }
}

}  // namespace

Verdict check_one_owner(const History& history) {
  Verdict verdict{"one owner", {}, {}};
  check_sink_order(history, verdict);
  check_tokens_have_one_user(history, verdict);
  check_no_overlap(history, verdict);
  check_looks_are_exclusive(history, verdict);
  std::size_t count = 0;
  for (const auto& [partition, holds] : grants(history)) count += holds.size();
  verdict.summary = text(history.writes.size(), " writes, ", count, " grants, ",
                         history.looks.size(), " looks at the broker");
  return verdict;
}

Verdict check_commits(const History& history) {
  Verdict verdict{"commits", {}, {}};
  check_rogue(history, verdict);
  const Acknowledged acknowledged(history.acks);
  for (const Read& read : history.reads) {
    const Ack* ack = acknowledged.before(read.partition, read.begun);
    if (ack != nullptr && read.offset < ack->offset)
      blame(verdict, "lost: partition ", read.partition, " reads ", read.offset, " at ", read.begun,
            " by ", read.reader, ", but ", ack->offset, " was acknowledged to ", ack->worker,
            " by ", ack->at);
  }
  check_no_stale_ack(history, verdict);
  check_committed_was_written(history, verdict);
  verdict.summary =
      text(history.acks.size(), " acknowledged, ", history.refused_commits, " refused, ",
           history.unanswered_commits, " unanswered, ", history.rogue_refused,
           " of a rogue refused, ", history.reads.size(), " reads");
  return verdict;
}

Verdict check_monotone(const History& history) {
  Verdict verdict{"epochs, terms, tokens", {}, {}};
  Epoch epoch = 0, assignment = 0, newest = 0;
  Term term = 0;
  std::map<std::string, Epoch> members;
  std::map<PartitionIndex, Token> tokens;
  for (const Look& look : history.looks) {
    check_rises("the group epoch", epoch, look.epoch, look.at, verdict);
    check_rises("the assignment epoch", assignment, look.assignment_epoch, look.at, verdict);
    check_rises("the term", term, look.term, look.at, verdict);
    for (const auto& [id, now] : look.members)
      check_rises("a member epoch", members[id], now, look.at, verdict);
    for (const auto& [partition, token] : look.held)
      check_rises("a token", tokens[partition], token, look.at, verdict);
    if (!look.history.empty())
      check_rises("the newest epoch of the history", newest, look.history.front(), look.at,
                  verdict);
    if (std::adjacent_find(look.history.begin(), look.history.end(), std::less_equal<>()) !=
        look.history.end())
      blame(verdict, "the history's epochs do not fall at ", look.at);
  }
  for (const auto& [partition, holds] : grants(history))
    for (std::size_t i = 1; i < holds.size(); ++i)
      if (holds[i].from < holds[i - 1].from)
        blame(verdict, "partition ", partition,
              " was granted with a smaller token later: ", shown(holds[i - 1]), "; ",
              shown(holds[i]));
  verdict.summary = text("epoch ", epoch, ", term ", term, ", ", members.size(), " members seen");
  return verdict;
}

Verdict check_healthy(const History& history) {
  Verdict verdict{"healthy members", {}, {}};
  HealthCounts counts;
  for (const WorkerLife& worker : history.workers) {
    const Stamp until = worker.touched.value_or(std::numeric_limits<Stamp>::max());
    if (!worker.ids.empty() && worker.ids.front().first < until) ++counts.judged;
    check_losses(history, worker, until, counts, verdict);
    check_ids(history, worker, until, counts, verdict);
  }
  if (counts.judged == 0) blame(verdict, "no worker ran undisturbed, so nothing was checked");
  verdict.summary =
      text(counts.judged, " workers while undisturbed, ", counts.losses, " partitions lost, ",
           counts.excused_by_broker,
           " of them to the broker's absence; excused by load: ", counts.excused_by_load);
  return verdict;
}

Verdict check_progress(const History& history) {
  Verdict verdict{"progress", {}, {}};
  std::map<PartitionIndex, int> after;
  std::uint64_t accepted = 0, fenced = 0;
  for (const Write& write : history.writes) {
    ++(write.accepted ? accepted : fenced);
    if (write.accepted && write.at > history.last_fault) ++after[write.partition];
  }
  for (PartitionIndex p = 0; p < history.partitions; ++p)
    if (!after.contains(p))
      blame(verdict, "partition ", p, " did not go on after the last fault at ",
            history.last_fault);
  if (history.faults.empty()) blame(verdict, "no fault struck");
  for (const auto& [kind, count] : history.faults)
    if (count == 0) blame(verdict, "no ", kind, " happened");
  if (accepted == 0) blame(verdict, "nothing was written");
  if (history.acks.empty()) blame(verdict, "nothing was committed");
  if (history.rogue_refused == 0) blame(verdict, "the rogue never got through to be refused");
  if (fenced + history.refused_commits == 0 && history.required.empty())
    blame(verdict, "no write was fenced and no commit refused: the faults did not bite");
  verdict.summary = text(accepted, " accepted writes, ", fenced, " fenced, ", after.size(), " of ",
                         history.partitions, " partitions went on");
  return verdict;
}

Verdict check_processes(const History& history) {
  Verdict verdict{"processes", {}, {}};
  for (const std::string& end : history.broker_ends) blame(verdict, "the broker ", end);
  for (const WorkerLife& worker : history.workers)
    if (!worker.end.empty()) blame(verdict, "worker ", worker.pid, " ", worker.end);
  verdict.summary = text(history.workers.size(), " workers, ", history.broker_away.size(),
                         " absences of the broker");
  return verdict;
}

std::vector<Verdict> check_all(const History& history) {
  return {check_one_owner(history), check_commits(history), check_offsets(history),
          check_monotone(history),  check_healthy(history), check_progress(history),
          check_processes(history)};
}

}  // namespace muster::chaos
