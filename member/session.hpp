/// The client's side of the protocol as a machine: no sockets, no clock, no threads.
///
/// One Session is one member. What happens goes in (the connection came or went, an answer or push
/// arrived, time passed, the application did something), each with the time it happened at; what is
/// owed comes out of take(): frames to send and events for the application, in order. The same
/// inputs with the same seed give the same outputs, so a simulator can drive thousands of them.
///
///   Session session(options, now);
///   session.connected(now);
///   for (auto& frame : session.take().frames) send(frame);      // the Join
///   session.answer(correlation, JoinOk{…}, now);
///   session.tick(now);                                          // when next_deadline() has come
///
/// Times are milliseconds of CLOCK_BOOTTIME. A frame's send time is the `now` of the call that made
/// it, so it is never later than the send itself: all deadlines lean to the safe side.
#pragma once

#include "holdings.hpp"
#include "liveness.hpp"

#include <muster/errc.hpp>
#include <muster/messages.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace muster::member {

struct SessionOptions {
  Join join;  ///< What to join with; `join.member` is made by the session.
  std::array<std::uint64_t, 2> seed{};  ///< Random bits: member ids and jitter.
  std::uint32_t lane =
      1;  ///< Upper 24 bits of its correlations: apart from others on the connection.
};

struct Outgoing {
  std::uint64_t correlation = 0;
  Request request;
};

// Events for the application, in the order in which it must see them. A partition that is lost or
// revoked was assigned by an event before.
struct Joined {
  MemberId member;
};
struct Assigned {
  std::vector<Held> partitions;
};
struct Revoked {
  std::uint32_t ticket = 0;      ///< Give it to released() once the application has stopped.
  std::vector<Held> partitions;  ///< May still be worked on and committed, until fence_at().
};
struct Lost {
  std::vector<Held> partitions;
  Reason reason = Reason::none;
  std::string detail;
};
struct Committed {
  std::uint32_t sequence = 0;
  Error error;  ///< Errc::ok: durable.
};
/// The member is out for good: it left (Errc::ok), or it may not join (again).
struct Ended {
  Error error;
};
using SessionEvent = std::variant<Joined, Assigned, Revoked, Lost, Committed, Ended>;

class Session {
 public:
  struct Output {
    std::vector<Outgoing> frames;
    std::vector<SessionEvent> events;
  };

  Session(SessionOptions options, Mono now);

  // The connection. A frame handed out before `disconnected` may or may not have arrived.
  void connected(Mono now);
  void disconnected(Mono now);
  void answer(std::uint64_t correlation, const ReplyBody& body, Mono now);
  void push(const PushBody& body, Mono now);
  /// Time passed. Beats due within `early` go now, so that those of several members share a write.
  void tick(Mono now, Millis early = Millis{0});

  // The application. Time between enter and exit is progress.
  void enter(Mono now);
  void exit(Mono now);
  /// The callback for this ticket has returned: its partitions are not worked on any more.
  void released(std::uint32_t ticket, Mono now);
  /// Commits offsets under their tokens; its sequence is answered by one Committed event, however
  /// often the connection is lost meanwhile. Refused here and now: a token that is not held, too
  /// many commits open.
  Result<std::uint32_t> commit(std::vector<OffsetCommit> offsets, Mono now);
  /// Nobody waits for this commit any more: it is not sent again. Whether it took effect is
  /// unknown.
  void abandon(std::uint32_t sequence);
  /// Gives everything up and leaves; Ended follows once the broker knows, if need be after a
  /// reconnect.
  void leave(Mono now);

  [[nodiscard]] Output take();
  /// When to call tick, at the latest; never (the largest time) if there is nothing to wait for.
  [[nodiscard]] Mono next_deadline() const;
  /// The connection has not answered for too long: close it and make another.
  [[nodiscard]] bool stalled(Mono now) const;

