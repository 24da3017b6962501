/// What goes into the core and what comes out of it.
#pragma once

#include <muster/core/record.hpp>
#include <muster/messages.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace muster::core {

/// What only the outside can know; the same for all inputs of one turn but `entropy`.
struct Moment {
  Mono mono;                               ///< Steady time: deadlines only; void after a restart.
  Wall wall;                               ///< Stamps records and events only.
  std::array<std::uint64_t, 2> entropy{};  ///< Random bits, fresh for every step: ids.
  Revision durable = 0;                    ///< The newest revision that the store has made durable.
};

/// Who asks. Anonymous until there are tokens.
struct Principal {
  std::string name;
  std::string address;  ///< The IP address that it speaks from; empty: none.
};

/// The connection an input came from; 0 is none (operators' tools and tests). Bits 24 to 51 are its
/// ordinal: they rise, and wrap, with each connection that is opened; 0: unknown.
struct SessionRef {
  std::uint64_t connection = 0;
  friend auto operator<=>(const SessionRef&, const SessionRef&) = default;
};
/// Whether `a` was opened after `b`, as far as is known.
[[nodiscard]] constexpr bool opened_later(SessionRef a, SessionRef b) {
  constexpr std::uint64_t ordinals = (1U << 28) - 1;
  const std::uint64_t of_a = a.connection >> 24 & ordinals;
  const std::uint64_t of_b = b.connection >> 24 & ordinals;
  const std::uint64_t ahead = (of_a - of_b) & ordinals;
  return of_a != 0 && of_b != 0 && ahead != 0 && ahead < ordinals / 2;
}

/// Chosen by the host; a reply carries the id of its request.
struct RequestId {
  std::uint64_t value = 0;
  friend auto operator<=>(const RequestId&, const RequestId&) = default;
};

/// First command of every turn of a loop that drives or feeds this shard. `last_ran` is when that
/// loop last ran: if the time since then is a gap, it is credited to every session, whole and once.
struct Woke {
  Mono last_ran;
};
/// Last command of a turn: expires sessions, computes targets that are due, answers parked
/// requests.
struct Tick {};
/// Once, after the last replay and before any other command: raises the term, gives each session
/// its time. The new term is above `term_floor` and the recorded one, the first revision above
/// `revision_floor` (what the store remembers even where only tombstones were written last).
struct Loaded {
  Term term_floor = 0;
  Revision revision_floor = 0;
};
/// Before the host ends well, so that the event of it becomes durable.
struct Stopping {};
/// A hint: the connection's sessions live on until they resume elsewhere or expire.
struct ConnectionClosed {};
/// The peer does not read: its sessions are unbound, so that it must resume.
struct PushStalled {};
/// Durable changes of the catalogue (shard 0) on their way into another shard.
struct CatalogueChange {
  std::uint64_t version = 0;
  bool whole = false;  ///< `topics` is all there is: what is missing was deleted.
  std::vector<std::shared_ptr<const TopicRecord>> topics;
  std::vector<TopicId> deleted;
};

/// Durable changes of the nodes of one shard on their way into another: its instances may live with
/// them.
struct NodesChange {
  struct Change {
    NodeName node;
    Status status = Status::starting;  ///< dead: it is gone.
    friend bool operator==(const Change&, const Change&) = default;
  };
  ShardIndex from = 0;
  bool whole = false;  ///< `nodes` is all there is in that shard: what is missing is gone.
  /// If whole: how many shards there are, which says whose each name is. 0: only what was told
  /// before can be missing.
  std::uint32_t shards = 0;
  std::vector<Change> nodes;
};

/// What one probe of one of an instance's checks found. Nobody is answered.
struct Probed {
  enum class Result : std::uint8_t {
    passed,
    slow,      ///< Overloaded: the answer was late, or says so.
    critical,  ///< An answer that says so.
    missed,    ///< No answer.
  };
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
  std::uint32_t check = 0;  ///< Its place among the instance's checks.
  Result result = Result::passed;
  std::string detail;  ///< In words: "GET http://10.0.0.7:80/health answered 503 after 3 ms".
};

using Command = std::variant<Request, Woke, Tick, Loaded, ConnectionClosed, PushStalled,
                             CatalogueChange, Stopping, NodesChange, Probed>;

struct Input {
  RequestId id{};
  SessionRef from{};
  Principal principal{};
  Command command{};
};

/// `after`: the revision of the newest record that the content depends on. It may leave when the
/// store is durable up to there; 0 leaves at once.
struct Reply {
  RequestId id{};
  Revision after = 0;
  ReplyBody body;
};
struct Push {
  SessionRef to;
  Revision after = 0;
  PushBody body;
};

/// What the host owes the core. `step` adds to it; the host empties it.
struct Effects {
  std::vector<Record> records;  ///< Append, all of one revision atomically.
  std::vector<Reply> replies;
  std::vector<Push> pushes;  ///< In order per connection, with the replies.
  std::vector<std::shared_ptr<const Event>>
      events;  ///< Also records; publish in order once durable.

  /// Empties all lists and keeps their memory: a steady heartbeat allocates nothing.
  void clear() noexcept {
    records.clear();
    replies.clear();
    pushes.clear();
    events.clear();
  }
};

}  // namespace muster::core
