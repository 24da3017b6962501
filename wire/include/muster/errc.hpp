/// Every error of the system, and the Result type that carries them.
#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

/// Numbers are wire-visible and never reused.
enum class Errc : std::uint16_t {
  // The request itself.
  ok = 0,
  malformed = 1,            ///< The bytes do not make a message.
  frame_too_large = 2,      ///< The frame is longer than the limit.
  unsupported_version = 3,  ///< No version of the protocol is shared.
  unknown_kind = 4,         ///< A frame kind that this side does not know, not marked optional.
  not_greeted = 5,          ///< The first frame of a connection must be Hello.
  invalid_name = 6,         ///< A name breaks its rule (length, characters).
  out_of_range = 7,         ///< A number is outside its bounds.
  invalid_request = 8,      ///< Fields contradict each other.
  not_allowed = 9,          ///< The principal may not do this.

  // Things that are not there, or already are.
  unknown_group = 20,
  unknown_member = 21,
  unknown_session = 22,  ///< The handle is not bound to this connection: resume.
  unknown_topic = 23,
  topic_exists = 24,
  unknown_partition = 25,
  unknown_epoch = 26,  ///< The history does not hold that epoch (any more).
  unknown_assignor = 27,
  unknown_service = 28,
  unknown_instance = 29,  ///< Not registered (any more): register again.
  unknown_node = 30,      ///< The same of a node.

  // State that forbids it.
  fenced_member = 40,  ///< The member was expelled or replaced; join anew.
  stale_epoch = 41,    ///< The member epoch is not the present one.
  stale_token = 42,    ///< The token is not that of the partition's present grant.
  stale_commit = 43,   ///< A newer commit of the same grant has already been accepted.
  group_full = 44,
  group_not_empty = 45,  ///< The group has members, so only they may do this.
  wrong_group_type = 46,
  limit_reached = 47,      ///< A bound of the broker is reached (groups, topics, members, …).
  epoch_exhausted = 48,    ///< An epoch or term is at its limit.
  partitions_shrink = 49,  ///< A topic cannot lose partitions.
  stale_incarnation = 50,  ///< A newer incarnation is registered: this process is not it.
  not_protected = 51,      ///< The service is not protected, so nothing can be ended.

  // Not now.
  store_full = 60,        ///< Free disk space is below the reserve; only what frees it goes on.
  catalogue_behind = 61,  ///< This shard has not yet seen the topic version asked for.
  overloaded = 62,        ///< A queue is full.
  not_leader = 63,        ///< Another broker leads this shard.
  shutting_down = 64,
  deadline_passed = 65,  ///< No answer within the caller's time; the outcome is unknown.
  connection_lost = 66,  ///< The connection closed before the answer; the outcome is unknown.
  push_stalled = 67,     ///< The peer did not read its pushes.

  // Store.
  store_failed = 80,  ///< A write or sync failed; the broker exits.
  store_locked = 81,  ///< Another broker uses the folder.
  store_corrupt = 82,
  store_incompatible = 83,  ///< Another format version, shard count or store uuid.
};

[[nodiscard]] std::string_view to_string(Errc errc);

/// Whether the same request may succeed later without change. True for "not now", false elsewhere.
[[nodiscard]] bool retriable(Errc errc);

[[nodiscard]] const boost::system::error_category& errc_category() noexcept;
[[nodiscard]] inline boost::system::error_code make_error_code(Errc e) noexcept {
  return {static_cast<int>(e), errc_category()};
}

template <class T>
using Result = boost::system::result<T>;

/// An Errc with the sentence that names the thing, the value and the bound.
struct Error {
  Errc code = Errc::ok;
  std::string message;
  friend bool operator==(const Error&, const Error&) = default;
};

}  // namespace muster

template <>
struct boost::system::is_error_code_enum<muster::Errc> : std::true_type {};
