#include "profiles.hpp"

#include "assert.hpp"

#include <tuple>

namespace muster::core {
namespace {

auto fields(const MemberProfile& p) {
  return std::tie(p.session_timeout, p.rebalance_timeout, p.max_poll_interval, p.weight, p.zone,
                  p.assignor, p.software_name, p.software_version, p.topics);
}
auto fields(const MemberRecord& r) {
  return std::tie(r.session_timeout, r.rebalance_timeout, r.max_poll_interval, r.weight, r.zone,
                  r.assignor, r.client.software_name, r.client.software_version, r.topics);
}

}  // namespace

bool ByProfile::operator()(const Profile& a, const Profile& b) const {
  return (*this)(a, *b);
}
bool ByProfile::operator()(const Profile& a, const MemberRecord& b) const {
  return fields(*a) < fields(b);
}
bool ByProfile::operator()(const MemberRecord& a, const Profile& b) const {
  return fields(a) < fields(*b);
}
bool ByProfile::operator()(const Profile& a, const MemberProfile& b) const {
  return a.get() != &b && fields(*a) < fields(b);
}
bool ByProfile::operator()(const MemberProfile& a, const Profile& b) const {
  return &a != b.get() && fields(a) < fields(*b);
}

Shared<const MemberProfile> Profiles::take(const MemberRecord& record) {
  auto it = members_.find(record);
  if (it == members_.end())
    it = members_.emplace(Shared<const MemberProfile>{new MemberProfile{record}}, 0).first;
  ++it->second;
  return it->first;
}

void Profiles::drop(const MemberProfile& profile) {
  const auto it = members_.find(profile);
  MUSTER_ASSERT(it != members_.end(), "a member's profile is kept");
  if (--it->second == 0) members_.erase(it);
}

}  // namespace muster::core
