/// The messages of groups and their members, of topics and of operators.
#pragma once

#include <muster/types.hpp>

#include <optional>
#include <string>
#include <vector>

namespace muster {

// ---------------------------------------------------------------------------------------------
// What a member says about itself, and what it is given

/// What a client says about itself when it joins; shown by tools, used by no rule.
struct ClientInfo {
  std::string client_id;      ///< The application's own name for this client.
  std::string host;           ///< Where it runs, as it says itself.
  std::string address;        ///< host:port at which others reach it; empty if it publishes none.
  std::string software_name;  ///< For example "libmuster".
  std::string software_version;
  friend bool operator==(const ClientInfo&, const ClientInfo&) = default;
};

/// The whole present state of one member's work, in one message; a newer step replaces an older
/// one.
///
/// `assigned` is what the member owns and may work on. `revoking` is what it must stop, commit and
/// release (Release names this step); it is no longer part of `assigned`, but its token still
/// commits until it is released.
struct Step {
  GroupId group;
  MemberId member;
  std::uint32_t number = 0;  ///< Rises with each step of this member; survives restarts.
  Epoch member_epoch = 0;
  std::vector<OwnedPartitions> assigned;  ///< Sorted by topic id, then partition.
  std::vector<OwnedPartitions> revoking;  ///< The same order.
  std::uint32_t revoke_ms_left = 0;       ///< Counted by the member from its beat `heard_sequence`;
                                          ///< 0 if `revoking` is empty.
  std::uint32_t heard_sequence = 0;       ///< The last heartbeat that the broker had heard.
  friend bool operator==(const Step&, const Step&) = default;
};

// ---------------------------------------------------------------------------------------------
// Requests of members

/// Joins `group`, which is made if it does not exist. Answered by JoinOk, then by a Step push.
/// A Join with the id of a present member means "I own nothing": it starts that member anew.
struct Join {
  GroupId group;
  MemberId member;                     ///< Empty: the broker makes one.
  std::optional<InstanceId> instance;  ///< group.instance.id.
  ClientInfo client;
  std::vector<TopicName> topics;        ///< Subscription; sorted by the core, duplicates dropped.
  std::uint64_t catalogue_version = 0;  ///< Waits at most 1 s until this version is known here.
  Millis session_timeout{45'000};       ///< S.
  Millis rebalance_timeout{300'000};    ///< Time to release what is revoked.
  Millis max_poll_interval{300'000};    ///< Time without progress that makes a zombie.
  std::uint32_t weight = 1;             ///< Capacity, relative to the others; 0 takes no work.
  std::string zone;
  std::string assignor;  ///< Preferred server-side assignor; empty: no preference.
};

/// Binds a present member to the connection it comes from. Answered by ResumeOk, then by a Step
/// push.
struct Resume {
  GroupId group;
  MemberId member;
  Epoch member_epoch = 0;  ///< As last told; a lower or equal epoch than the present one resumes.
  bool fenced_itself = false;  ///< It stopped its work meanwhile: partitions are granted anew.
};

/// The heartbeat: fixed size on the wire, no string, no table.
struct Heartbeat {
  SessionHandle session;
  std::uint32_t sequence = 0;            ///< Rises with each beat of this session.
  Epoch member_epoch = 0;                ///< The newest that the member has applied.
  std::uint32_t progress = 0;            ///< Any change counts as progress of the worker.
  std::uint32_t session_timeout_ms = 0;  ///< Echo of S as the member knows it; 0: none yet.
  std::uint32_t flags = 0;               ///< beat_* bits.
};
inline constexpr std::uint32_t beat_overloaded = 1;  ///< The process says that it is overloaded.

/// Answers a Ping push: the process is alive even if its heartbeats are not.
struct Pong {
  SessionHandle session;
  std::uint32_t nonce = 0;
};

/// The member has stopped and committed everything in `revoking` of the step with this number. If a
/// newer step has asked for more meanwhile, nothing is released: that step is on its way.
struct Release {
  SessionHandle session;
  std::uint32_t step = 0;
};

/// Changes what a live member asked for when it joined; absent fields stay.
struct Update {
  SessionHandle session;
  std::optional<std::vector<TopicName>> topics;
  std::optional<std::uint32_t> weight;
  std::optional<Millis> session_timeout;
  std::uint64_t catalogue_version = 0;
};

/// Leaves the group; its work is given to others at once.
struct Leave {
  SessionHandle session;
};

/// One partition's committed offset, as a member or an operator asks for it.
struct OffsetCommit {
  TopicPartition partition;
  Token token = 0;     ///< The grant's token; ignored in AlterOffsets.
  Offset offset = -1;  ///< 0 or more.
  std::int32_t leader_epoch = -1;
  std::string metadata;  ///< At most 4096 bytes.
};

/// Commits offsets of partitions that the member holds: all of them or none.
struct Commit {
  SessionHandle session;
  std::uint32_t sequence = 0;  ///< Rises with each commit of this member; a retry repeats it.
  std::vector<OffsetCommit> offsets;
};

// ---------------------------------------------------------------------------------------------
// Requests of operators

struct CreateTopic {
  TopicName topic;
  std::int32_t partitions = 0;
};
struct GrowTopic {
  TopicName topic;
  std::int32_t partitions = 0;  ///< The new count, not the difference.
};
struct DeleteTopic {
  TopicName topic;
};
/// Sets or, with offset -1, removes committed offsets of a group without members.
struct AlterOffsets {
  GroupId group;
  std::vector<OffsetCommit> offsets;
};
/// Removes a group without members, its offsets and its history.
struct DeleteGroup {
  GroupId group;
};
struct ExpelMember {
  GroupId group;
  MemberId member;
  std::string why;  ///< In words; kept in the event. At most 1000 bytes.
};
/// Changes a group's settings; absent fields stay.
struct AlterGroup {
  GroupId group;
  std::optional<std::string> assignor;  ///< Empty: the members' preference decides again.
  std::optional<Millis>
      first_assignment_delay;  ///< Wait this long after the first join of an empty group.
};

// ---------------------------------------------------------------------------------------------
// Queries: answered from a View

struct ListTopics {
  std::string prefix;
};
struct ListGroups {
  std::string prefix;
};
struct DescribeGroup {
  GroupId group;
};
struct FetchOffsets {
  GroupId group;
  std::vector<TopicPartition> partitions;  ///< Empty: all that are committed.
};
/// The group's history of epochs, newest first.
struct GroupHistory {
  GroupId group;
  Epoch epoch = 0;  ///< 0: all that are kept; else that one.
};

// ---------------------------------------------------------------------------------------------
// Replies to requests

struct JoinOk {
  SessionHandle session;
  GroupId group;
  MemberId member;
  Term term = 0;                 ///< Of the shard, for comparison only.
  Millis session_timeout{0};     ///< S.
  Millis heartbeat_interval{0};  ///< S / 3.
};
struct ResumeOk {
  SessionHandle session;
  GroupId group;
  MemberId member;
  Millis session_timeout{0};
  Millis heartbeat_interval{0};
};
struct HeartbeatOk {
  SessionHandle session;
  std::uint32_t sequence = 0;            ///< Of the beat that is answered.
  std::uint32_t told_step = 0;           ///< Newest step that is durable and was sent.
  std::uint32_t session_timeout_ms = 0;  ///< S; the interval is a third of it.
};
struct TopicChanged {
  TopicId id;
  std::int32_t partitions = 0;
  std::uint64_t catalogue_version = 0;
};

// ---------------------------------------------------------------------------------------------
// Replies to queries

struct TopicDescription {
  TopicName name;
  TopicId id;
  std::int32_t partitions = 0;
};
struct TopicList {
  std::uint64_t catalogue_version = 0;
  std::vector<TopicDescription> topics;  ///< Sorted by name.
};
struct GroupSummary {
  GroupId group;
  GroupType type = GroupType::consumer;
  GroupState state = GroupState::empty;
  Epoch epoch = 0;
  std::uint32_t members = 0;
};
struct GroupList {
  std::vector<GroupSummary> groups;  ///< Sorted by name.
};
struct MemberDescription {
  MemberId member;
  std::optional<InstanceId> instance;
  ClientInfo client;
  Status status = Status::starting;
  Epoch member_epoch = 0;
  std::vector<TopicName> topics;
  Millis session_timeout{0};
  std::uint32_t weight = 1;
  std::string zone;
  std::vector<OwnedPartitions> assigned;
  std::vector<OwnedPartitions> revoking;
  std::vector<TopicPartitions> target;
};
struct GroupDescription {
  GroupId group;
  GroupType type = GroupType::consumer;
  GroupState state = GroupState::empty;
  std::string assignor;
  Epoch epoch = 0;
  Epoch assignment_epoch = 0;
  Term term = 0;
  std::vector<MemberDescription> members;  ///< Sorted by id.
};
struct CommittedOffset {
  TopicPartition partition;
  TopicName topic;
  Offset offset = -1;  ///< -1: none.
  std::int32_t leader_epoch = -1;
  std::string metadata;
  Wall committed_at;
  Token token = 0;  ///< Of the grant that committed it; 0: an operator.
};
struct OffsetList {
  std::vector<CommittedOffset>
      offsets;  ///< Sorted by (topic id, partition), or in the asked order.
};

/// From whom to whom partitions of one topic went. An empty `from` had no owner, an empty `to` has
/// none.
struct Move {
  MemberId from;
  MemberId to;
  TopicPartitions partitions;
  friend bool operator==(const Move&, const Move&) = default;
};
/// Why one epoch came to be, and what it took.
struct EpochHistory {
  Epoch epoch = 0;
  Reason reason = Reason::none;
  std::string trigger;        ///< Who or what caused it: a member id, a topic name, "operator".
  std::uint32_t changes = 0;  ///< How many changes this epoch gathered.
  std::string assignor;
  Wall started_at;     ///< The first change.
  Millis gathered{0};  ///< From the first change to the computed target.
  Millis revoked{-1};  ///< From the target to the last release; -1: not yet, or superseded.
  Millis settled{-1};  ///< From the target to the last grant; -1: not yet, or superseded.
  std::uint32_t members = 0;
  std::uint32_t moved = 0;  ///< Partitions that changed their owner in the target.
  std::vector<Move> moves;  ///< At most limits.hpp's bound; `moved` counts all.
  friend bool operator==(const EpochHistory&, const EpochHistory&) = default;
};
struct HistoryList {
  std::vector<EpochHistory> epochs;  ///< Newest first.
};

// ---------------------------------------------------------------------------------------------
// Pushes

/// "Are you there?" Sent once a heartbeat is late; answered by Pong from the connection's own
/// thread.
struct Ping {
  SessionHandle session;
  std::uint32_t nonce = 0;
};
/// The session has ended, and why; the handle is void. Work stops at once.
struct Expelled {
  GroupId group;
  MemberId member;
  Reason reason = Reason::none;
  std::string detail;
};

}  // namespace muster
