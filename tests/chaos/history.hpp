/// What a torture run has recorded: plain values, which the checks judge and tests can doctor.
///
/// Four witnesses wrote it down independently: each worker (its journal), the sink (every write it
/// was asked for), the observer (what the broker says of the group), and the run itself (what it
/// did to whom, and when).
#pragma once

#include "clock.hpp"

#include <muster/messages.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster::chaos {

using Pid = std::int32_t;

/// The sink was asked to write `number` for a partition under a token.
struct Write {
  PartitionIndex partition = 0;
  Token token = 0;
  std::int64_t number = 0;
  Pid worker = 0;
  Stamp at = 0;
  bool accepted = true;
};

/// A worker saw Ownership::valid() be true from `from` to `to`, at least. One grant may be told in
/// several of these; once false it is false for ever, so the grant held all the time between them.
struct Hold {
  PartitionIndex partition = 0;
  Token token = 0;
  Pid worker = 0;
  Stamp from = 0;  ///< Taken after the first look.
  Stamp to = 0;    ///< Taken before the last look.
};

/// The broker acknowledged a commit.
struct Ack {
  PartitionIndex partition = 0;
  Token token = 0;
  Offset offset = 0;
  Pid worker = 0;
  Stamp begun = 0;
  Stamp at = 0;
};

/// Somebody read a partition's committed offset.
struct Read {
  PartitionIndex partition = 0;
  Offset offset = -1;
  Pid reader = 0;  ///< 0: the run itself, at the end.
  Stamp begun = 0;
  Stamp ended = 0;
};

/// Of a commit that was begun: whether it may have taken effect.
struct Attempt {
  PartitionIndex partition = 0;
  Token token = 0;
  Offset offset = 0;
  Pid worker = 0;
  Stamp begun = 0;
  bool refused = false;  ///< Definitely not. Else it was acknowledged, or nobody knows.
};

/// What the broker said of the group, in the order in which it was asked. Epoch 0: it did not know
/// the group.
struct Look {
  Stamp at = 0;
  Epoch epoch = 0;
  Epoch assignment_epoch = 0;
  Term term = 0;
  std::map<std::string, Epoch> members;                ///< By member id.
  std::vector<std::pair<PartitionIndex, Token>> held;  ///< Owned, or being given up.
  std::vector<Epoch> history;                          ///< Newest first.
};

/// A stretch of time in which somebody did not run.
struct Span {
  Stamp from = 0;
  Stamp to = 0;
};

struct Lost {
  PartitionIndex partition = 0;
  Token token = 0;
  Stamp at = 0;
};

struct WorkerLife {
  Pid pid = 0;
  Millis session_timeout{0};
  Stamp started = 0;
  std::optional<Stamp> touched;  ///< First SIGSTOP, SIGKILL or SIGTERM that it got.
  std::vector<std::pair<Stamp, std::string>> ids;  ///< Member ids, from when on.
  std::vector<Lost> lost;                          ///< From on_lost.
  std::vector<Span> gaps;  ///< Its own clock: it was not scheduled for more than 50 ms.
  std::string end;         ///< Of an end that nobody asked for: how. Else empty.
};

/// The broker's event member_expelled.
struct Expulsion {
  std::string member;
  Reason reason = Reason::none;
  Stamp at = 0;
};

/// An event of the broker, as the run's watcher was told of it.
struct Told {
  ShardIndex shard = 0;
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;  ///< In its group.
  std::string group;
  EventKind kind = EventKind::broker_started;
  std::string member;
  Reason reason = Reason::none;
  Millis took{0};
  Stamp seen = 0;
  bool live = false;  ///< It was pushed as it happened; else read later.
};

/// One member id of a crowd (crowd.hpp), from its join to its end or to the end of the run.
struct Vigil {
  std::string member;
  Millis session_timeout{0};
  Stamp joined = 0;      ///< When its Join was sent.
  Stamp heard_sent = 0;  ///< When that was sent which the broker last answered.
  Stamp heard_at = 0;    ///< When that answer came.
  Stamp last_sent = 0;   ///< Nothing that keeps a session alive was sent after this.
  bool silent = false;   ///< It fell silent on purpose.
  bool refused = false;  ///< The broker said in the end that it knows it no more.
  bool revived = false;  ///< The broker took it back after it had told it that it was expelled.
};

struct History {
  std::int32_t partitions = 0;
  std::map<std::string, int> faults;  ///< How often each kind struck; every kind has an entry.
  Stamp last_fault = 0;
  std::vector<Span> broker_away;         ///< Stopped, or killed and not yet ready again.
  std::vector<std::string> broker_ends;  ///< Ends of the broker that nobody asked for.
  std::vector<Write> writes;             ///< In the sink's order.
  std::vector<Hold> holds;
  std::vector<Ack> acks;
  std::uint64_t refused_commits = 0;
  std::uint64_t unanswered_commits = 0;
  std::vector<Ack> rogue_accepted;  ///< Commits of a member that owned nothing.
  std::uint64_t rogue_refused = 0;
  std::vector<Read> reads;
  std::vector<Look> looks;
  std::vector<WorkerLife> workers;
  std::vector<Expulsion> expulsions;

  // Of chaos only.
  std::vector<Attempt> attempts;     ///< Every commit; empty: not recorded.
  std::vector<Told> told;            ///< Every event, in the order in which the watcher got it.
  std::vector<Told> kept;            ///< Every event, as read once all was over.
  std::vector<Vigil> vigils;         ///< Of all crowds.
  std::vector<Stamp> broker_starts;  ///< When its doors were seen open.
  std::vector<Span> disk_slow;       ///< Syncs took longer, or could not succeed.
  std::map<std::string, std::uint64_t> counts;    ///< What was done, for the closing table.
  std::map<std::string, std::uint64_t> required;  ///< Of counts: the least that makes a run.
  std::map<std::string, std::string> skipped;     ///< Kinds of fault that did not strike, and why.
};

}  // namespace muster::chaos
