/// A member as the state and its views keep it: small, because there may be millions of them.
///
/// A MemberRecord is what is stored; it is whole in itself. In memory what members usually have
/// alike is a profile that all of them share, and what each has for itself lies in one block.
#pragma once

#include <muster/core/record.hpp>
#include <muster/core/shared.hpp>
#include <muster/types.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::core {

/// What members usually ask for alike. Immutable; two members that ask for the same share one
/// object.
struct MemberProfile : Counted {
  explicit MemberProfile(const MemberRecord& record);

  std::vector<TopicName> topics;  ///< Subscription, sorted, each once.
  Millis session_timeout{0};
  Millis rebalance_timeout{0};
  Millis max_poll_interval{0};
  std::uint32_t weight = 1;
  std::string zone;
  std::string assignor;
  std::string software_name;
  std::string software_version;
};

/// One member: its status, its own texts, and its profile. Immutable; a change makes a new one.
class Member : public Counted {
 public:
  /// Texts longer than this together do not fit.
  static constexpr std::size_t max_texts = 0xffff;
  [[nodiscard]] static bool fits(const MemberRecord& record);
  /// `profile` is that of the record; the record fits.
  [[nodiscard]] static Shared<const Member> make(const MemberRecord& record,
                                                 Shared<const MemberProfile> profile);

  [[nodiscard]] std::string_view id() const { return text(0); }
  [[nodiscard]] std::optional<std::string_view> instance() const;
  [[nodiscard]] std::string_view client_id() const { return text(2); }
  [[nodiscard]] std::string_view host() const { return text(3); }
  [[nodiscard]] std::string_view address() const { return text(4); }
  [[nodiscard]] Status status() const { return status_; }
  [[nodiscard]] const MemberProfile& profile() const { return *profile_; }
  [[nodiscard]] ClientInfo client() const;
  /// The record that this was made of; the group is not kept here.
  [[nodiscard]] MemberRecord record(const GroupId& group) const;

  /// `texts`: the bytes of the texts, which lie behind the object.
  static void* operator new(std::size_t size, std::size_t texts);
  static void operator delete(void* memory, std::size_t texts);
  static void operator delete(void* memory);

 private:
  using Texts = std::array<std::string_view, 5>;
  Member(const MemberRecord& record, const Texts& texts, Shared<const MemberProfile> profile);
  static Texts texts_of(const MemberRecord& record);
  static std::size_t size_of(const Texts& texts);
  [[nodiscard]] std::string_view text(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return {reinterpret_cast<const char*>(this + 1) + begin, ends_[i] - begin};
  }

  std::array<std::uint16_t, 5> ends_{};  // of the texts: id, instance, client id, host, address
  Status status_;
  bool has_instance_;
  Shared<const MemberProfile> profile_;
};

}  // namespace muster::core
