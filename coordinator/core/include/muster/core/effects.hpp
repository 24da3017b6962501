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
};

/// The connection an input came from; 0 is none (operators' tools and tests).
struct SessionRef {
  std::uint64_t connection = 0;
  friend auto operator<=>(const SessionRef&, const SessionRef&) = default;
};

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

using Command =
    std::variant<Request, Woke, Tick, Loaded, ConnectionClosed, PushStalled, CatalogueChange>;

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
