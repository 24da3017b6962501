/// The plain values that every room of muster speaks in: names, numbers, times, statuses.
///
/// Nothing here does anything: no I/O, no allocation beyond what the strings hold. All types are
/// comparable and ordered where an order is useful, so that they can be keys and test expectations.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// ---------------------------------------------------------------------------------------------
// Time

/// A duration in milliseconds, the resolution of every timeout in the system.
using Millis = std::chrono::milliseconds;

/// Steady time in milliseconds: never goes back, says nothing after a restart. Deadlines only.
struct Mono {
  std::int64_t ms = 0;
  friend auto operator<=>(const Mono&, const Mono&) = default;
  friend Mono operator+(Mono t, Millis d) { return {t.ms + d.count()}; }
  friend Mono operator-(Mono t, Millis d) { return {t.ms - d.count()}; }
  friend Millis operator-(Mono a, Mono b) { return Millis{a.ms - b.ms}; }
};

/// Wall-clock time in milliseconds since 1970 UTC. May jump; stamps records and events only.
struct Wall {
  std::int64_t ms = 0;
  friend auto operator<=>(const Wall&, const Wall&) = default;
};

/// The heartbeat interval that belongs to a session timeout: a third of it, always.
///
/// This is the only place where the rule is written; every reply, door, library and document asks
/// it.
constexpr Millis heartbeat_interval(Millis session_timeout) {
  return session_timeout / 3;
}

/// How late a heartbeat may be before its session counts as late: a quarter of the interval, at
/// least 50 ms, at most 1 s.
constexpr Millis heartbeat_grace(Millis session_timeout) {
  const Millis quarter = heartbeat_interval(session_timeout) / 4;
  return quarter < Millis{50} ? Millis{50} : quarter > Millis{1000} ? Millis{1000} : quarter;
}

// ---------------------------------------------------------------------------------------------
// Names and numbers

/// A name of one kind. Two kinds do not mix: a GroupId is no MemberId.
template <class Kind>
struct Name {
  std::string value;

  Name() = default;
  explicit Name(std::string v) : value(std::move(v)) {}
  explicit Name(std::string_view v) : value(v) {}
  explicit Name(const char* v) : value(v) {}

  [[nodiscard]] bool empty() const { return value.empty(); }
  friend auto operator<=>(const Name&, const Name&) = default;
  friend bool operator==(const Name&, const Name&) = default;
};

using GroupId = Name<struct GroupKind>;    ///< 1-249 bytes of UTF-8, no control characters.
using MemberId = Name<struct MemberKind>;  ///< One session in a group; the same rule as GroupId.
/// group.instance.id, a static member's own name; or an instance of a service. The rule of GroupId.
using InstanceId = Name<struct InstanceKind>;
using TopicName = Name<struct TopicKind>;      ///< [A-Za-z0-9._-]{1,249}, not "." or "..".
using ServiceName = Name<struct ServiceKind>;  ///< A DNS label: a-z 0-9 -, 1-63, no - at an end.
using NodeName = Name<struct NodeKind>;        ///< A host; the rule of GroupId.

/// A topic's identity from its creation: 128 random bits, never all zero for a real topic. A topic
/// that is deleted and created again has another id.
struct TopicId {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const TopicId&, const TopicId&) = default;
};

using PartitionIndex = std::int32_t;  ///< 0-based number of a partition in its topic.
using Epoch = std::int32_t;           ///< Group, target and member epochs; as on Kafka's wire.
using Term = std::uint32_t;      ///< Leadership number of a shard, 24 bits; rises at each start.
using Token = std::uint64_t;     ///< Fencing token: `term << 40 | counter`; 0 is no token.
using Revision = std::uint64_t;  ///< Dense number of a shard's changes; 0 is before the first.
/// Which start of its process an instance or node is: a later one has a higher number. 0: any.
using Incarnation = std::uint64_t;
using Offset = std::int64_t;  ///< A committed offset; -1 where there is none.
using ShardIndex = std::uint32_t;

inline constexpr Term max_term = (1U << 24) - 1;
inline constexpr std::uint64_t max_token_counter = (std::uint64_t{1} << 40) - 1;
inline constexpr Epoch max_epoch = 0x7fffffff;

constexpr Token make_token(Term term, std::uint64_t counter) {
  return (static_cast<Token>(term) << 40) | counter;
}
constexpr Term term_of(Token token) {
  return static_cast<Term>(token >> 40);
}

