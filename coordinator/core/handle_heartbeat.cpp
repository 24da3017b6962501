#include "handle.hpp"
#include "instances.hpp"
#include "members.hpp"
#include "nodes.hpp"
#include "rebalance.hpp"

#include <muster/mutant.hpp>

namespace muster::core {
namespace {

void expel_zombie(Turn& turn, std::uint32_t slot) {
  const SlotOwner& owner = turn.state().owner(slot);
  const Millis most = owner.member()->profile().max_poll_interval;
  ++turn.stats().expulsions;
  const std::string detail = "beats, but has made no progress within its max.poll.interval of " +
                             std::to_string(most.count()) + " ms";
  remove_member(turn, slot, {Reason::progress_stalled, detail, Status::zombie});
  turn.refuse(Errc::fenced_member, "this member " + detail);
}

HeartbeatOk answer_to(const Heartbeat& beat, const Session& session, Revision durable) {
  HeartbeatOk ok;
  ok.session = beat.session;
  ok.sequence = beat.sequence;
  ok.told_step = session.step_after <= durable ? session.told_step : 0;
  ok.session_timeout_ms = session.offered_ms;
  return ok;
}

}  // namespace

void handle_notable(Turn& turn, const Heartbeat& beat, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  const Status says = (beat.flags & beat_overloaded) != 0 ? Status::overloaded : Status::healthy;
  const SlotOwner& owner = turn.state().owner(slot);
  Revision after = 0;
  if (owner.member() != nullptr) {
    const std::int64_t patience = session.max_poll_ms / (MUSTER_MUTANT(zombie_too_soon) ? 2 : 1);
    if (turn.time() - session.last_progress >= patience) return expel_zombie(turn, slot);
    after = heard(turn, slot, says);
  } else {
    after = owner.instance() != nullptr ? heard_instance(turn, slot, says)
                                        : heard_node(turn, slot, says);
  }
  turn.reply_to(turn.input().id, after, answer_to(beat, session, turn.now().durable));
}

void handle(Turn& turn, const Pong& pong) {
  const auto slot = any_session_of(turn, pong.session);
  if (!slot) return;
  turn.sessions()[*slot].ponged = true;
  turn.reply_to(turn.input().id, 0, Done{});
}

}  // namespace muster::core
