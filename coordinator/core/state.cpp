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
  const auto it = groups_.find(id);
  return it == groups_.end() ? nullptr : &it->second;
}

const MemberView* State::member(const Group& group, std::string_view id) const {
  return group.members.find(id);
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
    for (const auto& [group, count] : it->second) groups.push_back(group);
  return groups;
}

const SilenceRecord* State::silence(const RecordKey& key) const {
  if (silences_.empty()) return nullptr;  // as nearly always
  const auto it = silences_.find(key);
  return it == silences_.end() ? nullptr : it->second.get();
}

std::optional<std::pair<std::uint64_t, std::shared_ptr<const Event>>> State::oldest_event() const {
  std::optional<std::pair<std::uint64_t, std::shared_ptr<const Event>>> oldest;
  events_.for_each_from(std::uint64_t{0}, [&](std::uint64_t number, const auto& event) {
    oldest.emplace(number, event);
    return false;
  });
  return oldest;
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
