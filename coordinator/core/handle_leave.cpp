#include "handle.hpp"
#include "members.hpp"

namespace muster::core {

void handle(Turn& turn, const Leave& leave) {
  const auto slot = session_of(turn, leave.session);
  if (!slot) return;
  const std::string client_id{turn.state().owner(*slot).member()->client_id()};
  remove_member(turn, *slot, {Reason::member_left, client_id, std::nullopt});
  turn.reply(Done{});
}

}  // namespace muster::core
