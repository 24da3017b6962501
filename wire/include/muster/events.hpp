/// Events, and how they are asked for: docs/events.md is the catalogue.
#pragma once

#include <muster/group_messages.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

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

/// Events from `after` (exclusive) on, at most `limit`; with `follow` more are pushed as they come.
struct ReadEvents {
  std::vector<std::uint64_t>
      after;  ///< One number a shard; shorter or empty: 0, all that are kept.
  std::optional<GroupId> group;
  std::uint32_t limit = 1000;  ///< 1-10,000.
  bool follow = false;
};
struct EventList {
  std::vector<std::uint64_t> next;  ///< Per shard: pass as `after` to go on.
  std::vector<Event> events;        ///< In order per shard.
};

}  // namespace muster
