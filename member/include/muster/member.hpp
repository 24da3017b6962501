/// libmuster: be a member of a group, own work, and know when it is no longer yours.
///
/// A worker is a loop. `poll` runs the callbacks that tell what was assigned and what must be given
/// up, and its calls are what the coordinator counts as progress; between two polls the worker does
/// a piece of work, asks `Ownership::valid()` before anything that others could see, and commits.
/// Heartbeats come from a thread of the library, so that a slow worker stays a member; one that
/// stops polling does not.
///
///   auto member = muster::Member::join({.group = "archive", .topics = {"files"}}, callbacks);
///   if (!member) return complain(member.error());
///   while (working) {
///     const auto polled = member->poll(muster::Millis{100});
///     if (!polled) return complain(polled.error());
///     for (const auto& mine : member->assignment()) do_some(mine);
///   }
///   member->leave();
///
/// Threads  one Member is used by one thread at a time, except wakeup(), which any thread may call.
///          Ownership::valid() is for any thread too. All Members of a process that name the same
///          servers and group share one connection and one heartbeat thread.
/// Fork     a Member does not survive fork(): the child has no heartbeat thread. Fork, then join.
#pragma once

#include <muster/errc.hpp>
#include <muster/messages.hpp>
#include <muster/ownership.hpp>

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

/// A value, or an Errc with the sentence that the broker (or the library) said.
template <class T>
using Outcome = boost::system::result<T, Error>;

/// What `Outcome::value()` throws if there is none.
class MemberError : public std::runtime_error {
 public:
  explicit MemberError(const Error& error) : std::runtime_error(error.message), code_(error.code) {}
  [[nodiscard]] Errc code() const { return code_; }

 private:
  Errc code_;
};
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw MemberError(error);
}

struct MemberOptions {
  /// Bootstrap addresses, host:port, tried in turn.
  std::vector<std::string> servers{std::string{"127.0.0.1:7400"}};
  std::string group = {};
  std::vector<std::string> topics = {};
  std::string instance_id = {};       ///< group.instance.id; empty: a dynamic member.
  std::string client_id = {};         ///< A name for tools to show.
  std::string address = {};           ///< host:port at which others reach this worker, if at all.
  Millis session_timeout{45'000};     ///< S: silence tolerated. 1 s – 30 min.
  Millis rebalance_timeout{300'000};  ///< Time to give up what is revoked; at least S. Up to 1 h.
  Millis max_poll_interval{300'000};  ///< Time without a poll that makes a zombie. 1 s – 24 h.
  std::uint32_t weight = 1;           ///< Capacity relative to the others; 0 takes no work.
  std::string zone = {};
  std::string assignor = {};       ///< Preferred assignor; empty: no preference.
  Millis connect_timeout{10'000};  ///< How long join() waits; 0: not at all.
};

/// Called from inside poll() and leave(), one at a time, but for the last one. They may commit,
/// read offsets and ask; they must not poll, leave or destroy the Member.
struct Callbacks {
  using List = std::vector<Ownership>;  ///< Sorted by topic name, then partition.

  /// New work. The usual place to read committed offsets.
  std::function<void(const List&)> on_assigned = {};

  /// Stop, commit, let go: the partitions go to others once this returns. They are valid until
  /// then, or until the rebalance timeout is over.
  std::function<void(const List&)> on_revoked = {};

  /// Too late: others may have them already. Commits for them are refused.
  std::function<void(const List&)> on_lost = {};

  /// The same as soon as the library knows, from its heartbeat thread, while anything else goes on:
  /// to abort work that is under way. It must be short, must not throw, and must not call the
  /// Member, but for wakeup(). on_lost follows with the next poll.
  std::function<void(const List&)> on_lost_now = {};
};

/// How far the work of one partition has come.
struct OffsetToCommit {
  Ownership partition;
  Offset offset = 0;          ///< 0 or more: by convention the next one to work on.
  std::string metadata = {};  ///< At most 4096 bytes.
  std::int32_t leader_epoch = -1;
};

enum class Polled {
  timeout,  ///< The time passed, nothing happened.
  changed,  ///< Callbacks ran.
  woken,    ///< wakeup() was called.
};

class Member {
 public:
  /// Joins `options.group`, and keeps the membership alive until leave() or destruction.
  ///
  /// Takes    options; session_timeout and the like within the bounds noted there.
  /// Gives    a member that the group has accepted; its first assignment comes with a poll. With
  ///          connect_timeout 0: a member that joins as soon as it can.
  /// Fails    invalid_request (no group, no server, an address without a port); connection_lost (no
  ///          broker answered within connect_timeout; the message says what each one said); what
  ///          the broker refuses: invalid_name, out_of_range, group_full, unknown_assignor, …
  /// Threads  any.
  /// Source   KIP-848, "Member epochs"; docs/member.md.
  [[nodiscard]] static Outcome<Member> join(const MemberOptions& options, Callbacks callbacks = {});

  /// Leaves on a best-effort basis, without callbacks: waits at most 500 ms for the broker.
  ~Member();
  Member(Member&&) noexcept;
  Member& operator=(Member&&) noexcept;

  /// Runs callbacks that are due; waits up to `timeout` for the first.
  ///
  /// Gives    why it returned. Waiting here is progress, so a member without work may wait long; a
  ///          callback is not: it is the worker's own code, and may be stuck like the rest of it.
  /// Fails    fenced_member once the member is out for good (it left, or a newer claimant of its
  ///          instance id came); what the broker said when it refused a rejoin. Lost connections
  ///          and expiry are no errors: the library reconnects and rejoins, on_lost tells the rest.
  [[nodiscard]] Outcome<Polled> poll(Millis timeout);

  /// Makes the present or next poll() return at once. Threads: any; not from a signal handler.
  void wakeup();

  /// What this member owns, as callbacks have told so far; sorted by topic name, then partition.
  /// Some of it may not be valid any more.
  [[nodiscard]] std::vector<Ownership> assignment() const;

  /// Commits offsets under their tokens, all or none, and waits for the answer. Counts as progress.
  ///
  /// Fails    stale_token: at least one partition is not owned any more, so nothing was committed.
  ///          deadline_passed, connection_lost: the outcome is unknown; commit again as long as
  ///          the partition is valid.
  Outcome<void> commit(const std::vector<OffsetToCommit>& offsets, Millis timeout = Millis{30'000});

  /// The same without waiting: `done` runs in a later poll() or leave(), on the caller's thread.
  /// Repeated over reconnects until it is answered. One member's commits take effect in order.
  void commit_async(const std::vector<OffsetToCommit>& offsets,
                    std::function<void(Outcome<void>)> done = {});

  /// The committed offsets of these partitions, in their order; offset -1 where there is none.
  [[nodiscard]] Outcome<std::vector<CommittedOffset>> committed(
      std::span<const Ownership> partitions, Millis timeout = Millis{30'000});

  /// Gives everything up (on_revoked runs), leaves, and waits for the broker to know, if need be
  /// over a reconnect. Idempotent.
  ///
  /// Fails    deadline_passed: the broker does not know it yet; it expels the member after S.
  Outcome<void> leave(Millis timeout = Millis{5'000});

  /// The id by which the group knows it now; it changes when an expelled member rejoins.
  [[nodiscard]] std::string id() const;

 private:
  struct Parts;
  explicit Member(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Version of the library, for example "0.1.0".
[[nodiscard]] std::string_view library_version();

}  // namespace muster
