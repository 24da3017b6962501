#include "replay.hpp"

#include "assert.hpp"
#include "replay_value.hpp"

#include <algorithm>

namespace muster::core {
namespace {

/// More partitions than any topic may have mean a damaged record, and would cost memory to index.
constexpr PartitionIndex most_partitions = 1 << 24;

bool sane(const std::vector<PartitionIndex>& partitions) {
  return std::is_sorted(partitions.begin(), partitions.end()) &&
         (partitions.empty() || (partitions.front() >= 0 && partitions.back() < most_partitions));
}
bool sane(const std::vector<TopicPartitions>& list) {
  return std::all_of(list.begin(), list.end(), [](const auto& t) { return sane(t.partitions); });
}
bool sane(const std::vector<Granted>& list) {
  return std::all_of(list.begin(), list.end(), [](const Granted& t) {
    return sane(t.partitions) && t.tokens.size() == t.partitions.size() &&
           t.epochs.size() == t.partitions.size();
  });
}

}  // namespace

Result<void> Replay::apply(const Record& record) {
  const auto result = [&]() -> Result<void> {
    switch (record.key.kind) {
      case RecordKind::meta:
        return apply_meta(record);
      case RecordKind::topic:
        return apply_topic(record);
      case RecordKind::group:
        return apply_group(record);
      case RecordKind::member:
        return apply_member(record);
      case RecordKind::target:
        return apply_target(record);
      case RecordKind::current:
        return apply_current(record);
      case RecordKind::offset:
        return apply_offset(record);
      case RecordKind::history:
        return apply_history(record);
      case RecordKind::silence:
      case RecordKind::instance_silence:
      case RecordKind::node_silence:
        return apply_silence(record);
      case RecordKind::service:
        return apply_service(record);
      case RecordKind::instance:
        return apply_instance(record);
      case RecordKind::node:
        return apply_node(record);
      case RecordKind::departed:
        return apply_departed(record);
      case RecordKind::event:
        return apply_event(record);
    }
    return Errc::store_corrupt;
  }();
  if (!result) return result;
  state_.revision_ = std::max(state_.revision_, record.revision);
  touched_.any = true;
  touch(record.key);
  return {};
}

void Replay::expect(Revision revision, std::uint64_t last_event,
                    const std::vector<std::uint32_t>& used,
                    const std::vector<std::uint32_t>& free) {
  MUSTER_ASSERT(state_.owners_.empty(), "an image is restored into a fresh state");
  state_.revision_ = revision;
  state_.last_event_ = last_event;
  state_.owners_.resize(used.size() + free.size());
  state_.free_slots_ = free;
  state_.free_slots_.insert(state_.free_slots_.end(), used.rbegin(), used.rend());
}

Replay::Touched Replay::take_touched() {
  return std::exchange(touched_, {});
}

void Replay::touch(const RecordKey& key) {
  const std::string& group = key.group;
  if (group.empty() || key.kind == RecordKind::node) return;
  if (key.kind >= RecordKind::service) {
    touched_.services.insert(group);
    return;
  }
  if (touched_.last != nullptr && *touched_.last == group) return;
  touched_.last = &*touched_.groups.insert(group).first;
}

Group* Replay::find_group(const std::string& id) {
  return const_cast<Group*>(state_.group(id));  // it is this one's state to change
}

Result<void> Replay::apply_meta(const Record& record) {
  const auto value = value_of<ShardMeta>(record);
  if (!value || !*value) return Errc::store_corrupt;
  state_.meta_ = *value;
  return {};
}

Result<void> Replay::apply_topic(const Record& record) {
  const auto value = value_of<TopicRecord>(record);
  if (!value) return Errc::store_corrupt;
  if (const auto it = state_.topics_by_id_.find(record.key.topic);
      it != state_.topics_by_id_.end()) {
    state_.topics_.erase(it->second->name.value);
    state_.topics_by_id_.erase(it);
  }
  if (*value) {
    if ((*value)->id != record.key.topic) return Errc::store_corrupt;
    state_.topics_.put((*value)->name.value, *value);
    state_.topics_by_id_[(*value)->id] = *value;
  }
  return {};
}

Result<void> Replay::apply_group(const Record& record) {
  const auto value = value_of<GroupRecord>(record);
  if (!value) return Errc::store_corrupt;
  if (!*value) {
    const Group* group = find_group(record.key.group);
    if (group != nullptr && !group->members.empty()) return Errc::store_corrupt;
    state_.last_group_ = nullptr;
    state_.groups_.erase(record.key.group);
    return {};
  }
  if ((*value)->id.value != record.key.group) return Errc::store_corrupt;
  Group& group = state_.groups_[record.key.group];
  MUSTER_ASSERT(!group.record || group.record->epoch <= (*value)->epoch, "group epochs only grow");
  group.record = *value;
  return {};
}

std::uint32_t Replay::take_slot() {
  if (!state_.free_slots_.empty()) {
    const std::uint32_t slot = state_.free_slots_.back();
    state_.free_slots_.pop_back();
    return slot;
  }
  state_.owners_.emplace_back();
  return static_cast<std::uint32_t>(state_.owners_.size() - 1);
}

void Replay::give_back(std::uint32_t slot) {
  if (slot == no_slot) return;
  state_.owners_[slot] = {};
  state_.free_slots_.push_back(slot);
}

void Replay::subscribe(Group& group, const std::string& id, const MemberProfile& profile) {
  for (const TopicName& topic : profile.topics)
    if (++group.subscriptions[topic.value] == 1) state_.subscribers_[topic.value].insert(id);
}

void Replay::unsubscribe(Group& group, const std::string& id, const MemberProfile& profile) {
  for (const TopicName& topic : profile.topics) {
    const auto count = group.subscriptions.find(topic.value);
    if (--count->second > 0) continue;
    group.subscriptions.erase(count);
    const auto groups = state_.subscribers_.find(topic.value);
    groups->second.erase(id);
    if (groups->second.empty()) state_.subscribers_.erase(groups);
  }
  state_.profiles_.drop(profile);
}

MemberView* Replay::change_member(Group& group, const std::string& id) {
  const auto at = state_.place_of(group, id);
  return at.found ? &group.members.change_at(at) : nullptr;
}

Result<void> Replay::apply_member(const Record& record) {
  const auto value = value_of<MemberRecord>(record);
  Group* group = find_group(record.key.group);
  if (!value || group == nullptr) return Errc::store_corrupt;
  return *value ? put_member(*group, **value, record.key) : erase_member(*group, record.key);
}

Result<void> Replay::put_member(Group& group, const MemberRecord& value, const RecordKey& key) {
  if (value.group.value != key.group || value.id.value != key.member || !Member::fits(value))
    return Errc::store_corrupt;
  const Shared<const Member> member = Member::make(value, state_.profiles_.take(value));
  subscribe(group, key.group, member->profile());
  std::uint32_t slot = no_slot;
  if (MemberView* present = change_member(group, key.member)) {
    unsubscribe(group, key.group, present->record->profile());
    present->record = member;
    slot = present->slot;
  } else {
    slot = take_slot();
    ++state_.members_;
    group.members.put(member->id(), MemberView{member, nullptr, nullptr, slot});
  }
  state_.owners_[slot] = SlotOwner(group, *member);
  return {};
}

Result<void> Replay::erase_member(Group& group, const RecordKey& key) {
  const auto at = state_.place_of(group, key.member);
  if (!at.found) return {};
  const MemberView& old = group.members[at];
  if (old.target || old.current) return Errc::store_corrupt;
  unsubscribe(group, key.group, old.record->profile());
  give_back(old.slot);
  --state_.members_;
  group.members.erase_at(at);
  return {};
}

/// The group's holdings of a topic, long enough for `partitions` (sorted).
std::vector<Holding>& Replay::holdings(Group& group, const TopicId& topic,
                                       const std::vector<PartitionIndex>& partitions) {
  auto& list = group.holdings[topic];
  const std::size_t needed =
      partitions.empty() ? 0 : static_cast<std::size_t>(partitions.back()) + 1;
  if (list.size() < needed) list.resize(needed);
  return list;
}

void Replay::index_target(Group& group, const TargetRecord& target, std::uint32_t slot,
                          std::uint32_t value) {
  for (const TopicPartitions& topic : target.partitions) {
    auto& list = holdings(group, topic.topic, topic.partitions);
    for (const PartitionIndex partition : topic.partitions) {
      Holding& h = list[static_cast<std::size_t>(partition)];
      // A partition that goes from one target to another is written in any order: the new owner's
      // record may come before the old owner's.
      if (value != no_slot || h.target == slot) h.target = value;
    }
  }
}

Result<void> Replay::apply_target(const Record& record) {
  const auto value = value_of<TargetRecord>(record);
  Group* group = find_group(record.key.group);
  if (!value || group == nullptr) return Errc::store_corrupt;
  if (*value && !sane((*value)->partitions)) return Errc::store_corrupt;
  MemberView* member = change_member(*group, record.key.member);
  if (member == nullptr) return *value ? Result<void>{Errc::store_corrupt} : Result<void>{};
  if (member->target) index_target(*group, *member->target, member->slot, no_slot);
  member->target = *value;
  if (member->target) index_target(*group, *member->target, member->slot, member->slot);
  forget_deleted_topics(*group);
  return {};
}

void Replay::forget_deleted_topics(Group& group) {
  for (auto it = group.holdings.begin(); it != group.holdings.end();) {
    const bool idle = !state_.topics_by_id_.contains(it->first) &&
                      std::all_of(it->second.begin(), it->second.end(), [](const Holding& h) {
                        return h.holder == no_slot && h.target == no_slot;
                      });
    it = idle ? group.holdings.erase(it) : std::next(it);
  }
}

void Replay::index_current(Group& group, const CurrentRecord& current, std::uint32_t slot,
                           bool hold) {
  for (const auto* held : {&current.assigned, &current.revoking})
    for (const Granted& topic : *held) {
      auto& list = holdings(group, topic.topic, topic.partitions);
      for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
        Holding& h = list[static_cast<std::size_t>(topic.partitions[i])];
        if (!hold) {
          h.holder = no_slot;
          h.token = 0;
          continue;
        }
        MUSTER_ASSERT(h.holder == no_slot || h.holder == slot, "one holder per partition");
        h = {topic.tokens[i], slot, h.target, topic.epochs[i]};
      }
    }
}

