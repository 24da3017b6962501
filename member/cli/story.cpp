#include "story.hpp"

#include "text.hpp"

namespace muster::cli {
namespace {

template <class F>
void each(const std::vector<OwnedPartitions>& list, F&& f) {
  for (const OwnedPartitions& part : list)
    for (std::size_t i = 0; i < part.partitions.size(); ++i)
      f(TopicPartition{part.topic, part.partitions[i]}, part.tokens[i]);
}

}  // namespace

void Story::apply(const Event& event) {
  switch (event.kind) {
    case EventKind::member_joined:
    case EventKind::member_status_changed:
      groups_[event.group][event.member].status = event.to;
      return;
    case EventKind::member_left:
    case EventKind::member_expelled:
      groups_[event.group].erase(event.member);
      return;
    case EventKind::assignment_changed:
      return change(groups_[event.group], event);
    case EventKind::group_deleted:
      groups_.erase(event.group);
      return;
    default:
      return;
  }
}

void Story::change(Members& members, const Event& event) {
  Member& member = members[event.member];
  each(event.released, [&](const TopicPartition& partition, Token) {
    if (member.partitions.erase(partition) == 0)
      contradict(event, partition, "is released, but was not held");
  });
  each(event.revoked, [&](const TopicPartition& partition, Token token) {
    const auto held = member.partitions.find(partition);
    if (held == member.partitions.end() || held->second.token != token)
      contradict(event, partition, "is asked back, but was not held under this token");
    member.partitions[partition] = {token, true};
  });
  each(event.assigned, [&](const TopicPartition& partition, Token token) {
    for (auto& [id, other] : members) {
      if (other.partitions.erase(partition) != 0)
        contradict(event, partition, "is granted, but " + shown(id) + " holds it");
    }
    member.partitions[partition] = {token, false};
  });
}

void Story::contradict(const Event& event, const TopicPartition& partition,
                       const std::string& what) {
  constexpr std::size_t most = 100;
  if (contradictions_.size() >= most) return;
  contradictions_.push_back(
      "event " + std::to_string(event.shard) + ":" + std::to_string(event.number) + ", member " +
      shown(event.member) + " of group " + shown(event.group) + ": partition " +
      std::to_string(partition.partition) + " of " + hex(partition.topic) + " " + what);
}

}  // namespace muster::cli
