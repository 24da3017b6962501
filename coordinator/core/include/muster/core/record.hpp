/// The records: the durable state of a shard, as key → value or tombstone, the last one wins.
///
/// Records are state, not deltas: each is whole in itself, so a log compacted to the newest record
/// of each key is a legal store. Values are immutable and shared: the same object sits in the
/// core's state, in a View that readers hold, and in the batch that the store's thread is writing.
/// Only of members, which may be millions, state and Views keep a smaller form (member.hpp).
#pragma once

#include <muster/core/registry_record.hpp>
#include <muster/messages.hpp>
#include <muster/types.hpp>

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace muster::core {

/// Stored numbers; never reused. Keys of the registry use the fields `group` and `member`.
enum class RecordKind : std::uint8_t {
  meta = 1,               ///< key: nothing
  topic = 2,              ///< key: topic
  group = 3,              ///< key: group
  member = 4,             ///< key: group, member
  target = 5,             ///< key: group, member
  current = 6,            ///< key: group, member
  offset = 7,             ///< key: group, topic, partition
  history = 8,            ///< key: group, number = the epoch
  silence = 9,            ///< key: group, member
  service = 10,           ///< key: group = its name
  instance = 11,          ///< key: group = its service, member = its id
  node = 12,              ///< key: group = its name
  event = 13,             ///< key: number
  instance_silence = 14,  ///< key: group = its service, member = its id
  node_silence = 15,      ///< key: group = its name
  departed = 16,          ///< key: group = its service, member = its id
};

/// What a record is about. Fields that the kind does not use are empty.
struct RecordKey {
  RecordKind kind = RecordKind::meta;
  std::string group;
  std::string member;
  TopicId topic;
  PartitionIndex partition = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

struct ShardMeta {
  Term term = 0;          ///< Raised at every start.
  Epoch epoch_floor = 0;  ///< New groups start above it: the highest epoch of any deleted group.
  std::uint64_t catalogue_version = 0;  ///< Of the topics recorded in this shard.
  Millis run_age{0};                ///< Age of the present run, while sessions are unheard in it.
  std::uint64_t names_index = 0;    ///< Revision of the last change of services' names and tags.
  std::uint64_t service_floor = 0;  ///< Highest index of a service that is not remembered any more.
  friend bool operator==(const ShardMeta&, const ShardMeta&) = default;
};

struct TopicRecord {
  TopicName name;
  TopicId id;
  std::int32_t partitions = 0;
  std::uint64_t version = 0;  ///< Catalogue version of its last change.
  std::string followed_from;  ///< Unused: a follower is outside (docs/events.md).
  friend bool operator==(const TopicRecord&, const TopicRecord&) = default;
};

struct GroupSettings {
  std::string assignor;  ///< Empty: what most members prefer, else `uniform`.
  Millis first_assignment_delay{0};
  friend bool operator==(const GroupSettings&, const GroupSettings&) = default;
};

struct GroupRecord {
  GroupId id;
  GroupType type = GroupType::consumer;
  GroupSettings settings;
  Epoch epoch = 0;                   ///< Rises when the picture changes.
  Epoch assignment_epoch = 0;        ///< Of the computed target; below `epoch` while assigning.
  std::string assignor;              ///< That computed the target.
  std::uint64_t event_sequence = 0;  ///< Of the group's last event.
  friend bool operator==(const GroupRecord&, const GroupRecord&) = default;
};

struct MemberRecord {
  GroupId group;
  MemberId id;
  std::optional<InstanceId> instance;
  ClientInfo client;
  std::vector<TopicName> topics;  ///< Subscription, sorted, each once.
  Millis session_timeout{0};
  Millis rebalance_timeout{0};
  Millis max_poll_interval{0};
  std::uint32_t weight = 1;
  std::string zone;
  std::string assignor;
  Status status = Status::starting;
  friend bool operator==(const MemberRecord&, const MemberRecord&) = default;
};

/// What the assignor wants a member to own.
struct TargetRecord {
  GroupId group;
  MemberId member;
  std::vector<TopicPartitions> partitions;  ///< Sorted by topic id.
  friend bool operator==(const TargetRecord&, const TargetRecord&) = default;
};

/// Partitions of one topic that a member holds. The three lists run in parallel, sorted by
/// partition.
struct Granted {
  TopicId topic;
  std::vector<PartitionIndex> partitions;
  std::vector<Token> tokens;
  std::vector<Epoch> epochs;  ///< Member epoch at the grant: what a Kafka commit is fenced by.
  friend bool operator==(const Granted&, const Granted&) = default;
};

/// What a member holds, as it was (or is about to be) told.
struct CurrentRecord {
  GroupId group;
  MemberId member;
  std::uint32_t step = 0;  ///< Rises with each change of this record.
  Epoch member_epoch = 0;
  Epoch previous_epoch = 0;
  std::vector<Granted> assigned;  ///< Sorted by topic id.
  std::vector<Granted> revoking;  ///< Asked back, not yet released; sorted by topic id.
  friend bool operator==(const CurrentRecord&, const CurrentRecord&) = default;
};

struct OffsetRecord {
  GroupId group;
  TopicPartition partition;
  Offset offset = 0;
  std::int32_t leader_epoch = -1;
  std::string metadata;
  Wall committed_at;
  Token token = 0;             ///< Of the grant that committed it; 0: an operator.
  std::uint32_t sequence = 0;  ///< The member's commit sequence within that grant.
  friend bool operator==(const OffsetRecord&, const OffsetRecord&) = default;
};

struct HistoryRecord {
  GroupId group;
  EpochHistory epoch;
  friend bool operator==(const HistoryRecord&, const HistoryRecord&) = default;
};

/// A session that had not been heard in the run that wrote this: what time it had at that run's
/// start. `group` and `member` as in its key.
struct SilenceRecord {
  GroupId group;
  MemberId member;
  Millis budget{0};
  friend bool operator==(const SilenceRecord&, const SilenceRecord&) = default;
};

/// monostate is the tombstone. The order of alternatives is free; what is stored is
/// RecordKey::kind.
using RecordValue =
    std::variant<std::monostate, std::shared_ptr<const ShardMeta>,
                 std::shared_ptr<const TopicRecord>, std::shared_ptr<const GroupRecord>,
                 std::shared_ptr<const MemberRecord>, std::shared_ptr<const TargetRecord>,
                 std::shared_ptr<const CurrentRecord>, std::shared_ptr<const OffsetRecord>,
                 std::shared_ptr<const HistoryRecord>, std::shared_ptr<const SilenceRecord>,
                 std::shared_ptr<const Event>, std::shared_ptr<const ServiceRecord>,
                 std::shared_ptr<const InstanceRecord>, std::shared_ptr<const NodeRecord>,
                 std::shared_ptr<const DepartedRecord>>;

/// One change. All records of one step carry the same revision, as `index` of `count`.
struct Record {
  Revision revision = 0;
  std::uint32_t index = 0;
  std::uint32_t count = 1;
  RecordKey key;
  RecordValue value;
};

}  // namespace muster::core
