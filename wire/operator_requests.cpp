// What operators ask: topics, offsets, groups, members.
#include "parts.hpp"
#include "requests.hpp"

namespace muster::wire {

At<fb::CreateTopic> build(Builder& b, const CreateTopic& m) {
  return fb::CreateCreateTopic(b, build_present(b, m.topic.value), m.partitions);
}

CreateTopic read(Reader& r, const fb::CreateTopic& t) {
  return {.topic = r.name<TopicName>(t.topic()), .partitions = t.partitions()};
}

At<fb::GrowTopic> build(Builder& b, const GrowTopic& m) {
  return fb::CreateGrowTopic(b, build_present(b, m.topic.value), m.partitions);
}

GrowTopic read(Reader& r, const fb::GrowTopic& t) {
  return {.topic = r.name<TopicName>(t.topic()), .partitions = t.partitions()};
}

At<fb::DeleteTopic> build(Builder& b, const DeleteTopic& m) {
  return fb::CreateDeleteTopic(b, build_present(b, m.topic.value));
}

DeleteTopic read(Reader& r, const fb::DeleteTopic& t) {
  return {.topic = r.name<TopicName>(t.topic())};
}

At<fb::AlterOffsets> build(Builder& b, const AlterOffsets& m) {
  const auto group = build_present(b, m.group.value);
  const auto offsets = build_commits(b, m.offsets);
  return fb::CreateAlterOffsets(b, group, offsets);
}

AlterOffsets read(Reader& r, const fb::AlterOffsets& t) {
  return {.group = r.name<GroupId>(t.group()), .offsets = read_commits(r, t.offsets())};
}

At<fb::DeleteGroup> build(Builder& b, const DeleteGroup& m) {
  return fb::CreateDeleteGroup(b, build_present(b, m.group.value));
}

DeleteGroup read(Reader& r, const fb::DeleteGroup& t) {
  return {.group = r.name<GroupId>(t.group())};
}

At<fb::ExpelMember> build(Builder& b, const ExpelMember& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  const auto why = build_text(b, m.why);
  return fb::CreateExpelMember(b, group, member, why);
}

ExpelMember read(Reader& r, const fb::ExpelMember& t) {
  return {.group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .why = r.text(t.why())};
}

At<fb::AlterGroup> build(Builder& b, const AlterGroup& m) {
  const auto group = build_present(b, m.group.value);
  const auto assignor = m.assignor ? build_present(b, *m.assignor) : At<flatbuffers::String>{};
  flatbuffers::Optional<std::int64_t> delay_ms;
  if (m.first_assignment_delay) delay_ms = m.first_assignment_delay->count();
  return fb::CreateAlterGroup(b, group, assignor, delay_ms);
}

AlterGroup read(Reader& r, const fb::AlterGroup& t) {
  AlterGroup m;
  m.group = r.name<GroupId>(t.group());
  if (t.assignor() != nullptr) m.assignor = r.text(t.assignor());
  if (const auto ms = t.first_assignment_delay_ms()) m.first_assignment_delay = Millis{*ms};
  return m;
}

}  // namespace muster::wire
