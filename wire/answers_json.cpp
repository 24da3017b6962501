#include "answers_json.hpp"

#include "json_writer.hpp"

namespace muster::wire {
namespace {

void append_partitions(JsonWriter& w, const TopicId& topic,
                       const std::vector<PartitionIndex>& partitions, const TopicNameOf& name_of) {
  w.field_or_null("topic", name_of(topic));
  w.id_field("topic_id", topic);
  w.each("partitions", partitions, [&](PartitionIndex partition) { w.number(partition); });
}

void append_client(JsonWriter& w, const ClientInfo& client) {
  w.open('{');
  w.field("client_id", client.client_id);
  w.field("host", client.host);
  w.field("address", client.address);
  w.field("software_name", client.software_name);
  w.field("software_version", client.software_version);
  w.close('}');
}

void append_target(JsonWriter& w, const TopicPartitions& part, const TopicNameOf& name_of) {
  w.open('{');
  append_partitions(w, part.topic, part.partitions, name_of);
  w.close('}');
}

void append_move(JsonWriter& w, const Move& move, const TopicNameOf& name_of) {
  w.open('{');
  w.field_or_null("from", move.from.value);
  w.field_or_null("to", move.to.value);
  append_partitions(w, move.partitions.topic, move.partitions.partitions, name_of);
  w.close('}');
}

void append_ms(JsonWriter& w, std::string_view name, Millis took) {
  w.key(name);
  took.count() < 0 ? w.null() : w.number(took.count());
}

/// Below 0 there is none.
void append_if_any(JsonWriter& w, std::string_view name, std::int64_t value) {
  w.key(name);
  value < 0 ? w.null() : w.number(value);
}

}  // namespace

void append_topic(JsonWriter& w, const TopicDescription& topic) {
  w.open('{');
  w.field("topic", topic.name.value);
  w.id_field("topic_id", topic.id);
  w.field("partitions", topic.partitions);
  w.close('}');
}

void append_group_summary(JsonWriter& w, const GroupSummary& group) {
  w.open('{');
  w.field("group", group.group.value);
  w.field("type", to_string(group.type));
  w.field("state", to_string(group.state));
  w.field("epoch", group.epoch);
  w.field("members", group.members);
  w.close('}');
}

void append_owned(JsonWriter& w, const std::vector<OwnedPartitions>& list,
                  const TopicNameOf& name_of) {
  w.open('[');
  for (const OwnedPartitions& part : list) {
    w.open('{');
    append_partitions(w, part.topic, part.partitions, name_of);
    w.each("tokens", part.tokens, [&](Token token) { w.token(token); });
    w.close('}');
  }
  w.close(']');
}

void append_member(JsonWriter& w, const MemberDescription& member, const TopicNameOf& name_of) {
  w.open('{');
  w.field("member", member.member.value);
  w.key("instance");
  member.instance ? w.text(member.instance->value) : w.null();
  w.field("status", to_string(member.status));
  w.field("epoch", member.member_epoch);
  w.key("client");
  append_client(w, member.client);
  w.each("topics", member.topics, [&](const TopicName& topic) { w.text(topic.value); });
  w.field("session_timeout_ms", member.session_timeout.count());
  w.field("heartbeat_interval_ms", heartbeat_interval(member.session_timeout).count());
  w.field("weight", member.weight);
  w.field("zone", member.zone);
  w.key("assigned");
  append_owned(w, member.assigned, name_of);
  w.key("revoking");
  append_owned(w, member.revoking, name_of);
  w.each("target", member.target,
         [&](const TopicPartitions& part) { append_target(w, part, name_of); });
  w.close('}');
}

void append_epoch(JsonWriter& w, const EpochHistory& epoch, const TopicNameOf& name_of) {
  w.open('{');
  w.field("epoch", epoch.epoch);
  w.field("reason", to_string(epoch.reason));
  w.field("trigger", epoch.trigger);
  w.field("changes", epoch.changes);
  w.field("assignor", epoch.assignor);
  w.field("started_at", utc_time(epoch.started_at));
  w.field("gathered_ms", epoch.gathered.count());
  append_ms(w, "revoked_ms", epoch.revoked);
  append_ms(w, "settled_ms", epoch.settled);
  w.field("members", epoch.members);
  w.field("moved", epoch.moved);
  w.each("moves", epoch.moves, [&](const Move& move) { append_move(w, move, name_of); });
  w.close('}');
}

void append_offset(JsonWriter& w, const CommittedOffset& offset) {
  w.open('{');
  w.field_or_null("topic", offset.topic.value);
  w.id_field("topic_id", offset.partition.topic);
  w.field("partition", offset.partition.partition);
  append_if_any(w, "offset", offset.offset);
  append_if_any(w, "leader_epoch", offset.leader_epoch);
  w.field("metadata", offset.metadata);
  w.field_or_null("committed_at",
                  offset.committed_at.ms == 0 ? std::string{} : utc_time(offset.committed_at));
  w.key("token");
  offset.token == 0 ? w.null() : w.token(offset.token);
  w.close('}');
}

void append_group_fields(JsonWriter& w, const GroupDescription& group) {
  w.field("group", group.group.value);
  w.field("type", to_string(group.type));
  w.field("state", to_string(group.state));
  w.field("assignor", group.assignor);
  w.field("epoch", group.epoch);
  w.field("assignment_epoch", group.assignment_epoch);
  w.field("term", group.term);
}

void append_json(JsonWriter& w, const TopicList& list) {
  w.open('{');
  w.field("catalogue_version", list.catalogue_version);
  w.each("topics", list.topics, [&](const TopicDescription& topic) { append_topic(w, topic); });
  w.close('}');
}

void append_json(JsonWriter& w, const GroupList& list) {
  w.open('{');
  w.each("groups", list.groups, [&](const GroupSummary& group) { append_group_summary(w, group); });
  w.close('}');
}

void append_json(JsonWriter& w, const GroupDescription& group, const TopicNameOf& name_of) {
  w.open('{');
  append_group_fields(w, group);
  w.each("members", group.members,
         [&](const MemberDescription& member) { append_member(w, member, name_of); });
  w.close('}');
}

void append_json(JsonWriter& w, std::string_view group, const OffsetList& list) {
  w.open('{');
  w.field("group", group);
  w.each("offsets", list.offsets, [&](const CommittedOffset& offset) { append_offset(w, offset); });
  w.close('}');
}

void append_json(JsonWriter& w, std::string_view group, const HistoryList& list,
                 const TopicNameOf& name_of) {
  w.open('{');
  w.field("group", group);
  w.each("epochs", list.epochs,
         [&](const EpochHistory& epoch) { append_epoch(w, epoch, name_of); });
  w.close('}');
}

}  // namespace muster::wire
