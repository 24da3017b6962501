#include "owner_tables.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker {
namespace {

constexpr int share = 10;  // of the time that making tables may take: a tenth

/// Null: the partition is not among them.
const core::Granted* among(const std::vector<core::Granted>& grants, const TopicPartition& wanted) {
  const auto topic = std::ranges::lower_bound(grants, wanted.topic, {}, &core::Granted::topic);
  const bool has = topic != grants.end() && topic->topic == wanted.topic &&
                   std::ranges::binary_search(topic->partitions, wanted.partition);
  return has ? &*topic : nullptr;
}

/// What it was asked to give up is its own until it has.
bool holds(const core::MemberView& member, const TopicPartition& wanted) {
  return member.current && (among(member.current->assigned, wanted) != nullptr ||
                            among(member.current->revoking, wanted) != nullptr);
}

}  // namespace

Holding holding_of(const core::MemberView& member, const TopicPartition& partition) {
  for (const bool revoking : {false, true}) {
    const auto& grants = revoking ? member.current->revoking : member.current->assigned;
    const core::Granted* const granted = among(grants, partition);
    if (granted == nullptr) continue;
    const auto at = std::ranges::lower_bound(granted->partitions, partition.partition);
    const auto i = static_cast<std::size_t>(at - granted->partitions.begin());
    return {granted->tokens[i], granted->epochs[i], revoking};
  }
  return {};
}

OwnerTables::Found OwnerTables::find(const std::string& name, const Group& group,
                                     const TopicPartition& partition, Effort effort) {
  const auto known = tables_.find(name);
  const bool present = known != tables_.end();
  if (present) {
    const core::MemberView* const member = known->second.look(group, partition);
    if (member != nullptr || known->second.of == group) return {false, member};
  }
  const Time begin = now_();
  if (effort == Effort::bounded && present && begin < known->second.next) return {true, nullptr};
  Table table = make(group);
  const Time end = now_();
  table.next = end + share * (end - begin);
  const core::MemberView* const member = table.look(group, partition);
  keep(name, std::move(table));
  return {false, member};
}

const core::MemberView* OwnerTables::Table::look(const Group& group,
                                                 const TopicPartition& partition) const {
  const auto topic = holders.find(partition.topic);
  const auto place = static_cast<std::size_t>(partition.partition);
  if (topic == holders.end() || place >= topic->second.size()) return nullptr;
  const std::uint32_t holder = topic->second[place];
  if (holder == 0) return nullptr;
  const core::MemberView* const then = members[holder - 1];
  if (group == of) return then;
  const core::MemberView* const member = group->members.find(then->key());
  return member != nullptr && holds(*member, partition) ? member : nullptr;
}

OwnerTables::Table OwnerTables::make(const Group& group) {
  Table table;
  table.of = group;
  table.members.reserve(group->members.size());
  group->members.for_each([&table](std::string_view, const core::MemberView& member) {
    table.members.push_back(&member);
    if (!member.current) return;
    table.enter(member.current->assigned);
    table.enter(member.current->revoking);
  });
  for (const auto& [topic, holders] : table.holders) table.partitions += holders.size();
  return table;
}

/// For the member that was added last.
void OwnerTables::Table::enter(const std::vector<core::Granted>& grants) {
  for (const core::Granted& granted : grants) {
    if (granted.partitions.empty()) continue;
    auto& of_topic = holders[granted.topic];
    const auto most = static_cast<std::size_t>(granted.partitions.back());
    if (of_topic.size() <= most) of_topic.resize(most + 1);
    for (const PartitionIndex partition : granted.partitions)
      of_topic[static_cast<std::size_t>(partition)] = static_cast<std::uint32_t>(members.size());
  }
}

void OwnerTables::keep(const std::string& name, Table table) {
  ++made_;
  const auto known = tables_.find(name);
  if (known != tables_.end()) {
    partitions_ -= known->second.partitions;
    tables_.erase(known);
  }
  if (tables_.size() >= limits_.groups || partitions_ + table.partitions > limits_.partitions) {
    tables_.clear();
    partitions_ = 0;
  }
  partitions_ += table.partitions;
  tables_.emplace(name, std::move(table));
}

}  // namespace muster::broker
