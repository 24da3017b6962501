#include "blame.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
/// The run notes an absence of the broker a little too long: before it begins, and after it ends.
constexpr Stamp blur = 150'000;
/// What follows a restart or a stalled disk may be late for a while.
constexpr Stamp aftermath = second;

struct Lateness {
  std::vector<Stamp> all;
  [[nodiscard]] Stamp at(std::size_t percent) {
    if (all.empty()) return 0;
    std::sort(all.begin(), all.end());
    return all[(all.size() - 1) * percent / 100];
  }
};

bool by_silence(Reason reason) {
  return reason == Reason::session_expired || reason == Reason::answers_without_beats;
}

/// Whether a restart or a stalled disk had a say between the two, besides the member's silence. A
/// pause has none: it is not counted.
bool disturbed(const History& history, Stamp from, Stamp to) {
  const bool restarted =
      std::any_of(history.broker_starts.begin(), history.broker_starts.end(),
                  [&](Stamp start) { return start > from - aftermath && start < to; });
  return restarted || overlap(history.disk_slow, from - aftermath, to) > 0;
}

Stamp credited(const History& history, Stamp from, Stamp to) {
  Stamp sum = 0;
  for (const Told& told : history.told)
    if (told.kind == EventKind::broker_stalled && told.seen > from && told.seen < to + second)
      sum = std::max(sum, micros(told.took));
  return sum;
}

class Sessions {
 public:
  explicit Sessions(const History& history) : history_(history) {
    for (const Told& told : history.told)
      if (told.kind == EventKind::member_expelled) expelled_.emplace(told.member, &told);
  }

  void judge(const Vigil& vigil, Verdict& verdict) {
    const auto it = expelled_.find(vigil.member);
    if (vigil.revived)
      blame(verdict, vigil.member, " was told that it is expelled, and could resume later");
    if (it == expelled_.end()) return judge_kept(vigil, verdict);
    ++ended_;
    judge_expelled(vigil, *it->second, verdict);
  }