  /// From then on nothing is valid: the earliest of silence, lack of progress, and a revocation
  /// that the broker may count as refused. 0 unless it may own work.
  [[nodiscard]] Mono fence_at() const;
  [[nodiscard]] bool holds(const TopicPartition& partition, Token token, Mono now) const;
  [[nodiscard]] std::vector<Held> held() const { return holdings_.held(); }
  [[nodiscard]] bool active() const { return state_ == State::active; }
  [[nodiscard]] bool ended() const { return state_ == State::ended; }
  [[nodiscard]] const MemberId& member() const { return join_.member; }
  [[nodiscard]] const GroupId& group() const { return join_.group; }
  [[nodiscard]] const std::vector<TopicName>& topics() const { return join_.topics; }
  [[nodiscard]] Millis session_timeout() const;

  /// Commits that wait for an answer; more are refused.
  static constexpr std::size_t max_open_commits = 1024;

 private:
  enum class State { joining, resuming, active, ended };
  struct Pending {
    enum class What { other, join, resume, beat, commit, release, leave };
    What what = What::other;     // other: nobody waits for the answer
    std::uint32_t sequence = 0;  // of a beat or commit; of a release, its step
    bool fenced = false;         // what a Resume said
    std::uint64_t correlation = 0;
    [[nodiscard]] bool binds() const { return what == What::join || what == What::resume; }
  };

  std::uint64_t send(Request request, Pending pending);
  void proceed(Mono now);
  void send_beat(Mono now);
  void send_commit(std::uint32_t sequence);
  void send_leave();
  void send_release();

  void handle(const Pending& pending, const JoinOk& ok, Mono now);
  void handle(const Pending& pending, const ResumeOk& ok, Mono now);
  void handle(const Pending& pending, const HeartbeatOk& ok, Mono now);
  void handle(const Pending& pending, const Done& done, Mono now);
  void handle(const Pending& pending, const Refusal& refusal, Mono now);
  template <class Other>
  void handle(const Pending&, const Other&, Mono) {}  // answers to queries are not a session's
  void handle(const Step& step, Mono now);
  void handle(const Ping& ping, Mono now);
  void handle(const Expelled& expelled, Mono now);
  void handle(const Fenced&, Mono) {}  // of an instance or node: no member's

  void refused_commit(std::uint32_t sequence, const Refusal& refusal);
  void refused_to_bind(const Pending& pending, const Refusal& refusal, Mono now);
  void bound(SessionHandle session, Millis session_timeout, Mono now);
  void check_fences(Mono now);
  void fence(std::string detail, bool park, Mono now);
  void resume(Mono now);
  void start_anew(Reason reason, const std::string& detail, Mono now);
  void lose(std::vector<Held> lost, Reason reason, std::string detail);
  void end(Error error);
  void end_commits(Errc code, const std::string& message);
  void retry_later(Mono now);
  MemberId new_id();
  [[nodiscard]] Millis bind_patience() const;

  Join join_;
  Liveness liveness_;
  Dice ids_;
  Holdings holdings_;
  Output out_;

  State state_ = State::joining;
  bool connected_ = false;
  SessionHandle session_;
  std::uint64_t lane_;
  std::uint64_t correlation_ = 0;
  std::map<std::uint64_t, Pending> pending_;
  std::uint64_t binding_ = 0;  // correlation of the Join or Resume that is out; 0: none
  Mono binding_sent_at_{};
  std::uint32_t attempts_ = 0;  // refused ones in a row
  Mono retry_at_{};             // not before
  bool fenced_ = false;         // stopped by itself; the next Resume says so
  bool parked_ = false;         // stopped for lack of progress: waits for the application
  bool leaving_ = false;
  std::uint32_t told_step_ = 0;  // the newest that an answer named
  std::uint32_t commit_sequence_ = 0;
  struct OpenCommit {
    std::vector<OffsetCommit> offsets;
    std::uint64_t correlation = 0;  // as last sent on this connection
    bool tried = false;             // sent at least once: it may have taken effect
    bool uncertain = false;  // tried on an earlier connection: a refusal says nothing of that
  };
  std::map<std::uint32_t, OpenCommit> commits_;
};

}  // namespace muster::member
