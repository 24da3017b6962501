/// Every message between a member, an operator and the broker, as plain structs.
///
/// `Request`s go to the core and may change state. `Query`s are answered by the door from a View
/// and never enter the core. `ReplyBody` answers either; `PushBody` comes unasked. A field that a
/// message does not need has its default. The bytes are codec.hpp's business, not this file's.
#pragma once

#include <muster/errc.hpp>
#include <muster/types.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
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
// Requests of services' instances, of nodes, and of those who act for them

struct MetaEntry {
  std::string key;
  std::string value;
  friend bool operator==(const MetaEntry&, const MetaEntry&) = default;
};

/// What an instance says about itself: where it is reached, and by what it is chosen.
struct InstanceInfo {
  std::string address;            ///< Host name or IP address, at most 253 bytes.
  std::uint16_t port = 0;         ///< 0: it has none.
  std::vector<std::string> tags;  ///< Sorted by the core, duplicates dropped.
  std::vector<MetaEntry> meta;    ///< Sorted by key; each key once.
  std::uint32_t weight = 1;       ///< Relative to the others of the service.
  std::string zone;
  NodeName node;  ///< The host it runs on; empty: it names none.
  friend bool operator==(const InstanceInfo&, const InstanceInfo&) = default;
};

/// Registers an instance, or registers it again. Answered by RegisterOk.
///
/// A higher incarnation than the present one replaces it at once, and its connection is told
/// (Fenced); a lower one is refused with stale_incarnation; the same one changes what is said about
/// it. 0 is the present one, or, if there is none, one above the last that is known.
struct Register {
  ServiceName service;
  InstanceId instance;  ///< Empty: the broker makes one.
  Incarnation incarnation = 0;
  InstanceInfo info;
  Millis session_timeout{15'000};  ///< S; 0: it does not beat for itself but lives with its node.
  std::string owner;               ///< Who registers on its behalf; empty: it does so itself.
  /// What it begins as: starting (until its first heartbeat), healthy, overloaded or critical.
  Status status = Status::starting;
};

/// A heartbeat for who knows its instance by name instead of by a session handle on its connection.
/// Answered by HeartbeatOk; unknown_instance tells to register again.
struct BeatInstance {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;  ///< 0: whichever is present.
  std::uint32_t flags = 0;      ///< beat_* bits.
};

/// What a check found: the instance is no better than this, until another report. A heartbeat, too.
struct Report {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
  Status status = Status::healthy;  ///< healthy, overloaded or critical.
  std::string detail;               ///< In words, at most 1000 bytes.
};

/// The instance is gone, by its own word or that of somebody who may say so.
struct Deregister {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;  ///< 0: whichever is present.
  std::string why;              ///< In words; kept in the event. At most 1000 bytes.
};

/// Registers the host that an agent beats for; rules as for Register. Answered by NodeOk.
struct RegisterNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::string address;
  std::string zone;
  Millis session_timeout{15'000};
};
struct BeatNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::uint32_t flags = 0;
};
struct DeregisterNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::string why;
};

