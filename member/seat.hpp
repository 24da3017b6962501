/// One member's seat on the shared connection: its Session behind a lock, and the mailbox between
/// the heartbeat thread and the application's thread.
///
/// Two threads meet here. The heartbeat thread brings what the connection says and the time; the
/// application's thread brings commits and takes news. Each holds the lock only for a few steps of
/// the Session, never across a callback or a system call, so a callback that hangs delays no
/// heartbeat.
#pragma once

#include "session.hpp"

#include <muster/member.hpp>
#include <muster/ownership.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace muster::member {

using GrantPtr = std::shared_ptr<Grant>;
using TopicNames = std::map<TopicId, TopicName>;

/// What the application has yet to be told, in order.
struct News {
  enum class Kind { assigned, revoked, lost } kind = Kind::assigned;
  std::vector<GrantPtr> grants;
  std::uint32_t ticket = 0;  // of what is revoked
};

class Seat {
 public:
  Seat(SessionOptions options, std::function<void(const std::vector<Ownership>&)> on_lost_now);

  // The heartbeat thread
  // ------------------------------------------------------------------------------ Each gives the
  // frames that are owed now, to send in this order.

  using Frames = std::vector<Outgoing>;
  Frames connected();
  Frames disconnected();
  Frames answer(std::uint64_t correlation, const ReplyBody& body);
  Frames push(const PushBody& body);
  Frames tick(Millis early);
  /// What the application's thread left to send.
  Frames flush();

  [[nodiscard]] Mono next_deadline() const;
  [[nodiscard]] bool stalled() const;
  [[nodiscard]] Millis interval() const;
  [[nodiscard]] const GroupId& group() const { return group_; }
  [[nodiscard]] MemberId id() const;

  /// Topics whose names news wait for; empty: none.
  [[nodiscard]] std::vector<TopicName> topics_to_ask() const;
  void learn(const TopicNames& names);

  // The application's thread
  // -------------------------------------------------------------------------- `kick` tells whether
  // the heartbeat thread has something to do now.

  /// While one of these lives the application counts as making progress.
  class Inside {
   public:
    explicit Inside(Seat& seat);
    ~Inside();
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Seat& seat_;
  };

  /// Called without the lock when the heartbeat thread should look at the seat.
  void on_kick(std::function<void()> kick) { kick_ = std::move(kick); }

  enum class Woke { news, wakeup, ended, timeout };
  /// Waits until there is news or a finished commit, a wakeup, the end, or `until`.
  Woke wait(Mono until);
  /// Waits for the first answer to the Join: true once joined, false at `until`.
  bool wait_joined(Mono until);
  void wakeup();

  /// The next news, with only those grants that the application must hear of.
  std::optional<News> next_news();
  /// The callback of what was revoked has returned.
  void released(const News& revoked);
  /// Every grant that the application was told of and still has, by topic name and partition.
  [[nodiscard]] std::vector<Ownership> told() const;

  using CommitDone = std::function<void(Outcome<void>)>;
  /// Refused here and now, or its sequence.
  Outcome<std::uint32_t> commit(const std::vector<OffsetToCommit>& offsets, CommitDone done);
  /// Waits for the answer to this commit, which has no `done`.
  Outcome<void> await_commit(std::uint32_t sequence, Mono until);
  /// Lets `done` run like that of an answered commit.
  void finish_commit(CommitDone done, Error error);
  /// Callbacks of finished asynchronous commits.
  std::vector<std::pair<CommitDone, Error>> finished_commits();

  void leave();
  /// True: the end came before `until`.
  bool wait_ended(Mono until);
  [[nodiscard]] std::optional<Error> ended() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  Frames finish(Lock lock);
  void collect();
  void take_in(const Joined& event);
  void take_in(Assigned& event);
  void take_in(Revoked& event);
  void take_in(Lost& event);
  void take_in(Committed& event);
  void take_in(Ended& event);
  [[nodiscard]] static bool named(const News& news);
  [[nodiscard]] bool has_news() const;
  std::optional<News> narrowed(News news);
  void split_late(News& news);
  bool wait_for(Lock& lock, Mono until, const std::function<bool()>& ready);
  void kick(Lock lock);

  const GroupId group_;
  const std::function<void(const std::vector<Ownership>&)> on_lost_now_;
  std::function<void()> kick_;
  const std::shared_ptr<Fence> fence_ = std::make_shared<Fence>();

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Session session_;  // all below is under the lock too
  Frames frames_;    // not yet taken by the heartbeat thread
  std::map<TopicPartition, GrantPtr>
      grants_;  // the newest of each partition that is owned or given up
  std::deque<News> news_;
  std::set<GrantPtr> told_;                      // by on_assigned, and not taken back since
  mutable Mono armed_ = never;                   // the deadline that the heartbeat thread knows of
  std::vector<Ownership> lost_now_;              // to be told by on_lost_now, outside the lock
  std::map<std::uint32_t, CommitDone> waiting_;  // asynchronous commits by sequence
  std::map<std::uint32_t, std::optional<Error>> blocking_;  // blocking commits and their answers
  std::vector<std::pair<CommitDone, Error>> finished_;
  bool joined_ = false;
  bool woken_ = false;
  std::optional<Error> ended_;
};

}  // namespace muster::member
