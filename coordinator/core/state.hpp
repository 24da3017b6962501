/// The durable state of a shard, in memory: what the records say, and indices derived from them.
///
/// Only replay.cpp changes it. Everybody else sees it as const: a handler that wants a change emits
/// a record, and the same code that rebuilds the state after a restart applies it at once.
#pragma once

#include "profiles.hpp"

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
  std::map<TopicId, std::vector<Holding>> holdings;  // derived from target and current records

  /// All partitions of a topic, as far as anybody holds or should hold one; may be empty.
  [[nodiscard]] const std::vector<Holding>& holdings_of(const TopicId& topic) const;
  /// Null for a partition that nobody holds or should hold.
  [[nodiscard]] const Holding* holding(const TopicId& topic, PartitionIndex partition) const;
};

/// Where a session's member is, by slot. Both are null for a free slot.
struct SlotOwner {
  const Group* group = nullptr;
  const Member* member = nullptr;

  [[nodiscard]] const GroupId& group_id() const { return group->record->id; }
};

class State {
 public:
  [[nodiscard]] const ShardMeta& meta() const { return *meta_; }
  [[nodiscard]] Revision revision() const { return revision_; }

  [[nodiscard]] const std::map<std::string, Group>& groups() const { return groups_; }
  [[nodiscard]] const Group* group(const std::string& id) const;
  [[nodiscard]] const MemberView* member(const Group& group, std::string_view id) const;
  [[nodiscard]] const SlotOwner& owner(std::uint32_t slot) const { return owners_[slot]; }
  [[nodiscard]] std::uint32_t slots() const { return static_cast<std::uint32_t>(owners_.size()); }
  /// Slots of nobody; the last one is taken next.
  [[nodiscard]] const std::vector<std::uint32_t>& free_slots() const { return free_slots_; }
  [[nodiscard]] std::uint64_t members() const { return owners_.size() - free_slots_.size(); }

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
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::shared_ptr<const Event>>> oldest_event()
      const;
  [[nodiscard]] std::uint64_t last_event() const { return last_event_; }
  [[nodiscard]] std::uint64_t event_bytes() const { return event_bytes_; }

  /// What time a session had that was unheard in the run before; null if it was heard.
  [[nodiscard]] const std::map<std::pair<std::string, std::string>,
                               std::shared_ptr<const SilenceRecord>>&
  silences() const {
    return silences_;
  }
  [[nodiscard]] const SilenceRecord* silence(const std::string& group,
                                             const std::string& member) const;

 private:
  friend class Replay;

  std::shared_ptr<const ShardMeta> meta_ = std::make_shared<const ShardMeta>();
  Revision revision_ = 0;
  std::map<std::string, Group> groups_;
  std::vector<SlotOwner> owners_;
  std::vector<std::uint32_t> free_slots_;
  Profiles profiles_;
  ChunkMap<std::string, std::shared_ptr<const TopicRecord>> topics_;
  std::map<TopicId, std::shared_ptr<const TopicRecord>> topics_by_id_;
  std::map<std::string, std::map<std::string, std::uint32_t>> subscribers_;
  ChunkMap<std::uint64_t, std::shared_ptr<const Event>> events_;
  std::uint64_t last_event_ = 0;
  std::uint64_t event_bytes_ = 0;
  std::map<std::pair<std::string, std::string>, std::shared_ptr<const SilenceRecord>> silences_;
};

/// What an event takes in the ring, in bytes.
[[nodiscard]] std::uint64_t size_of(const Event& event);

}  // namespace muster::core
