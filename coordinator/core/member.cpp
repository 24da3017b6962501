#include <muster/core/member.hpp>

#include <algorithm>
#include <new>

namespace muster::core {
MemberProfile::MemberProfile(const MemberRecord& record)
    : topics(record.topics),
      session_timeout(record.session_timeout),
      rebalance_timeout(record.rebalance_timeout),
      max_poll_interval(record.max_poll_interval),
      weight(record.weight),
      zone(record.zone),
      assignor(record.assignor),
      software_name(record.client.software_name),
      software_version(record.client.software_version) {}

Member::Texts Member::texts_of(const MemberRecord& record) {
  return {record.id.value, record.instance ? record.instance->value : std::string_view{},
          record.client.client_id, record.client.host, record.client.address};
}

std::size_t Member::size_of(const Texts& texts) {
  std::size_t size = 0;
  for (const std::string_view t : texts) size += t.size();
  return size;
}

bool Member::fits(const MemberRecord& record) {
  return size_of(texts_of(record)) <= max_texts;
}

Shared<const Member> Member::make(const MemberRecord& record, Shared<const MemberProfile> profile) {
  const Texts texts = texts_of(record);
  return Shared<const Member>{new (size_of(texts)) Member(record, texts, std::move(profile))};
}

Member::Member(const MemberRecord& record, const Texts& texts, Shared<const MemberProfile> profile)
    : status_(record.status),
      has_instance_(record.instance.has_value()),
      profile_(std::move(profile)) {
  char* out = reinterpret_cast<char*>(this + 1);
  std::size_t end = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::copy(texts[i].begin(), texts[i].end(), out + end);
    end += texts[i].size();
    ends_[i] = static_cast<std::uint16_t>(end);
  }
}

void* Member::operator new(std::size_t size, std::size_t texts) {
  return ::operator new(size + texts);
}
void Member::operator delete(void* memory, std::size_t) {
  ::operator delete(memory);
}
void Member::operator delete(void* memory) {
  ::operator delete(memory);
}

std::optional<std::string_view> Member::instance() const {
  return has_instance_ ? std::optional{text(1)} : std::nullopt;
}

ClientInfo Member::client() const {
  return {std::string{client_id()}, std::string{host()}, std::string{address()},
          profile_->software_name, profile_->software_version};
}

MemberRecord Member::record(const GroupId& group) const {
  MemberRecord out;
  out.group = group;
  out.id = MemberId{id()};
  if (const auto own = instance()) out.instance = InstanceId{*own};
  out.client = client();
  out.topics = profile_->topics;
  out.session_timeout = profile_->session_timeout;
  out.rebalance_timeout = profile_->rebalance_timeout;
  out.max_poll_interval = profile_->max_poll_interval;
  out.weight = profile_->weight;
  out.zone = profile_->zone;
  out.assignor = profile_->assignor;
  out.status = status_;
  return out;
}

}  // namespace muster::core
