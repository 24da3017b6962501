#include "ladder.hpp"

#include <muster/mutant.hpp>

#include "instances.hpp"
#include "members.hpp"
#include "nodes.hpp"

#include <algorithm>
#include <limits>

namespace muster::core {

Edges edges_of(const Session& session) {
  const Millis timeout{session.timeout_ms};
  const std::int64_t interval = heartbeat_interval(timeout).count();
  const std::int64_t grace = heartbeat_grace(timeout).count();
  std::int64_t silence = timeout.count();
  if (MUSTER_MUTANT(expires_early)) silence -= 5;
  if (MUSTER_MUTANT(expires_late)) silence += silence / 50 + 200;
  return {session.last_heard + interval + grace, session.last_heard + 2 * interval + grace,
          session.last_heard + silence};
}

SessionTime next_edge(const Session& session) {
  const Edges edges = edges_of(session);
  const auto status = static_cast<Status>(session.status);
  if (status < Status::overloaded) return edges.late + 1;
  if (status < Status::critical) return edges.missed + 1;
  return edges.expired;
}

void wait_for_answer(Turn& turn, std::uint32_t slot, Revision after) {
  if (after > turn.now().durable && !MUSTER_MUTANT(silent_before_told))
    turn.sessions().answered_after(slot, after);
}

bool waits_for_answer(Turn& turn, std::uint32_t slot) {
  return turn.sessions().awaits_answer(slot, turn.now().durable);
}

void check_session(Turn& turn, std::uint32_t slot) {
  const SlotOwner& owner = turn.state().owner(slot);
  if (waits_for_answer(turn, slot)) {
    Session& session = turn.sessions()[slot];
    session.last_heard = std::max(session.last_heard, turn.time());
    turn.sessions().watch(slot, next_edge(session));
    return;
  }
  turn.sessions().forget_answer(slot);
  if (owner.member() != nullptr) {
    check_member(turn, slot);
  } else if (owner.instance() != nullptr) {
    check_instance(turn, slot);
  } else if (owner.node() != nullptr) {
    check_node(turn, slot);
  }
}

void ping(Turn& turn, std::uint32_t slot) {
  const Session& session = turn.sessions()[slot];
  const auto nonce = static_cast<std::uint32_t>(turn.random_id().first);
  turn.push(session.connection, 0, Ping{turn.sessions().handle(slot), nonce});
}

Session& open_plain_session(Turn& turn, std::uint32_t slot, Millis timeout, SessionTime heard_at,
                            Status status) {
  const Millis no_limit{std::numeric_limits<std::uint32_t>::max()};
  Session& session = turn.sessions().open(slot, timeout, no_limit, heard_at);
  session.last_progress = turn.time();
  set_status_of(session, status);
  return session;
}

std::string silence_in_words(Turn& turn, const Session& session) {
  return "silent for " + std::to_string(turn.time() - session.last_heard) +
         " ms of its session timeout of " + std::to_string(session.timeout_ms) + " ms";
}

}  // namespace muster::core
