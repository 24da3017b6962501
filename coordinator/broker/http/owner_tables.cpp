#include "owner_tables.hpp"

#include <algorithm>

namespace muster::broker::http {
namespace {

void enter(OwnerTable& table, const std::vector<core::Granted>& grants, const TopicId& topic,
           std::int32_t owner, bool revoking) {
  for (const core::Granted& granted : grants) {
    if (granted.topic != topic) continue;
    for (std::size_t i = 0; i < granted.partitions.size(); ++i) {
      const auto partition = static_cast<std::size_t>(granted.partitions[i]);
      if (partition < table.grants.size())
        table.grants[partition] = {owner, revoking, granted.tokens[i]};
    }
  }
}

bool holds(const core::CurrentRecord& current, const TopicId& topic) {
  const auto of_topic = [&](const core::Granted& granted) { return granted.topic == topic; };
  return std::any_of(current.assigned.begin(), current.assigned.end(), of_topic) ||
         std::any_of(current.revoking.begin(), current.revoking.end(), of_topic);
}

}  // namespace

OwnerTable turn_round(const core::GroupView& group, const core::TopicRecord& topic) {
  OwnerTable table;
  table.grants.resize(static_cast<std::size_t>(std::max(topic.partitions, 0)));
  group.members.for_each([&](std::string_view, const core::MemberView& member) {
    if (!member.current || !holds(*member.current, topic.id)) return;
    const auto owner = static_cast<std::int32_t>(table.owners.size());
    table.owners.push_back({member.record, member.current->member_epoch});
    enter(table, member.current->assigned, topic.id, owner, false);
    enter(table, member.current->revoking, topic.id, owner, true);
  });
  return table;
}

std::shared_ptr<const OwnerTable> OwnerTables::find(const core::GroupView& group,
                                                    std::uint64_t index,
                                                    const core::TopicRecord& topic) const {
  const std::string& name = group.record->id.value;
  for (const Entry& entry : entries_)
    if (entry.index == index && entry.topic == topic.id && entry.group == name &&
        entry.partitions == topic.partitions)
      return entry.table;
  return nullptr;
}

std::shared_ptr<const OwnerTable> OwnerTables::make(const core::GroupView& group,
                                                    std::uint64_t index,
                                                    const core::TopicRecord& topic) {
  const std::string& name = group.record->id.value;
  entries_.remove_if(
      [&](const Entry& entry) { return entry.topic == topic.id && entry.group == name; });
  auto table = std::make_shared<const OwnerTable>(turn_round(group, topic));
  entries_.push_front({name, topic.id, topic.partitions, index, table});
  if (entries_.size() > most) entries_.pop_back();
  return table;
}

}  // namespace muster::broker::http
