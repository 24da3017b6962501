#include "rest.hpp"

#include <algorithm>

namespace muster::sim {
namespace {

bool takes_new(const BookedMember& member) {
  const Status status = member.record->status;
  return status == Status::healthy || status == Status::overloaded;
}

void check_grants(const BookedShard& shard, const BookedGroup& group, const std::string& id,
                  const BookedMember& member, Witness& witness) {
  const bool busy = member.current && !member.current->revoking.empty();
  if (busy || !member.target || !takes_new(member)) return;
  for (const TopicPartitions& topic : member.target->partitions) {
    if (!shard.topics.contains(topic.topic)) continue;
    for (const PartitionIndex p : topic.partitions)
      if (const TopicPartition where{topic.topic, p}; !group.holders.contains(where))
        return witness.fail("A6", describe(where) + " lies idle: member " + id +
                                      " is to have it, nobody has it, and nothing is under way");
  }
}

void check_shares(const BookedShard& shard, const std::string& name, const BookedGroup& group,
                  Witness& witness) {
  if (group.record->epoch != group.record->assignment_epoch || group.members.empty()) return;
  std::size_t least = ~std::size_t{0};
  std::size_t most = 0;
  for (const auto& [id, member] : group.members) {
    if (!takes_new(member)) return;
    std::size_t share = 0;
    if (member.target)
      for (const TopicPartitions& topic : member.target->partitions)
        share += topic.partitions.size();
    least = std::min(least, share);
    most = std::max(most, share);
  }
  // One more of each topic, as `range` has it.
  if (most - least > std::max<std::size_t>(1, shard.topics.size()))
    witness.fail("A6", "of group " + name + " one member is to have " + std::to_string(most) +
                           " partitions and another " + std::to_string(least) +
                           ", and nothing is under way");
}

}  // namespace

void check_rest(const Ledger& ledger, bool alike, Witness& witness) {
  for (const BookedShard& shard : ledger.shards())
    for (const auto& [name, group] : shard.groups) {
      for (const auto& [id, member] : group.members)
        check_grants(shard, group, id, member, witness);
      if (alike) check_shares(shard, name, group, witness);
    }
}

}  // namespace muster::sim