Result<void> Replay::apply_current(const Record& record) {
  const auto value = value_of<CurrentRecord>(record);
  Group* group = find_group(record.key.group);
  if (!value || group == nullptr) return Errc::store_corrupt;
  if (*value && (!sane((*value)->assigned) || !sane((*value)->revoking)))
    return Errc::store_corrupt;
  MemberView* member = change_member(*group, record.key.member);
  if (member == nullptr) return *value ? Result<void>{Errc::store_corrupt} : Result<void>{};
  if (member->current) {
    MUSTER_ASSERT(!*value || member->current->member_epoch <= (*value)->member_epoch,
                  "member epochs only grow");
    index_current(*group, *member->current, member->slot, false);
  }
  member->current = *value;
  if (member->current) index_current(*group, *member->current, member->slot, true);
  forget_deleted_topics(*group);
  return {};
}

Result<void> Replay::apply_offset(const Record& record) {
  const auto value = value_of<OffsetRecord>(record);
  Group* group = find_group(record.key.group);
  if (!value || group == nullptr) return Errc::store_corrupt;
  const TopicPartition key{record.key.topic, record.key.partition};
  if (*value) {
    group->offsets.put(key, *value);
  } else {
    group->offsets.erase(key);
  }
  return {};
}

Result<void> Replay::apply_history(const Record& record) {
  const auto value = value_of<HistoryRecord>(record);
  Group* group = find_group(record.key.group);
  if (!value || group == nullptr) return Errc::store_corrupt;
  const auto epoch = static_cast<Epoch>(record.key.number);
  if (*value) {
    group->history.put(epoch, *value);
  } else {
    group->history.erase(epoch);
  }
  return {};
}

