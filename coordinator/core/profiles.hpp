/// The profiles of the members that are there, each once.
#pragma once

#include <muster/core/member.hpp>

#include <cstddef>
#include <cstdint>
#include <map>

namespace muster::core {

/// The order of profiles, and of records by the profile that they ask for.
struct ByProfile {
  using is_transparent = void;
  using Profile = Shared<const MemberProfile>;
  bool operator()(const Profile& a, const Profile& b) const;
  bool operator()(const Profile& a, const MemberRecord& b) const;
  bool operator()(const MemberRecord& a, const Profile& b) const;
  bool operator()(const Profile& a, const MemberProfile& b) const;
  bool operator()(const MemberProfile& a, const Profile& b) const;
};

/// Bounded by what is alive: a profile goes when its last member goes, though a View may hold it
/// longer.
class Profiles {
 public:
  /// The profile that a member of this record has; counts one member more.
  [[nodiscard]] Shared<const MemberProfile> take(const MemberRecord& record);
  /// One member fewer has it.
  void drop(const MemberProfile& profile);
  [[nodiscard]] std::size_t size() const { return members_.size(); }

 private:
  std::map<Shared<const MemberProfile>, std::uint64_t, ByProfile> members_;
};

}  // namespace muster::core
