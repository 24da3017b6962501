/// Rebalancing one group: a change is gathered, a target is computed, each member is led to it.
///
/// A member's way is that of KIP-848: what it should no longer have is asked back (revoking) and
/// stays its own until it releases it, leaves, or is expelled; what it should have is granted, with
/// a new token, once nobody else holds it. There is no barrier: each member goes on its own, and a
/// new target may come at any time.
#pragma once

#include "turn.hpp"

#include <muster/types.hpp>

#include <string>

namespace muster::core {

/// The picture has changed: raises the group's epoch (unless one is being gathered already) and has
/// a target computed soon. For a group without members the new epoch is settled at once. `delay`
/// puts the target off further, for the first assignment of a group.
void change_picture(Turn& turn, const std::string& group, Reason reason, const std::string& trigger,
                    Millis delay = Millis{0});

/// Computes the target of the group's epoch and leads the members that it concerns towards it.
void compute_target(Turn& turn, const std::string& group);

/// Leads one member a step further towards its target, if there is anything to do: emits its new
/// current record and pushes the step. Settles the rebalance if it was the last one.
void reconcile(Turn& turn, const std::string& group, const std::string& member);

/// Takes partitions that `member` holds from it (all, or those being revoked) and gives them to the
/// members that wait for them. The caller has no other use of its current record.
enum class Taken { revoking, everything };
void release(Turn& turn, const std::string& group, const std::string& member, Taken what);

/// The members that wait for what `current` held are led on. Call it once nobody holds it any more.
void lead_waiting(Turn& turn, const std::string& group, const CurrentRecord& current,
                  const std::string& except);

/// Rebuilds what is volatile about a group after a restart, and goes on where it stood.
void resume_rebalance(Turn& turn, const std::string& group);

/// Computes the targets that are due. Gives when the next one is.
void compute_due_targets(Turn& turn);

/// Expels members that did not release in time.
void expel_slow_revokers(Turn& turn);

/// The member is about to go: it no longer counts among those that have to release something.
void forget_revocation(Turn& turn, const MemberView& member);

/// Says that the rebalance is complete, if the member that just went was the last one it waited
/// for.
void settle_if_done(Turn& turn, const std::string& group);

/// A member on a new connection may have heard of none of its steps, and its newest has to wait for
/// the disk: so has its time to release.
void wait_with_revocation(Turn& turn, const MemberView& member);

/// Tells the member its present step (again): after a join or resume.
void tell_step(Turn& turn, const MemberView& member);

}  // namespace muster::core
