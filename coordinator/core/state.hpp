/// The durable state of a shard, in memory: what the records say, and indices derived from them.
///
/// Only replay.cpp changes it. Everybody else sees it as const: a handler that wants a change emits
/// a record, and the same code that rebuilds the state after a restart applies it at once.
#pragma once

#include "profiles.hpp"
#include "registry_state.hpp"

#include <muster/core/record.hpp>
#include <muster/core/view.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace muster::core {

inline constexpr std::uint32_t no_slot = 0xffffffffU;

/// One partition as one group sees it: who holds it (granted and neither released nor taken away)
/// and who should. Members by the slot of their session.
struct Holding {
  Token token = 0;
  std::uint32_t holder = no_slot;
  std::uint32_t target = no_slot;
  Epoch epoch = 0;
};

struct Group {
  std::shared_ptr<const GroupRecord> record;
  MemberMap members;
  ChunkMap<TopicPartition, std::shared_ptr<const OffsetRecord>> offsets;
  ChunkMap<Epoch, std::shared_ptr<const HistoryRecord>> history;
  std::map<TopicId, std::vector<Holding>> holdings;    // derived from target and current records
  std::map<std::string, std::uint32_t> subscriptions;  // how many members have each topic

  /// All partitions of a topic, as far as anybody holds or should hold one; may be empty.
  [[nodiscard]] const std::vector<Holding>& holdings_of(const TopicId& topic) const;
  /// Null for a partition that nobody holds or should hold.
  [[nodiscard]] const Holding* holding(const TopicId& topic, PartitionIndex partition) const;
};

/// Whose session a slot is: a member's, an instance's, a node's, or nobody's. Two words, for there
/// may be millions: what the second one points to is in its low bits.
class SlotOwner {
 public:
  SlotOwner() = default;
  SlotOwner(const Group& group, const Member& member) : group_(&group), what_(mark(&member, 0)) {}
  explicit SlotOwner(const InstanceRecord& instance) : what_(mark(&instance, 1)) {}
  explicit SlotOwner(const NodeRecord& node) : what_(mark(&node, 2)) {}

  [[nodiscard]] bool nobody() const { return what_ == nullptr; }
  /// Null if it is the session of something else; so are the other two.
  [[nodiscard]] const Member* member() const { return as<Member>(0); }
  [[nodiscard]] const InstanceRecord* instance() const { return as<InstanceRecord>(1); }
  [[nodiscard]] const NodeRecord* node() const { return as<NodeRecord>(2); }

  /// Of a member.
  [[nodiscard]] const Group& group() const { return *group_; }
  [[nodiscard]] const GroupId& group_id() const { return group_->record->id; }

 private:
  static constexpr std::uintptr_t kinds = 3;
  /// Points so many bytes into the object: its start is aligned, so these are the low bits.
  static const char* mark(const void* what, std::uintptr_t kind) {
    return static_cast<const char*>(what) + kind;
  }
  template <class T>
  [[nodiscard]] const T* as(std::uintptr_t kind) const {
    static_assert(alignof(T) > kinds && sizeof(T) > kinds);
    if ((reinterpret_cast<std::uintptr_t>(what_) & kinds) != kind) return nullptr;
    return static_cast<const T*>(static_cast<const void*>(what_ - kind));
  }

  const Group* group_ = nullptr;
  const char* what_ = nullptr;
};

class State {
 public:
  State() = default;
  State(const State&) = delete;  // it points into itself
  State& operator=(const State&) = delete;

  [[nodiscard]] const ShardMeta& meta() const { return *meta_; }
  [[nodiscard]] Revision revision() const { return revision_; }

  [[nodiscard]] const std::map<std::string, Group>& groups() const { return groups_; }
  [[nodiscard]] const Group* group(const std::string& id) const;
  [[nodiscard]] const MemberView* member(const Group& group, std::string_view id) const;
  [[nodiscard]] const SlotOwner& owner(std::uint32_t slot) const { return owners_[slot]; }
  [[nodiscard]] std::uint32_t slots() const { return static_cast<std::uint32_t>(owners_.size()); }
  /// Slots of nobody; the last one is taken next.
  [[nodiscard]] const std::vector<std::uint32_t>& free_slots() const { return free_slots_; }
  [[nodiscard]] std::uint64_t members() const { return members_; }

  [[nodiscard]] const RegistryState& registry() const { return registry_; }

  /// How many different profiles the members have.
  [[nodiscard]] std::size_t profiles() const { return profiles_.size(); }

  [[nodiscard]] const std::shared_ptr<const TopicRecord>* topic(const std::string& name) const;
  [[nodiscard]] const std::shared_ptr<const TopicRecord>* topic(const TopicId& id) const;
  [[nodiscard]] const ChunkMap<std::string, std::shared_ptr<const TopicRecord>>& topics() const {
    return topics_;
  }
  [[nodiscard]] std::size_t topic_count() const { return topics_.size(); }
  /// Groups with a member that subscribes to this topic, by name.
  [[nodiscard]] std::vector<std::string> subscribers(const std::string& topic) const;

  [[nodiscard]] const ChunkMap<std::uint64_t, std::shared_ptr<const Event>>& events() const {
    return events_;
  }
  /// Null: there is none.
  [[nodiscard]] const Event* oldest_event() const {
    return events_.empty() ? nullptr : events_[events_.first()].get();
  }
  [[nodiscard]] std::uint64_t last_event() const { return last_event_; }
  [[nodiscard]] std::uint64_t event_bytes() const { return event_bytes_; }

  /// What time a session had that was unheard in the run before; null if it was heard.
  [[nodiscard]] const std::map<RecordKey, std::shared_ptr<const SilenceRecord>>& silences() const {
    return silences_;
  }
  [[nodiscard]] const SilenceRecord* silence(const RecordKey& key) const;

 private:
  friend class Replay;

  MemberMap::Place place_of(const Group& group, std::string_view member) const;

  std::shared_ptr<const ShardMeta> meta_ = std::make_shared<const ShardMeta>();
  Revision revision_ = 0;
  std::map<std::string, Group> groups_;
  std::vector<SlotOwner> owners_;
  std::vector<std::uint32_t> free_slots_;
  Profiles profiles_;
  ChunkMap<std::string, std::shared_ptr<const TopicRecord>> topics_;
  std::map<TopicId, std::shared_ptr<const TopicRecord>> topics_by_id_;
  std::map<std::string, std::set<std::string>> subscribers_;  // groups by topic
  // Mostly it is one group and one member that are asked for many times.
  mutable const std::pair<const std::string, Group>* last_group_ = nullptr;
  mutable MemberMap::Place last_member_;  // a guess, which may be wrong
  ChunkMap<std::uint64_t, std::shared_ptr<const Event>> events_;
  std::uint64_t last_event_ = 0;
  std::uint64_t event_bytes_ = 0;
  std::map<RecordKey, std::shared_ptr<const SilenceRecord>> silences_;
  std::uint64_t members_ = 0;
  RegistryState registry_;
};

/// What an event takes in the ring, in bytes.
[[nodiscard]] std::uint64_t size_of(const Event& event);

}  // namespace muster::core
