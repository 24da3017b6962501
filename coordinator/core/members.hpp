/// The end of a membership, and the ladder on the way there.
#pragma once

#include "turn.hpp"

#include <string>

namespace muster::core {

/// Why a member goes. `last` is the status it goes with; left members go as they are.
struct Removal {
  Reason reason = Reason::none;
  std::string detail;
  std::optional<Status> last;
};

/// Ends the membership: tombstones, event, notice to the member, its work to others, a new epoch.
void remove_member(Turn& turn, std::uint32_t slot, Removal removal);

/// Writes a new status of a member: an edge of the ladder. Nothing if it is the present one.
void set_status(Turn& turn, std::uint32_t slot, Status to, Reason reason);

/// The session was heard, and is `now` healthy or says itself that it is overloaded: counts it as
/// heard in this run, ends a status, withdraws a note of silence. Gives the revision that the
/// answer to whatever was heard depends on; 0: none.
Revision heard(Turn& turn, std::uint32_t slot, Status now = Status::healthy);

/// A member that took nothing new does so again: it gets what waits for it.
void take_again(Turn& turn, const std::string& group, const std::string& id);

/// Looks at a member whose time may have come.
void check_member(Turn& turn, std::uint32_t slot);

}  // namespace muster::core