Result<void> Replay::apply_silence(const Record& record) {
  const auto value = value_of<SilenceRecord>(record);
  if (!value) return Errc::store_corrupt;
  if (*value) {
    state_.silences_[record.key] = *value;
  } else {
    state_.silences_.erase(record.key);
  }
  return {};
}

void Replay::bound_events(std::uint64_t most) {
  while (state_.event_bytes_ > most && state_.events_.size() > 1) {
    state_.event_bytes_ -= size_of(*state_.oldest_event());
    state_.events_.erase_at(state_.events_.first());
  }
}

Result<void> Replay::apply_event(const Record& record) {
  const auto value = value_of<Event>(record);
  if (!value) return Errc::store_corrupt;
  if (!*value) {
    // Mostly it is the oldest that goes.
    if (const auto at = state_.events_.place_of(record.key.number, state_.events_.first());
        at.found) {
      state_.event_bytes_ -= size_of(*state_.events_[at]);
      state_.events_.erase_at(at);
    }
    return {};
  }
  if ((*value)->number != record.key.number) return Errc::store_corrupt;
  if (const auto* old = state_.events_.find(record.key.number))
    state_.event_bytes_ -= size_of(**old);
  state_.event_bytes_ += size_of(**value);
  state_.events_.put(record.key.number, *value);
  state_.last_event_ = std::max(state_.last_event_, record.key.number);
  return {};
}

}  // namespace muster::core
