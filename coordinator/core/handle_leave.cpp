#include "handle.hpp"
#include "members.hpp"

namespace muster::core {

void handle(Turn& turn, const Leave& leave) {
  const auto slot = session_of(turn, leave.session);
  if (!slot) return;
  const MemberRecord member = *turn.state().owner(*slot).record;
  remove_member(turn, member.group.value, member.id.value,
                {Reason::member_left, member.client.client_id, std::nullopt});
  turn.reply(Done{});
}

}  // namespace muster::core
