// What members ask: join, resume, update, release, commit, leave.
#include "parts.hpp"
#include "requests.hpp"

namespace muster::wire {

At<fb::Release> build(Builder& b, const Release& m) {
  return fb::CreateRelease(b, m.session.value, m.step);
}

Release read(Reader&, const fb::Release& t) {
  return {.session = {t.session()}, .step = t.step()};
}

At<fb::Commit> build(Builder& b, const Commit& m) {
  const auto offsets = build_commits(b, m.offsets);
  return fb::CreateCommit(b, m.session.value, m.sequence, offsets);
}

Commit read(Reader& r, const fb::Commit& t) {
  return {
      .session = {t.session()}, .sequence = t.sequence(), .offsets = read_commits(r, t.offsets())};
}

At<fb::Join> build(Builder& b, const Join& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_text(b, m.member.value);
  const auto instance =
      m.instance ? build_present(b, m.instance->value) : At<flatbuffers::String>{};
  const auto client = build_client(b, m.client);
  const auto topics = build_names(b, m.topics);
  const auto zone = build_text(b, m.zone);
  const auto assignor = build_text(b, m.assignor);
  return fb::CreateJoin(b, group, member, instance, client, topics, m.catalogue_version,
                        m.session_timeout.count(), m.rebalance_timeout.count(),
                        m.max_poll_interval.count(), m.weight, zone, assignor);
}

Join read(Reader& r, const fb::Join& t) {
  return {.group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .instance = r.optional_name<InstanceId>(t.instance()),
          .client = read_client(r, t.client()),
          .topics = r.names(t.topics()),
          .catalogue_version = t.catalogue_version(),
          .session_timeout = Millis{t.session_timeout_ms()},
          .rebalance_timeout = Millis{t.rebalance_timeout_ms()},
          .max_poll_interval = Millis{t.max_poll_interval_ms()},
          .weight = t.weight(),
          .zone = r.text(t.zone()),
          .assignor = r.text(t.assignor())};
}

At<fb::Resume> build(Builder& b, const Resume& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  return fb::CreateResume(b, group, member, m.member_epoch, m.fenced_itself);
}

Resume read(Reader& r, const fb::Resume& t) {
  return {.group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .member_epoch = t.member_epoch(),
          .fenced_itself = t.fenced_itself()};
}

namespace {

// An empty vector is written: absent means "stays".
VectorAt<At<flatbuffers::String>> build_present_names(Builder& b,
                                                      const std::vector<TopicName>& names) {
  return names.empty() ? b.CreateVector(std::vector<At<flatbuffers::String>>{})
                       : build_names(b, names);
}

}  // namespace

At<fb::Update> build(Builder& b, const Update& m) {
  const auto topics =
      m.topics ? build_present_names(b, *m.topics) : VectorAt<At<flatbuffers::String>>{};
  flatbuffers::Optional<std::uint32_t> weight;
  flatbuffers::Optional<std::int64_t> session_timeout_ms;
  if (m.weight) weight = *m.weight;
  if (m.session_timeout) session_timeout_ms = m.session_timeout->count();
  return fb::CreateUpdate(b, m.session.value, topics, weight, session_timeout_ms,
                          m.catalogue_version);
}

Update read(Reader& r, const fb::Update& t) {
  Update m;
  m.session = {t.session()};
  m.catalogue_version = t.catalogue_version();
  if (t.topics() != nullptr) m.topics = r.names(t.topics());
  if (const auto weight = t.weight()) m.weight = *weight;
  if (const auto ms = t.session_timeout_ms()) m.session_timeout = Millis{*ms};
  return m;
}

At<fb::Leave> build(Builder& b, const Leave& m) {
  return fb::CreateLeave(b, m.session.value);
}

Leave read(Reader&, const fb::Leave& t) {
  return {.session = {t.session()}};
}

}  // namespace muster::wire
