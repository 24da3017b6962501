#include "ledger.hpp"

#include <muster/core/view.hpp>

#include <algorithm>

namespace muster::sim {

using core::Record;
using core::RecordKind;

namespace {

template <class T>
std::shared_ptr<const T> value_of(const Record& record) {
  const auto* value = std::get_if<std::shared_ptr<const T>>(&record.value);
  return value == nullptr ? nullptr : *value;
}

bool is_tombstone(const Record& record) {
  return std::holds_alternative<std::monostate>(record.value);
}

template <class F>
void for_held(const core::CurrentRecord& current, F&& f) {
  for (const auto* list : {&current.assigned, &current.revoking})
    for (const core::Granted& topic : *list)
      for (std::size_t i = 0; i < topic.partitions.size(); ++i)
        f(TopicPartition{topic.topic, topic.partitions[i]}, topic.tokens[i]);
}

/// With who goes, goes the note that it is silent.
bool removes_member(std::span<const Record> step, const core::RecordKey& note) {
  return std::any_of(step.begin(), step.end(), [&](const Record& record) {
    return record.key.kind == RecordKind::member && is_tombstone(record) &&
           record.key.group == note.group && record.key.member == note.member;
  });
}

}  // namespace

/// What one revision did, for what only the whole of it can tell.
struct Ledger::Step {
  std::set<std::string> groups;  // touched
  std::set<std::string> deleted_groups;
  std::set<TopicId> deleted_topics;
  std::size_t members_gone = 0;
  std::size_t farewells = 0;
  Token newest_token_before = 0;
};

std::string describe(const TopicPartition& where) {
  return "partition " + std::to_string(where.partition) + " of topic " +
         std::to_string(where.topic.bytes[1]) + "." + std::to_string(where.topic.bytes[2]);
}

std::string describe(const core::RecordKey& key) {
  return "record kind " + std::to_string(static_cast<int>(key.kind)) + " group \"" + key.group +
         "\" member \"" + key.member + "\" number " + std::to_string(key.number);
}

void Ledger::fail(std::string_view invariant, const Record& record, const std::string& what) {
  witness_.fail(invariant, "revision " + std::to_string(record.revision) + ", " +
                               describe(record.key) + ": " + what);
}

const BookedGroup* Ledger::group(const std::string& id) const {
  const auto& groups =
      shards_[core::shard_of(id, static_cast<std::uint32_t>(shards_.size()))].groups;
  const auto it = groups.find(id);
  return it == groups.end() ? nullptr : &it->second;
}

bool Ledger::was_there(const std::string& id) const {
  return shards_[core::shard_of(id, static_cast<std::uint32_t>(shards_.size()))]
      .highest_epoch.contains(id);
}

const BookedMember* Ledger::member(const std::string& group_id, const std::string& id) const {
  const BookedGroup* g = group(group_id);
  if (g == nullptr) return nullptr;
  const auto it = g->members.find(id);
  return it == g->members.end() ? nullptr : &it->second;
}

void Ledger::take(ShardIndex shard, std::span<const Record> records) {
  // A step is atomic: all its records are in one batch, numbered.
  for (std::size_t begin = 0; begin < records.size();) {
    std::size_t end = begin;
    while (end < records.size() && records[end].revision == records[begin].revision) ++end;
    const auto step = records.subspan(begin, end - begin);
    for (std::size_t i = 0; i < step.size(); ++i)
      if (step[i].index != i || step[i].count != step.size())
        fail("C3", step[i],
             "is record " + std::to_string(step[i].index) + " of " + std::to_string(step[i].count) +
                 " in a step of " + std::to_string(step.size()));
    take_step(shard, step);
    begin = end;
  }
}

void Ledger::take_step(ShardIndex index, std::span<const Record> records) {
  BookedShard& shard = shards_[index];
  if (on_step) on_step(records);
  records_ += records.size();
  if (records[0].revision != shard.revision + 1)
    fail("D1", records[0], "follows revision " + std::to_string(shard.revision));
  shard.revision = records[0].revision;
  witness_.hash(shard.revision << 8 | index);
  Step step;
  step.newest_token_before = shard.newest_token;
  for (const Record& record : records) {
    if (record.key.kind == RecordKind::topic && is_tombstone(record))
      step.deleted_topics.insert(record.key.topic);
    if (record.key.kind == RecordKind::group && is_tombstone(record))
      step.deleted_groups.insert(record.key.group);
  }
  for (const Record& record : records) {
    switch (record.key.kind) {
      case RecordKind::meta:
        take_meta(shard, record);
        break;
      case RecordKind::topic:
        take_topic(shard, record, step);
        break;
      case RecordKind::group:
        take_group(shard, record, step);
        break;
      case RecordKind::member:
        take_member(shard, record, step);
        break;
      case RecordKind::current:
        step.groups.insert(record.key.group);
        take_current(index, shard, record);
        break;
      case RecordKind::offset:
        take_offset(shard, record, step);
        break;
      case RecordKind::event:
        take_event(index, shard, record, step);
        break;
      case RecordKind::target:
        take_target(shard, record);
        break;
      case RecordKind::history:
      case RecordKind::service:
      case RecordKind::instance:
      case RecordKind::node:
      case RecordKind::departed:
      case RecordKind::instance_silence:
      case RecordKind::node_silence:
        break;
      case RecordKind::silence:
        witness_.mark(is_tombstone(record) ? Mark::silence_withdrawn : Mark::silence_noted);
        if (is_tombstone(record) && on_withdrawn && !removes_member(records, record.key))
          on_withdrawn(record.key.member);
        witness_.say("silence of %.8s %s", record.key.member.c_str(),
                     is_tombstone(record) ? "withdrawn" : "noted");
        break;
    }
  }
  check_step(shard, step);
}

void Ledger::take_meta(BookedShard& shard, const Record& record) {
  const auto meta = value_of<core::ShardMeta>(record);
  if (!meta) return fail("A2", record, "a shard's meta record is removed");
  if (meta->term < shard.term)
    fail("A2", record,
         "term " + std::to_string(meta->term) + " after " + std::to_string(shard.term));
  if (meta->epoch_floor < shard.epoch_floor) fail("A2", record, "the epoch floor falls");
  if (meta->catalogue_version < shard.catalogue) fail("D1", record, "the catalogue goes back");
  if (meta->term > shard.term) shard.newest_token = make_token(meta->term, 0);
  shard.term = meta->term;
  shard.epoch_floor = meta->epoch_floor;
  shard.catalogue = meta->catalogue_version;
}

void Ledger::take_topic(BookedShard& shard, const Record& record, Step&) {
  const auto topic = value_of<core::TopicRecord>(record);
  const auto it = shard.topics.find(record.key.topic);
  if (!topic) {
    shard.topics.erase(record.key.topic);
    return;
  }
  if (it != shard.topics.end() && it->second->partitions > topic->partitions)
    fail("D1", record, "a topic shrinks");
  shard.topics[record.key.topic] = topic;
}

void Ledger::take_group(BookedShard& shard, const Record& record, Step& step) {
  const std::string& id = record.key.group;
  const auto group = value_of<core::GroupRecord>(record);
  if (!group) {
    const auto it = shard.groups.find(id);
    if (it != shard.groups.end() && !it->second.members.empty())
      fail("A5", record, "a group with members is removed");
    if (it != shard.groups.end() && !it->second.offsets.empty())
      fail("C5", record, "a group is removed and leaves offsets");
    shard.groups.erase(id);
    shard.event_sequence.erase(id);
    witness_.mark(Mark::group_deleted);
    return;
  }
  Epoch& highest = shard.highest_epoch[id];
  if (group->epoch < highest || (!shard.groups.contains(id) && highest > 0 &&
                                 group->epoch <= highest && group->epoch != shard.epoch_floor))
    fail("A2", record,
         "epoch " + std::to_string(group->epoch) + " after " + std::to_string(highest));
  if (group->assignment_epoch > group->epoch) fail("A5", record, "the target is of a later epoch");
  highest = std::max(highest, group->epoch);
  shard.groups[id].record = group;
  step.groups.insert(id);
  witness_.hash(static_cast<std::uint64_t>(group->epoch));
}

void Ledger::take_member(BookedShard& shard, const Record& record, Step& step) {
  const auto group = shard.groups.find(record.key.group);
  if (group == shard.groups.end()) return fail("A5", record, "a member of no group");
  step.groups.insert(record.key.group);
  const auto member = value_of<core::MemberRecord>(record);
  if (!member) {
    const auto it = group->second.members.find(record.key.member);
    if (it == group->second.members.end()) return;
    if (it->second.current &&
        (!it->second.current->assigned.empty() || !it->second.current->revoking.empty()))
      fail("A4", record, "a member is removed and still holds something");
    group->second.members.erase(it);
    ++step.members_gone;
    return;
  }
  group->second.members[record.key.member].record = member;
}

void Ledger::take_target(BookedShard& shard, const Record& record) {
  const auto group = shard.groups.find(record.key.group);
  const auto next = value_of<core::TargetRecord>(record);
  const bool known =
      group != shard.groups.end() && group->second.members.contains(record.key.member);
  if (known) {
    group->second.members[record.key.member].target = next;
  } else if (next) {
    fail("A5", record, "a target of no member");
  }
}

void Ledger::take_current(ShardIndex index, BookedShard& shard, const Record& record) {
  const auto group = shard.groups.find(record.key.group);
  if (group == shard.groups.end()) {
    if (!is_tombstone(record)) fail("A5", record, "holdings of no group");
    return;
  }
  BookedGroup& g = group->second;
  const auto it = g.members.find(record.key.member);
  const auto next = value_of<core::CurrentRecord>(record);
  if (it == g.members.end()) {
    if (next) fail("A5", record, "holdings of no member");
    return;
  }
  BookedMember& member = it->second;
  std::map<TopicPartition, Token> before;
  if (member.current) {
    for_held(*member.current, [&](const TopicPartition& p, Token t) {
      before[p] = t;
      g.holders.erase(p);
    });
    if (next && next->step <= member.current->step) fail("D1", record, "a step's number is reused");
    if (next && next->member_epoch < member.current->member_epoch)
      fail("A2", record, "a member's epoch falls");
  }
  if (next && g.record && next->member_epoch > g.record->epoch &&
      next->member_epoch > shard.highest_epoch[record.key.group])
    fail("A2", record, "a member's epoch is above its group's");
  const Token newest = shard.newest_token;
  if (next)
    for_held(*next, [&](const TopicPartition& p, Token token) {
      const auto holder = g.holders.find(p);
      if (holder != g.holders.end())
        fail("A4", record,
             describe(p) + " is granted while \"" + holder->second.first + "\" holds it");
      g.holders[p] = {record.key.member, token};
      Token& highest = shard.highest_token[{record.key.group, p}];
      const auto old = before.find(p);
      if (old != before.end() && old->second == token) return;
      if (token <= highest)
        fail("A2", record,
             describe(p) + " gets token " + std::to_string(token) + " after " +
                 std::to_string(highest));
      if (token <= newest || term_of(token) != shard.term)
        fail("A2", record, "token " + std::to_string(token) + " was given out before");
      highest = std::max(highest, token);
      shard.newest_token = std::max(shard.newest_token, token);
      witness_.hash(token);
    });
  const bool was_revoking = member.current && !member.current->revoking.empty();
  const bool revokes = next && !next->revoking.empty();
  if (revokes && !was_revoking && on_revoking)
    on_revoking(index, record.revision, record.key.member);
  if (revokes && was_revoking) witness_.mark(Mark::revoked_twice);
  if (was_revoking && !revokes && !next) witness_.mark(Mark::gone_while_revoking);
  if (revokes) witness_.mark(Mark::revoking);
  member.current = next;
}

void Ledger::take_offset(BookedShard& shard, const Record& record, const Step& step) {
  const auto group = shard.groups.find(record.key.group);
  const TopicPartition where{record.key.topic, record.key.partition};
  const auto next = value_of<core::OffsetRecord>(record);
  if (group == shard.groups.end()) {
    if (next) fail("C5", record, "an offset of no group");
    return;
  }
  BookedGroup& g = group->second;
  const auto old = g.offsets.find(where);
  const bool by_operator = operators_.contains({record.key.group, where});
  if (!next) {
    if (!step.deleted_groups.contains(record.key.group) &&
        !step.deleted_topics.contains(record.key.topic) && !by_operator)
      fail("C5", record, "an offset of " + describe(where) + " is removed and nobody asked");
    g.offsets.erase(where);
    return;
  }
  witness_.hash(static_cast<std::uint64_t>(next->offset));
  if (next->token == 0) {
    if (!by_operator) fail("C2", record, "an offset is set without a token");
    if (!g.members.empty())
      fail("A3", record, "an operator sets an offset of a group with members");
  } else {
    const auto holder = g.holders.find(where);
    if (holder == g.holders.end() || holder->second.second != next->token)
      fail("A3", record,
           "token " + std::to_string(next->token) + " commits " + describe(where) +
               " and is not its present grant's");
    if (old != g.offsets.end() && old->second->token == next->token &&
        old->second->sequence >= next->sequence)
      fail("C4", record,
           "commit " + std::to_string(next->sequence) + " of " + describe(where) +
               " takes effect after " + std::to_string(old->second->sequence));
    if (old != g.offsets.end() && old->second->token > next->token)
      fail("A3", record, "an older grant overwrites the offset of a newer one");
  }
  if (next->token != 0)
    effects_.insert(effect(record.key.group, where, next->token, next->sequence));
  g.offsets[where] = next;
}

void Ledger::take_event(ShardIndex index, BookedShard& shard, const Record& record, Step& step) {
  const auto event = value_of<Event>(record);
  if (!event) {
    if (record.key.number != shard.oldest_event)
      fail("D1", record, "event " + std::to_string(shard.oldest_event) + " is the oldest");
    shard.oldest_event = record.key.number + 1;
    witness_.mark(Mark::event_dropped);
    return;
  }
  if (event->number != shard.event + 1 || event->number != record.key.number)
    fail("D1", record,
         "event " + std::to_string(event->number) + " follows " + std::to_string(shard.event));
  shard.event = event->number;
  if (event->revision != record.revision)
    fail("D1", record, "an event of revision " + std::to_string(event->revision));
  if (event->term != shard.term) fail("D1", record, "an event of another term");
  if (!event->group.empty()) {
    std::uint64_t& sequence = shard.event_sequence[event->group];
    if (event->sequence != sequence + 1)
      fail("D1", record,
           "event " + std::to_string(event->sequence) + " of group \"" + event->group +
               "\" follows " + std::to_string(sequence));
    sequence = event->sequence;
  }
  if (event->kind == EventKind::member_left || event->kind == EventKind::member_expelled)
    ++step.farewells;
  witness_.hash(static_cast<std::uint64_t>(event->kind) << 32 | event->number);
  if (on_event) on_event(index, *event);
}

void Ledger::check_step(BookedShard& shard, const Step& step) {
  if (step.members_gone != step.farewells)
    witness_.fail("D1", "revision " + std::to_string(shard.revision) + " removes " +
                            std::to_string(step.members_gone) + " members and tells of " +
                            std::to_string(step.farewells));
  for (const std::string& id : step.groups) {
    const auto it = shard.groups.find(id);
    if (it == shard.groups.end()) continue;
    const BookedGroup& group = it->second;
    if (group.members.empty() && step.members_gone > 0) witness_.mark(Mark::group_emptied);
    if (!group.record) {
      witness_.fail("A5", "group \"" + id + "\" has members and no record");
    } else if (group.members.empty() && group.record->assignment_epoch != group.record->epoch) {
      witness_.fail("A5", "group \"" + id + "\" is empty at epoch " +
                              std::to_string(group.record->epoch) + " with a target of epoch " +
                              std::to_string(group.record->assignment_epoch));
    }
  }
}

}  // namespace muster::sim
