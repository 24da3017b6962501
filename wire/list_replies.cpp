// Replies to queries about topics, groups and offsets, and the metrics.
#include "parts.hpp"
#include "replies.hpp"

namespace muster::wire {

namespace {

At<fb::TopicDescription> build_topic(Builder& b, const TopicDescription& m) {
  const fb::Uuid id = build_id(m.id);
  return fb::CreateTopicDescription(b, build_present(b, m.name.value), &id, m.partitions);
}

TopicDescription read_topic(Reader& r, const fb::TopicDescription& t) {
  return {
      .name = r.name<TopicName>(t.name()), .id = read_id(*t.id()), .partitions = t.partitions()};
}

At<fb::GroupSummary> build_summary(Builder& b, const GroupSummary& m) {
  return fb::CreateGroupSummary(b, build_present(b, m.group.value),
                                static_cast<std::uint8_t>(m.type),
                                static_cast<std::uint8_t>(m.state), m.epoch, m.members);
}

GroupSummary read_summary(Reader& r, const fb::GroupSummary& t) {
  return {.group = r.name<GroupId>(t.group()),
          .type = static_cast<GroupType>(t.type()),
          .state = static_cast<GroupState>(t.state()),
          .epoch = t.epoch(),
          .members = t.members()};
}

At<fb::MemberDescription> build_member(Builder& b, const MemberDescription& m) {
  const auto member = build_present(b, m.member.value);
  const auto instance =
      m.instance ? build_present(b, m.instance->value) : At<flatbuffers::String>{};
  const auto client = build_client(b, m.client);
  const auto topics = build_names(b, m.topics);
  const auto zone = build_text(b, m.zone);
  const auto assigned = build_owned(b, m.assigned);
  const auto revoking = build_owned(b, m.revoking);
  const auto target = build_list(b, m.target, build_partitions);
  return fb::CreateMemberDescription(
      b, member, instance, client, static_cast<std::uint8_t>(m.status), m.member_epoch, topics,
      m.session_timeout.count(), m.weight, zone, assigned, revoking, target);
}

MemberDescription read_member(Reader& r, const fb::MemberDescription& t) {
  return {.member = r.name<MemberId>(t.member()),
          .instance = r.optional_name<InstanceId>(t.instance()),
          .client = read_client(r, t.client()),
          .status = static_cast<Status>(t.status()),
          .member_epoch = t.member_epoch(),
          .topics = r.names(t.topics()),
          .session_timeout = Millis{t.session_timeout_ms()},
          .weight = t.weight(),
          .zone = r.text(t.zone()),
          .assigned = read_owned(r, t.assigned()),
          .revoking = read_owned(r, t.revoking()),
          .target = r.list(t.target(), read_partitions)};
}

At<fb::CommittedOffset> build_offset(Builder& b, const CommittedOffset& m) {
  const fb::TopicPartition partition = build_partition(m.partition);
  const auto topic = build_text(b, m.topic.value);
  const auto metadata = build_text(b, m.metadata);
  return fb::CreateCommittedOffset(b, &partition, topic, m.offset, m.leader_epoch, metadata,
                                   m.committed_at.ms, m.token);
}

CommittedOffset read_offset(Reader& r, const fb::CommittedOffset& t) {
  return {.partition = read_partition(*t.partition()),
          .topic = r.name<TopicName>(t.topic()),
          .offset = t.offset(),
          .leader_epoch = t.leader_epoch(),
          .metadata = r.text(t.metadata()),
          .committed_at = {t.committed_at_ms()},
          .token = t.token()};
}

}  // namespace

At<fb::TopicList> build(Builder& b, const TopicList& m) {
  const auto topics = build_list(b, m.topics, build_topic);
  return fb::CreateTopicList(b, m.catalogue_version, topics);
}

TopicList read(Reader& r, const fb::TopicList& t) {
  return {.catalogue_version = t.catalogue_version(), .topics = r.list(t.topics(), read_topic)};
}

At<fb::GroupList> build(Builder& b, const GroupList& m) {
  return fb::CreateGroupList(b, build_list(b, m.groups, build_summary));
}

GroupList read(Reader& r, const fb::GroupList& t) {
  return {.groups = r.list(t.groups(), read_summary)};
}

At<fb::GroupDescription> build(Builder& b, const GroupDescription& m) {
  const auto group = build_present(b, m.group.value);
  const auto assignor = build_text(b, m.assignor);
  const auto members = build_list(b, m.members, build_member);
  return fb::CreateGroupDescription(b, group, static_cast<std::uint8_t>(m.type),
                                    static_cast<std::uint8_t>(m.state), assignor, m.epoch,
                                    m.assignment_epoch, m.term, members);
}

GroupDescription read(Reader& r, const fb::GroupDescription& t) {
  return {.group = r.name<GroupId>(t.group()),
          .type = static_cast<GroupType>(t.type()),
          .state = static_cast<GroupState>(t.state()),
          .assignor = r.text(t.assignor()),
          .epoch = t.epoch(),
          .assignment_epoch = t.assignment_epoch(),
          .term = t.term(),
          .members = r.list(t.members(), read_member)};
}

At<fb::OffsetList> build(Builder& b, const OffsetList& m) {
  return fb::CreateOffsetList(b, build_list(b, m.offsets, build_offset));
}

OffsetList read(Reader& r, const fb::OffsetList& t) {
  return {.offsets = r.list(t.offsets(), read_offset)};
}

At<fb::Metrics> build(Builder& b, const Metrics& m) {
  return fb::CreateMetrics(b, build_text(b, m.text));
}

Metrics read(Reader& r, const fb::Metrics& t) {
  return {.text = r.text(t.text())};
}

}  // namespace muster::wire
