// Replies to requests, and the refusal that may answer anything.
#include "parts.hpp"
#include "replies.hpp"

namespace muster::wire {

At<fb::Refusal> build(Builder& b, const Refusal& m) {
  return fb::CreateRefusal(b, static_cast<std::uint16_t>(m.code), build_text(b, m.message));
}

Refusal read(Reader& r, const fb::Refusal& t) {
  return {.code = static_cast<Errc>(t.code()), .message = r.text(t.message())};
}

At<fb::Done> build(Builder& b, const Done& m) {
  return fb::CreateDone(b, m.catalogue_version);
}

Done read(Reader&, const fb::Done& t) {
  return {.catalogue_version = t.catalogue_version()};
}

At<fb::JoinOk> build(Builder& b, const JoinOk& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  return fb::CreateJoinOk(b, m.session.value, group, member, m.term, m.session_timeout.count(),
                          m.heartbeat_interval.count());
}

JoinOk read(Reader& r, const fb::JoinOk& t) {
  return {.session = {t.session()},
          .group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .term = t.term(),
          .session_timeout = Millis{t.session_timeout_ms()},
          .heartbeat_interval = Millis{t.heartbeat_interval_ms()}};
}

At<fb::ResumeOk> build(Builder& b, const ResumeOk& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  return fb::CreateResumeOk(b, m.session.value, group, member, m.session_timeout.count(),
                            m.heartbeat_interval.count());
}

ResumeOk read(Reader& r, const fb::ResumeOk& t) {
  return {.session = {t.session()},
          .group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .session_timeout = Millis{t.session_timeout_ms()},
          .heartbeat_interval = Millis{t.heartbeat_interval_ms()}};
}

At<fb::TopicChanged> build(Builder& b, const TopicChanged& m) {
  const fb::Uuid id = build_id(m.id);
  return fb::CreateTopicChanged(b, &id, m.partitions, m.catalogue_version);
}

TopicChanged read(Reader&, const fb::TopicChanged& t) {
  return {.id = read_id(*t.id()),
          .partitions = t.partitions(),
          .catalogue_version = t.catalogue_version()};
}

}  // namespace muster::wire
