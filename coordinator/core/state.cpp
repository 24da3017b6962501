#include "state.hpp"

namespace muster::core {

const std::vector<Holding>& Group::holdings_of(const TopicId& topic) const {
  static const std::vector<Holding> none;
  const auto it = holdings.find(topic);
  return it == holdings.end() ? none : it->second;
}

const Holding* Group::holding(const TopicId& topic, PartitionIndex partition) const {
  const auto& list = holdings_of(topic);
  const auto index = static_cast<std::size_t>(partition);
  return partition >= 0 && index < list.size() ? &list[index] : nullptr;
}

const Group* State::group(const std::string& id) const {
  if (last_group_ != nullptr && last_group_->first == id) return &last_group_->second;
  const auto it = groups_.find(id);
  if (it == groups_.end()) return nullptr;
  last_group_ = &*it;
  return &it->second;
}

const MemberView* State::member(const Group& group, std::string_view id) const {
  const MemberMap::Place at = place_of(group, id);
  return at.found ? &group.members[at] : nullptr;
}

MemberMap::Place State::place_of(const Group& group, std::string_view member) const {
  return last_member_ = group.members.place_of(member, last_member_);
}

const std::shared_ptr<const TopicRecord>* State::topic(const std::string& name) const {
  return topics_.find(name);
}

const std::shared_ptr<const TopicRecord>* State::topic(const TopicId& id) const {
  const auto it = topics_by_id_.find(id);
  return it == topics_by_id_.end() ? nullptr : &it->second;
}

std::vector<std::string> State::subscribers(const std::string& topic) const {
  std::vector<std::string> groups;
  if (const auto it = subscribers_.find(topic); it != subscribers_.end())
    groups.assign(it->second.begin(), it->second.end());
  return groups;
}

const SilenceRecord* State::silence(const RecordKey& key) const {
  if (silences_.empty()) return nullptr;  // as nearly always
  const auto it = silences_.find(key);
  return it == silences_.end() ? nullptr : it->second.get();
}

std::uint64_t size_of(const Event& event) {
  std::uint64_t size = sizeof(Event) + event.group.size() + event.member.size() +
                       event.topic.size() + event.detail.size() + event.service.size() +
                       event.instance.size() + event.node.size();
  for (const auto* list : {&event.assigned, &event.revoked, &event.released})
    for (const auto& owned : *list)
      size += sizeof(owned) + owned.partitions.size() * (sizeof(PartitionIndex) + sizeof(Token));
  if (event.rebalance) {
    size += sizeof(EpochHistory) + event.rebalance->trigger.size();
    for (const Move& move : event.rebalance->moves)
      size += sizeof(Move) + move.partitions.partitions.size() * sizeof(PartitionIndex);
  }
  return size;
}

}  // namespace muster::core
