#include "handle.hpp"
#include "members.hpp"
#include "rebalance.hpp"

#include <muster/mutant.hpp>

namespace muster::core {
namespace {

void expel_zombie(Turn& turn, std::uint32_t slot) {
  const SlotOwner& owner = turn.state().owner(slot);
  const Millis most = owner.member->profile().max_poll_interval;
  ++turn.stats().expulsions;
  const std::string detail = "beats, but has made no progress within its max.poll.interval of " +
                             std::to_string(most.count()) + " ms";
  remove_member(turn, slot, {Reason::progress_stalled, detail, Status::zombie});
  turn.refuse(Errc::fenced_member, "this member " + detail);
}

}  // namespace

void handle_notable(Turn& turn, const Heartbeat& beat, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  const std::int64_t patience = session.max_poll_ms / (MUSTER_MUTANT(zombie_too_soon) ? 2 : 1);
  if (turn.time() - session.last_progress >= patience) return expel_zombie(turn, slot);
  const bool overloaded = (beat.flags & beat_overloaded) != 0;
  const Revision after = heard(turn, slot, overloaded ? Status::overloaded : Status::healthy);
  HeartbeatOk ok;
  ok.session = beat.session;
  ok.sequence = beat.sequence;
  ok.told_step = session.step_after <= turn.now().durable ? session.told_step : 0;
  ok.session_timeout_ms = session.offered_ms;
  turn.reply_to(turn.input().id, after, ok);
}

void handle(Turn& turn, const Pong& pong) {
  const auto slot = session_of(turn, pong.session);
  if (!slot) return;
  turn.sessions()[*slot].ponged = true;
  turn.reply_to(turn.input().id, 0, Done{});
}

}  // namespace muster::core
