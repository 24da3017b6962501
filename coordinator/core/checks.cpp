#include "handle.hpp"

#include <muster/mutant.hpp>

#include "names.hpp"

#include <algorithm>

namespace muster::core {

std::optional<std::uint32_t> any_session_of(Turn& turn, SessionHandle handle) {
  const auto slot = turn.sessions().find(handle, turn.from());
  if (!slot)
    turn.refuse(Errc::unknown_session, "the session handle is not bound to this connection");
  return slot;
}

std::optional<std::uint32_t> session_of(Turn& turn, SessionHandle handle) {
  const auto slot = any_session_of(turn, handle);
  if (!slot || turn.state().owner(*slot).member() != nullptr) return slot;
  turn.refuse(Errc::unknown_session, "the session handle is no member's");
  return std::nullopt;
}

bool said_before(Turn& turn, std::uint32_t slot) {
  const SessionRef bound{turn.sessions()[slot].connection};
  if (!opened_later(bound, turn.from()) || MUSTER_MUTANT(old_connection_speaks)) return false;
  turn.refuse(Errc::unknown_session, "this member has moved on to a newer connection");
  return true;
}

bool within(Turn& turn, std::string_view setting, Millis value, Millis least, Millis most) {
  if (value >= least && value <= most) return true;
  const bool low = value < least;
  turn.refuse(Errc::out_of_range, std::string{setting} + " " + std::to_string(value.count()) +
                                      " ms is " +
                                      (low ? "below the minimum " : "above the maximum ") +
                                      std::to_string((low ? least : most).count()) + " ms");
  return false;
}

namespace {

/// Together the topics may have so many partitions that one member could not be told of them all.
bool few_partitions(Turn& turn, const std::vector<TopicName>& topics) {
  std::uint64_t sum = 0;
  for (const TopicName& name : topics)
    if (const auto* topic = turn.state().topic(name.value))
      sum += static_cast<std::uint64_t>((*topic)->partitions);
  if (sum <= turn.limits().max_subscribed_partitions) return true;
  turn.refuse(Errc::limit_reached, "a subscription to " + std::to_string(sum) +
                                       " partitions is above the maximum " +
                                       std::to_string(turn.limits().max_subscribed_partitions));
  return false;
}

}  // namespace

bool valid_subscription(Turn& turn, const std::vector<TopicName>& topics) {
  if (topics.size() > turn.limits().max_topics_per_member) {
    turn.refuse(Errc::limit_reached, "a subscription of " + std::to_string(topics.size()) +
                                         " topics is above the maximum " +
                                         std::to_string(turn.limits().max_topics_per_member));
    return false;
  }
  const auto bad = std::find_if(topics.begin(), topics.end(),
                                [](const TopicName& t) { return !valid_topic_name(t.value); });
  if (bad == topics.end()) return few_partitions(turn, topics);
  turn.refuse(Errc::invalid_name,
              named("topic", bad->value) + " is not 1-249 of A-Z a-z 0-9 . _ - (and not . or ..)");
  return false;
}

bool parked_for_catalogue(Turn& turn, std::uint64_t version) {
  if (turn.has_waited() || turn.state().meta().catalogue_version >= version) return false;
  if (turn.waiting().joins.size() >= turn.limits().max_parked)
    return false;  // go on with what is there
  turn.waiting().joins.push_back(
      {turn.now().mono + turn.limits().catalogue_wait, version, turn.input()});
  return true;
}

}  // namespace muster::core