/// An operator takes an instance out of the answers, or lets it back; its own status goes on below.
struct SetMaintenance {
  ServiceName service;
  InstanceId instance;
  bool on = true;
  std::string why;  ///< In words, at most 1000 bytes.
};
/// An operator ends a service's protection: who is dead goes now. Refused with not_protected.
struct EndProtection {
  ServiceName service;
  std::string why;
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

/// Everything that the core handles, in one type. A new alternative goes to the end.
using Request = std::variant<Heartbeat, Pong, Release, Commit, Join, Resume, Update, Leave,
                             CreateTopic, GrowTopic, DeleteTopic, AlterOffsets, DeleteGroup,
                             ExpelMember, AlterGroup, Register, BeatInstance, Report, Deregister,
                             RegisterNode, BeatNode, DeregisterNode, SetMaintenance, EndProtection>;

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
/// Events from `after` (exclusive) on, at most `limit`; with `follow` more are pushed as they come.
struct ReadEvents {
  std::vector<std::uint64_t>
      after;  ///< One number a shard; shorter or empty: 0, all that are kept.
  std::optional<GroupId> group;
  std::uint32_t limit = 1000;  ///< 1-10,000.
  bool follow = false;
};
struct ReadMetrics {};

/// All services. With `follow` more answers come, each after the names or their tags have changed.
struct ListServices {
  std::string prefix;
  bool follow = false;
};
/// One service. With `follow` more answers come, each after its result has changed.
struct LookupService {
  ServiceName service;
  bool passing = false;   ///< Only those that are handed out.
  std::string tag;        ///< Only those with it; empty: all.
  std::string zone;       ///< Only those in it; empty: all.
  bool departed = false;  ///< Also those that are gone, as long as they are remembered.
  bool follow = false;
};
struct ListNodes {
  std::string prefix;
};

using Query = std::variant<ListTopics, ListGroups, DescribeGroup, FetchOffsets, GroupHistory,
                           ReadEvents, ReadMetrics, ListServices, LookupService, ListNodes>;

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
struct Done {                           ///< Done, nothing to tell.
  std::uint64_t catalogue_version = 0;  ///< For changes of topics: the version that has it.
};
struct TopicChanged {
  TopicId id;
  std::int32_t partitions = 0;
  std::uint64_t catalogue_version = 0;
};

struct RegisterOk {
  SessionHandle session;  ///< 0 if it does not beat for itself.
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
  Millis session_timeout{0};     ///< S.
  Millis heartbeat_interval{0};  ///< S / 3.
  std::uint64_t index = 0;       ///< Of the service's result that has it.
};
struct NodeOk {
  SessionHandle session;
  NodeName node;
  Incarnation incarnation = 0;
  Millis session_timeout{0};
  Millis heartbeat_interval{0};
};

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

/// How many instances a service has, and in which status.
struct ServiceSummary {
  ServiceName service;
  std::uint64_t index = 0;
  std::uint32_t instances = 0;
  std::uint32_t healthy = 0;
  std::uint32_t handed_out = 0;
  bool is_protected = false;
  std::vector<std::string> tags;  ///< Of all its instances, sorted.
};
struct ServiceList {
  std::uint64_t index = 0;               ///< Rises with the names and their tags only.
  std::vector<ServiceSummary> services;  ///< Sorted by name.
};
struct InstanceDescription {
  InstanceId instance;
  Incarnation incarnation = 0;
  InstanceInfo info;
  Millis session_timeout{0};  ///< 0: it lives with its node.
  std::string owner;          ///< Who registered it on its behalf; empty: itself.
  Status status = Status::starting;
  Reason reason = Reason::none;  ///< Of that status.
  std::string detail;            ///< The same in words: evidence, a check's or an operator's words.
  Wall since;                    ///< Since when it has that status.
  Wall registered_at;
  bool handed_out = false;    ///< Whether a consumer should be given it.
  bool is_protected = false;  ///< It is handed out though it is critical or dead, as a last choice.
  bool degraded = false;      ///< It flaps: a last choice while it is so.
};
/// An instance that is gone.
struct DepartedDescription {
  InstanceId instance;
  Incarnation incarnation = 0;
  std::string address;
  std::uint16_t port = 0;
  Wall at;
  Status last = Status::starting;  ///< The status that it went with.
  Reason reason = Reason::none;
  std::string detail;
};
struct ServiceResult {
  ServiceName service;
  bool known = false;  ///< It has instances, or had some lately.
  bool sure = true;    ///< False: after a restart none of it has been heard or judged yet.
  std::uint64_t index = 0;
  Reason protected_for = Reason::none;  ///< Why removal is held; none: it is not.
  Wall protected_since;
  std::vector<InstanceDescription> instances;  ///< `passing`: best first; else sorted by id.
  std::vector<DepartedDescription> departed;   ///< Newest first.
};
struct NodeDescription {
  NodeName node;
  Incarnation incarnation = 0;
  std::string address;
  std::string zone;
  Status status = Status::starting;
  Wall since;
  Millis session_timeout{0};
};
struct NodeList {
  std::vector<NodeDescription> nodes;  ///< Sorted by name.
};

enum class EventKind : std::uint8_t {
  member_joined = 1,
  member_left = 2,
  member_expelled = 3,
  member_status_changed = 4,
  rebalance_started = 5,
  rebalance_completed = 6,
  assignment_changed = 7,
  topic_created = 8,
  topic_grown = 9,
  topic_deleted = 10,
  broker_started = 11,
  broker_stalled = 12,
  group_deleted = 13,
  broker_stopped = 14,
  events_lost = 15,  ///< Stands in the mirror in the place of what the outbox's bound dropped.
  // Kept: 16 leader_elected, 17 broker_took_over.
  instance_registered =
      20,  ///< Anew, again with other properties, or in the place of an older one.
  instance_status_changed = 21,
  instance_removed = 22,
  node_registered = 23,
  node_status_changed = 24,
  node_removed = 25,
  node_instances_changed = 26,  ///< One a shard: what a node's edge did to those that live with it.
  protection_started = 27,
  protection_ended = 28,
};
[[nodiscard]] std::string_view to_string(EventKind kind);

/// One fact. Its id is (store uuid, shard, number); fields that a kind does not use are empty.
/// docs/events.md is the catalogue.
struct Event {
  ShardIndex shard = 0;
  std::uint64_t number = 0;  ///< Dense per shard, from 1.
  EventKind kind = EventKind::broker_started;
  Wall at;
  Term term = 0;
  Revision revision = 0;  ///< Of the change that it tells of.
  std::string group;
  std::uint64_t sequence = 0;  ///< Dense per group, from 1; 0 for events of no group.
  std::string member;
  std::string topic;
  Epoch epoch = 0;
  Reason reason = Reason::none;
  std::string detail;              ///< In words, for people.
  Status from = Status::starting;  ///< Of member_status_changed.
  Status to = Status::starting;
  std::vector<OwnedPartitions> assigned;          ///< Of assignment_changed: newly granted.
  std::vector<OwnedPartitions> revoked;           ///< Of assignment_changed: asked back.
  std::int32_t partitions = 0;                    ///< Of topic events: the count.
  Millis took{0};                                 ///< Of rebalance_completed and broker_stalled.
  std::vector<OwnedPartitions> released;          ///< Of assignment_changed: held no more.
  std::uint32_t step = 0;                         ///< Of assignment_changed: the member's step.
  TopicId topic_id;                               ///< Of topic events.
  std::shared_ptr<const EpochHistory> rebalance;  ///< Of rebalance_started and _completed.
  std::uint64_t first_lost = 0;  ///< Of events_lost: the first; `number` is that of the last.
  std::string service;           ///< `sequence` is dense per service, too.
  std::string instance;
  std::string node;
  Incarnation incarnation = 0;  ///< Of the instance or node.
};
struct EventList {
  std::vector<std::uint64_t> next;  ///< Per shard: pass as `after` to go on.
  std::vector<Event> events;        ///< In order per shard.
};
struct Metrics {
  std::string text;  ///< Prometheus text format.
};

/// The refusal of any request: typed, with a sentence that names the value and the bound.
struct Refusal {
  Errc code = Errc::ok;
  std::string message;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

using ReplyBody =
    std::variant<HeartbeatOk, Refusal, Done, JoinOk, ResumeOk, TopicChanged, TopicList, GroupList,
                 GroupDescription, OffsetList, HistoryList, EventList, Metrics, RegisterOk, NodeOk,
                 ServiceList, ServiceResult, NodeList>;

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
/// An instance's or node's session has ended by another's word, and why; the handle is void.
struct Fenced {
  ServiceName service;  ///< Empty for a node.
  InstanceId instance;
  NodeName node;
  Incarnation incarnation = 0;  ///< Of the one that has ended.
  Reason reason = Reason::none;
  std::string detail;
};
using PushBody = std::variant<Step, Ping, Expelled, Fenced>;

}  // namespace muster