struct TopicPartition {
  TopicId topic;
  PartitionIndex partition = 0;
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

/// Partitions of one topic, sorted, each once. The unit in which work is listed everywhere.
struct TopicPartitions {
  TopicId topic;
  std::vector<PartitionIndex> partitions;
  friend bool operator==(const TopicPartitions&, const TopicPartitions&) = default;
};

/// Partitions of one topic with the token each was granted with: `tokens[i]` is of `partitions[i]`.
struct OwnedPartitions {
  TopicId topic;
  std::vector<PartitionIndex> partitions;
  std::vector<Token> tokens;
  friend bool operator==(const OwnedPartitions&, const OwnedPartitions&) = default;
};

/// Names a session on the wire: 16 bits shard, 20 bits generation, 28 bits slot, from the top.
/// Valid only on the connection it was bound to; opaque to clients.
struct SessionHandle {
  std::uint64_t value = 0;
  friend auto operator<=>(const SessionHandle&, const SessionHandle&) = default;
};
constexpr ShardIndex shard_of(SessionHandle handle) {
  return static_cast<ShardIndex>(handle.value >> 48);
}

// ---------------------------------------------------------------------------------------------
// Statuses and reasons: closed lists, their numbers are wire-visible and never reused

/// The status ladder of a session: member, instance or node.
enum class Status : std::uint8_t {
  starting = 0,    ///< Registered, never heard since.
  healthy = 1,     ///< Heartbeat on time.
  overloaded = 2,  ///< Silent for more than I + g.
  critical = 3,    ///< Silent for more than 2I + g: two heartbeats missed.
  dead = 4,        ///< S has passed without a heartbeat, and nothing answers.
  zombie = 5,  ///< No progress for max.poll.interval, or silent for S while the process answers.
  unreachable = 6,  ///< It beats, but does not answer probes.
  maintenance = 7,  ///< An operator said so.
};
[[nodiscard]] std::string_view to_string(Status status);

enum class GroupType : std::uint8_t {
  consumer = 0,  ///< The broker assigns (KIP-848 semantics).
  classic = 1,   ///< The member elected leader assigns (JoinGroup, SyncGroup).
};
[[nodiscard]] std::string_view to_string(GroupType type);

/// The state of a group of type consumer, in KIP-848's words.
enum class GroupState : std::uint8_t { empty = 0, assigning = 1, reconciling = 2, stable = 3 };
[[nodiscard]] std::string_view to_string(GroupState state);

/// Why something happened: a member went, an epoch rose, an assignment moved.
enum class Reason : std::uint8_t {
  none = 0,
  member_joined = 1,
  member_left = 2,        ///< It said so.
  session_expired = 3,    ///< Silent for its session timeout.
  progress_stalled = 4,   ///< No progress within max.poll.interval: a zombie.
  rebalance_timeout = 5,  ///< It did not give up revoked partitions in time.
  expelled_by_operator = 6,
  member_fenced_itself = 7,  ///< It had stopped by itself; its partitions were granted anew.
  subscription_changed = 8,
  capacity_changed = 9,
  status_changed = 10,
  topic_created = 11,
  topic_grown = 12,
  topic_deleted = 13,
  broker_restarted = 14,
  restored = 15,  ///< A backup was restored; epochs were raised.
  operator_request = 16,
  group_deleted = 17,
  heartbeat_late = 18,     ///< More than I + g since the last heartbeat.
  heartbeats_missed = 19,  ///< More than 2I + g since the last heartbeat.
  heartbeat_resumed = 20,
  broker_stalled = 21,         ///< The broker itself was away; the gap was credited.
  answers_without_beats = 22,  ///< S passed without a heartbeat, yet pings were answered: a zombie.
  static_member_replaced = 23,
  overload_reported = 24,  ///< The process says that it is overloaded.
  broker_stopped = 25,     ///< The broker was told to end.
  outbox_full = 26,        ///< Events waited for Kafka beyond the outbox's bound on disk.
  registered = 27,         ///< An instance or node was registered.
  reregistered = 28,       ///< It was registered again, with other properties.
  replaced = 29,           ///< A newer incarnation took its place.
  deregistered = 30,       ///< Somebody said that it is gone.
  status_reported = 31,    ///< A check reported its status.
  maintenance_began = 32,
  maintenance_ended = 33,
  node_dead = 34,       ///< The node that it lives with died.
  node_changed = 35,    ///< The node that it lives with changed its status.
  flapping = 36,        ///< It failed again and again: last choice until it is steady.
  steady = 37,          ///< It has not failed for long enough.
  service_silent = 38,  ///< An implausible share of the service fell silent at once.
  zone_silent = 39,     ///< An implausible share of a zone fell silent at once.
  heard_again = 40,     ///< Most of those that had fallen silent are heard again.
  protection_expired = 41,
  protection_ended = 42,  ///< By an operator.
  probe_bad = 43,         ///< A check's answer was slow, or not a good one.
  probes_missed = 44,     ///< A check's answers did not come.
  probe_passed = 45,      ///< A check passes again.
};
[[nodiscard]] std::string_view to_string(Reason reason);
/// The same as a sentence for people, without a full stop; empty for none.
[[nodiscard]] std::string_view in_words(Reason reason);

}  // namespace muster