  [[nodiscard]] std::string summary() {
    return text(history_.vigils.size(), " lives, ", ended_, " expelled; ", lateness_.all.size(),
                " of them timed: ", lateness_.at(50) / 1'000, " ms after S (median), ",
                lateness_.at(100) / 1'000, " ms at most");
  }
  [[nodiscard]] Lateness& lateness() { return lateness_; }

 private:
  void judge_kept(const Vigil& vigil, Verdict& verdict) const {
    if (vigil.refused)
      blame(verdict, vigil.member, " is unknown to the broker, but no event tells of its end");
    const Stamp end = history_.last_fault;
    const Stamp silence =
        end - vigil.last_sent - overlap(history_.broker_away, vigil.last_sent, end);
    if (vigil.silent && silence > 3 * micros(vigil.session_timeout) + 2 * aftermath &&
        !disturbed(history_, vigil.last_sent, end))
      blame(verdict, vigil.member, " (S = ", vigil.session_timeout.count(),
            " ms) has been silent since ", vigil.last_sent, " and was never expelled");
  }

  void judge_expelled(const Vigil& vigil, const Told& told, Verdict& verdict) {
    const Stamp session = micros(vigil.session_timeout);
    if (!by_silence(told.reason)) {
      blame(verdict, vigil.member, " was expelled for ", to_string(told.reason), " at ", told.seen);
      return;
    }
    const Stamp silence =
        told.seen - vigil.heard_sent - overlap(history_.broker_away, vigil.heard_sent, told.seen);
    if (silence < session - blur)
      blame(verdict, vigil.member, " (S = ", vigil.session_timeout.count(), " ms) was expelled at ",
            told.seen, " after ", silence / 1'000,
            " ms of silence: the broker had answered what it sent at ", vigil.heard_sent);
    time(vigil, told, verdict);
  }

  /// Only of those that fell silent on purpose, while the watcher was there to see.
  void time(const Vigil& vigil, const Told& told, Verdict& verdict) {
    const Stamp session = micros(vigil.session_timeout);
    const Stamp heard = std::max(vigil.heard_at, vigil.last_sent);
    if (!vigil.silent || !told.live || told.seen < heard) return;
    if (disturbed(history_, heard, told.seen)) return;
    const Stamp late =
        told.seen - heard - session - overlap(history_.broker_away, heard, told.seen);
    lateness_.all.push_back(late);
    if (late > session + credited(history_, heard, told.seen))
      blame(verdict, vigil.member, " (S = ", vigil.session_timeout.count(), " ms) was silent from ",
            heard, " on and was expelled ", late / 1'000, " ms too late, at ", told.seen);
  }

  const History& history_;
  std::map<std::string, const Told*> expelled_;
  std::size_t ended_ = 0;
  Lateness lateness_;
};

auto facts(const Told& t) {
  return std::tie(t.sequence, t.group, t.kind, t.member, t.reason, t.took);
}

std::string shown(const Told& t) {
  return text("event ", t.number, " of shard ", t.shard, " (", to_string(t.kind), " ", t.member,
              ")");
}

/// By shard, the numbers are 1, 2, 3, …; by group, so are the sequences.
void check_dense(const std::vector<Told>& events, const char* whose, Verdict& verdict) {
  std::map<ShardIndex, std::uint64_t> numbers;
  std::map<std::pair<ShardIndex, std::string>, std::uint64_t> sequences;
  for (const Told& told : events) {
    std::uint64_t& number = numbers[told.shard];
    if (told.number != number + 1)
      blame(verdict, whose, ": ", shown(told), " follows number ", number);
    number = told.number;
    if (told.sequence == 0) continue;
    std::uint64_t& sequence = sequences[{told.shard, told.group}];
    if (told.sequence != sequence + 1)
      blame(verdict, whose, ": ", shown(told), " has sequence ", told.sequence, " in group ",
            told.group, " after ", sequence);
    sequence = told.sequence;
  }
}

}  // namespace

Verdict check_sessions(const History& history) {
  Verdict verdict{"sessions", {}, {}};
  Sessions sessions(history);
  for (const Vigil& vigil : history.vigils) sessions.judge(vigil, verdict);
  // Single ones are late when this machine is; half of them are not. 20 ms are the broker's own.
  constexpr Stamp most_by_half = 250'000;
  if (sessions.lateness().at(50) > most_by_half)
    blame(verdict, "half of the silent were expelled more than ", most_by_half / 1'000,
          " ms too late");
  if (history.required.contains("fell silent") && sessions.lateness().all.empty())
    blame(verdict, "nobody's expulsion could be timed");
  verdict.summary = sessions.summary();
  return verdict;
}

Verdict check_events(const History& history) {
  Verdict verdict{"events", {}, {}};
  check_dense(history.told, "told", verdict);
  check_dense(history.kept, "kept", verdict);
  std::map<std::pair<ShardIndex, std::uint64_t>, const Told*> kept;
  for (const Told& told : history.kept) kept[{told.shard, told.number}] = &told;
  std::set<std::pair<ShardIndex, std::uint64_t>> seen;
  for (const Told& told : history.told) {
    const auto it = kept.find({told.shard, told.number});
    seen.insert({told.shard, told.number});
    if (it == kept.end())
      blame(verdict, shown(told), " was told at ", told.seen, " and is gone");
    else if (facts(*it->second) != facts(told))
      blame(verdict, shown(told), " was told at ", told.seen,
            " and is another one now: ", shown(*it->second));
  }
  for (const Told& told : history.kept)
    if (!seen.contains({told.shard, told.number})) blame(verdict, shown(told), " was never told");
  const auto live = std::count_if(history.told.begin(), history.told.end(),
                                  [](const Told& told) { return told.live; });
  verdict.summary =
      text(history.told.size(), " told, ", live, " of them live; ", history.kept.size(), " kept");
  return verdict;
}

Verdict check_counts(const History& history) {
  Verdict verdict{"counts", {}, {}};
  for (const auto& [name, least] : history.required) {
    const auto it = history.counts.find(name);
    const std::uint64_t count = it == history.counts.end() ? 0 : it->second;
    if (count < least) blame(verdict, count, " ", name, ", and it takes ", least);
  }
  if (history.required.empty()) blame(verdict, "not all faults were asked for");
  verdict.summary = text(history.required.size(), " kinds that a run needs");
  return verdict;
}

std::vector<Verdict> check_chaos(const History& history) {
  std::vector<Verdict> all = check_all(history);
  all.push_back(check_sessions(history));
  all.push_back(check_events(history));
  all.push_back(check_counts(history));
  return all;
}

}  // namespace muster::chaos
