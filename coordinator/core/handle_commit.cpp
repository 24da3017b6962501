#include "handle.hpp"
#include "names.hpp"

#include <muster/mutant.hpp>

#include <algorithm>

namespace muster::core {
namespace {

std::string partition_name(const Turn& turn, const TopicPartition& p) {
  const auto* topic = turn.state().topic(p.topic);
  return "partition " + std::to_string(p.partition) + " of " +
         (topic != nullptr ? named("topic", (*topic)->name.value) : std::string{"a deleted topic"});
}

/// What every committed offset must satisfy, whoever commits it. True: it does.
bool valid_offset(Turn& turn, const OffsetCommit& commit, Offset least) {
  const auto* topic = turn.state().topic(commit.partition.topic);
  if (topic == nullptr) {
    turn.refuse(Errc::unknown_topic, "no topic has the id that this commit names");
    return false;
  }
  if (commit.partition.partition < 0 || commit.partition.partition >= (*topic)->partitions) {
    turn.refuse(Errc::unknown_partition, partition_name(turn, commit.partition) +
                                             " does not exist: it has " +
                                             std::to_string((*topic)->partitions) + " partitions");
    return false;
  }
  if (commit.offset < least) {
    turn.refuse(Errc::out_of_range, "offset " + std::to_string(commit.offset) + " of " +
                                        partition_name(turn, commit.partition) +
                                        " is below the minimum " + std::to_string(least));
    return false;
  }
  if (commit.metadata.size() > turn.limits().max_offset_metadata) {
    turn.refuse(Errc::out_of_range, "metadata of " + std::to_string(commit.metadata.size()) +
                                        " bytes is above the maximum " +
                                        std::to_string(turn.limits().max_offset_metadata));
    return false;
  }
  return true;
}

bool valid_count(Turn& turn, std::size_t count) {
  if (count <= turn.limits().max_commit_partitions) return true;
  turn.refuse(Errc::limit_reached, "a commit of " + std::to_string(count) +
                                       " partitions is above the maximum " +
                                       std::to_string(turn.limits().max_commit_partitions));
  return false;
}

RecordKey offset_key(const std::string& group, const TopicPartition& p) {
  return {RecordKind::offset, group, {}, p.topic, p.partition, 0};
}

/// Whether this commit is the one that the offset was left by: then it was its holder's, whoever
/// has the partition since, and its repetition gets the same answer.
bool already_done(const OffsetRecord& stored, const Commit& request, const OffsetCommit& commit) {
  return stored.token == commit.token && commit.token != 0 && stored.sequence == request.sequence &&
         stored.offset == commit.offset;
}

/// The fence: the token of the partition's present grant, held by this very session.
enum class Verdict { accept, repeat, refused };
Verdict judge(Turn& turn, const Group& group, std::uint32_t slot, const Commit& request,
              const OffsetCommit& commit) {
  const auto* stored = group.offsets.find(commit.partition);
  if (stored != nullptr && already_done(**stored, request, commit) &&
      !MUSTER_MUTANT(repeat_takes_effect))
    return Verdict::repeat;
  const Holding* holding = group.holding(commit.partition.topic, commit.partition.partition);
  const bool any = MUSTER_MUTANT(any_token_commits) && holding != nullptr;
  if (!any && (holding == nullptr || holding->holder != slot || holding->token != commit.token)) {
    const Token present = holding == nullptr ? 0 : holding->token;
    turn.refuse(Errc::stale_token,
                "token " + std::to_string(commit.token) + " for " +
                    partition_name(turn, commit.partition) + " is not that of its present grant (" +
                    (present == 0 ? "nobody holds it" : std::to_string(present)) + ")");
    return Verdict::refused;
  }
  if (stored == nullptr || (*stored)->token != commit.token) return Verdict::accept;
  if (request.sequence == (*stored)->sequence)
    return MUSTER_MUTANT(repeat_takes_effect) ? Verdict::accept : Verdict::repeat;
  if (request.sequence > (*stored)->sequence) return Verdict::accept;
  turn.refuse(Errc::stale_commit, "commit " + std::to_string(request.sequence) + " of " +
                                      partition_name(turn, commit.partition) +
                                      " comes after commit " + std::to_string((*stored)->sequence));
  return Verdict::refused;
}

OffsetRecord record_of(const Turn& turn, const GroupId& group, const OffsetCommit& commit) {
  OffsetRecord record;
  record.group = group;
  record.partition = commit.partition;
  record.offset = commit.offset;
  record.leader_epoch = commit.leader_epoch;
  record.metadata = commit.metadata;
  record.committed_at = turn.now().wall;
  return record;
}

}  // namespace

void handle(Turn& turn, const Commit& request) {
  const auto slot = session_of(turn, request.session);
  if (!slot || !valid_count(turn, request.offsets.size())) return;
  const SlotOwner owner = turn.state().owner(*slot);
  const GroupId& group = owner.group_id();
  std::vector<const OffsetCommit*> accepted;
  for (const OffsetCommit& commit : request.offsets) {
    if (!valid_offset(turn, commit, 0)) return;
    const Verdict verdict = judge(turn, owner.group(), *slot, request, commit);
    if (verdict == Verdict::refused) return;
    if (verdict == Verdict::accept) accepted.push_back(&commit);
  }
  for (const OffsetCommit* commit : accepted) {
    OffsetRecord record = record_of(turn, group, *commit);
    record.token = commit->token;
    record.sequence = request.sequence;
    turn.emit(offset_key(group.value, commit->partition), std::move(record));
  }
  ++turn.stats().commits;
  turn.reply(Done{});
}

void handle(Turn& turn, const AlterOffsets& request) {
  const std::string& id = request.group.value;
  if (!valid_id(id))
    return turn.refuse(
        Errc::invalid_name,
        named("group", id) + " is not 1-249 bytes of UTF-8 without control characters");
  if (!valid_count(turn, request.offsets.size())) return;
  const Group* group = turn.state().group(id);
  if (group != nullptr && !group->members.empty())
    return turn.refuse(Errc::group_not_empty, named("group", id) + " has " +
                                                  std::to_string(group->members.size()) +
                                                  " members; only they may commit");
  if (group == nullptr && turn.state().groups().size() >= turn.limits().max_groups)
    return turn.refuse(Errc::limit_reached,
                       "the number of groups of this shard has reached its maximum of " +
                           std::to_string(turn.limits().max_groups));
  for (const OffsetCommit& commit : request.offsets)
    if (!valid_offset(turn, commit, -1)) return;
  turn.group(id);
  turn.emit_groups();  // a group comes before its offsets
  for (const OffsetCommit& commit : request.offsets) {
    if (commit.offset < 0) {
      turn.erase(offset_key(id, commit.partition));
    } else {
      turn.emit(offset_key(id, commit.partition), record_of(turn, request.group, commit));
    }
  }
  turn.reply(Done{});
}

}  // namespace muster::core
