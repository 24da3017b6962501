#include "handle.hpp"
#include "ladder.hpp"
#include "members.hpp"
#include "rebalance.hpp"

#include <algorithm>

namespace muster::core {
namespace {

/// A longer session timeout counts at once, a shorter one when a beat has echoed it: until then the
/// member still counts on the longer one.
void offer_timeout(Turn& turn, std::uint32_t slot, Millis timeout) {
  Session& session = turn.sessions()[slot];
  session.offered_ms = static_cast<std::uint32_t>(timeout.count());
  session.timeout_ms = std::max(session.timeout_ms, session.offered_ms);
  turn.sessions().watch(slot, next_edge(session));
}

bool valid_update(Turn& turn, const Update& update) {
  const Limits& limits = turn.limits();
  if (update.topics && !valid_subscription(turn, *update.topics)) return false;
  if (update.session_timeout && !within(turn, "session timeout", *update.session_timeout,
                                        limits.min_session_timeout, limits.max_session_timeout))
    return false;
  if (!update.weight || *update.weight <= limits.max_weight) return true;
  turn.refuse(Errc::out_of_range, "weight " + std::to_string(*update.weight) +
                                      " is above the maximum " + std::to_string(limits.max_weight));
  return false;
}

}  // namespace

void handle(Turn& turn, const Update& update) {
  const auto slot = session_of(turn, update.session);
  if (!slot || !valid_update(turn, update)) return;
  if (parked_for_catalogue(turn, update.catalogue_version)) return;
  const SlotOwner& owner = turn.state().owner(*slot);
  const MemberRecord before = owner.member()->record(owner.group_id());
  MemberRecord after = before;
  if (update.topics) {
    after.topics = *update.topics;
    std::sort(after.topics.begin(), after.topics.end());
    after.topics.erase(std::unique(after.topics.begin(), after.topics.end()), after.topics.end());
  }
  if (update.weight) after.weight = *update.weight;
  if (update.session_timeout) after.session_timeout = *update.session_timeout;
  if (after != before) {
    const bool subscription = after.topics != before.topics;
    const bool capacity = after.weight != before.weight;
    const std::string group = before.group.value;
    const std::string id = before.id.value;
    turn.emit(member_key(RecordKind::member, group, id), std::move(after));
    if (update.session_timeout) offer_timeout(turn, *slot, *update.session_timeout);
    if (subscription || capacity)
      change_picture(turn, group,
                     subscription ? Reason::subscription_changed : Reason::capacity_changed, id);
  }
  turn.reply(Done{});
}

}  // namespace muster::core
