#include "handle.hpp"
#include "rebalance.hpp"

#include <muster/mutant.hpp>

namespace muster::core {

void handle(Turn& turn, const Release& request) {
  const auto slot = session_of(turn, request.session);
  if (!slot) return;
  const SlotOwner owner = turn.state().owner(*slot);
  const std::string group = owner.group_id().value;
  const std::string id{owner.member()->id()};
  const MemberView& member = *turn.state().member(owner.group(), id);
  const std::uint32_t step = member.current ? member.current->step : 0;
  if (request.step > step)
    return turn.refuse(Errc::out_of_range, "step " + std::to_string(request.step) +
                                               " is above the newest one, " + std::to_string(step));
  // Partitions asked back in a later step are not meant; the member is about to learn of that step.
  const bool meant = request.step == step || MUSTER_MUTANT(any_release_will_do);
  if (meant && member.current) release(turn, group, id, Taken::revoking);
  turn.reply(Done{});
}

}  // namespace muster::core
