#include <muster/messages.hpp>

namespace muster {

std::string_view to_string(Status status) {
  switch (status) {
    case Status::starting:
      return "starting";
    case Status::healthy:
      return "healthy";
    case Status::overloaded:
      return "overloaded";
    case Status::critical:
      return "critical";
    case Status::dead:
      return "dead";
    case Status::zombie:
      return "zombie";
    case Status::unreachable:
      return "unreachable";
    case Status::maintenance:
      return "maintenance";
  }
  return "unknown";
}

std::string_view to_string(GroupType type) {
  switch (type) {
    case GroupType::consumer:
      return "consumer";
    case GroupType::classic:
      return "classic";
  }
  return "unknown";
}

std::string_view to_string(GroupState state) {
  switch (state) {
    case GroupState::empty:
      return "empty";
    case GroupState::assigning:
      return "assigning";
    case GroupState::reconciling:
      return "reconciling";
    case GroupState::stable:
      return "stable";
  }
  return "unknown";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "none";
    case Reason::member_joined:
      return "member_joined";
    case Reason::member_left:
      return "member_left";
    case Reason::session_expired:
      return "session_expired";
    case Reason::progress_stalled:
      return "progress_stalled";
    case Reason::rebalance_timeout:
      return "rebalance_timeout";
    case Reason::expelled_by_operator:
      return "expelled_by_operator";
    case Reason::member_fenced_itself:
      return "member_fenced_itself";
    case Reason::subscription_changed:
      return "subscription_changed";
    case Reason::capacity_changed:
      return "capacity_changed";
    case Reason::status_changed:
      return "status_changed";
    case Reason::topic_created:
      return "topic_created";
    case Reason::topic_grown:
      return "topic_grown";
    case Reason::topic_deleted:
      return "topic_deleted";
    case Reason::broker_restarted:
      return "broker_restarted";
    case Reason::restored:
      return "restored";
    case Reason::operator_request:
      return "operator_request";
    case Reason::group_deleted:
      return "group_deleted";
    case Reason::heartbeat_late:
      return "heartbeat_late";
    case Reason::heartbeats_missed:
      return "heartbeats_missed";
    case Reason::heartbeat_resumed:
      return "heartbeat_resumed";
    case Reason::broker_stalled:
      return "broker_stalled";
    case Reason::answers_without_beats:
      return "answers_without_beats";
    case Reason::static_member_replaced:
      return "static_member_replaced";
    case Reason::overload_reported:
      return "overload_reported";
    case Reason::broker_stopped:
      return "broker_stopped";
    case Reason::outbox_full:
      return "outbox_full";
  }
  return "unknown";
}

std::string_view in_words(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::member_joined:
      return "a member joined";
    case Reason::member_left:
      return "the member left";
    case Reason::session_expired:
      return "the member was silent for its session timeout";
    case Reason::progress_stalled:
      return "the member made no progress within its max.poll.interval";
    case Reason::rebalance_timeout:
      return "the member did not release in time what it was asked to give up";
    case Reason::expelled_by_operator:
      return "an operator expelled the member";
    case Reason::member_fenced_itself:
      return "the member had stopped its work by itself";
    case Reason::subscription_changed:
      return "the member subscribes to other topics";
    case Reason::capacity_changed:
      return "the member's weight changed";
    case Reason::status_changed:
      return "a member's status changed";
    case Reason::topic_created:
      return "the topic was created";
    case Reason::topic_grown:
      return "the topic has more partitions";
    case Reason::topic_deleted:
      return "the topic was deleted";
    case Reason::broker_restarted:
      return "the broker started";
    case Reason::restored:
      return "a backup was restored; epochs were raised";
    case Reason::operator_request:
      return "an operator changed a setting";
    case Reason::group_deleted:
      return "the group was deleted";
    case Reason::heartbeat_late:
      return "the member's heartbeat is late";
    case Reason::heartbeats_missed:
      return "two of the member's heartbeats are missing";
    case Reason::heartbeat_resumed:
      return "the member beats again";
    case Reason::broker_stalled:
      return "the broker itself did not run";
    case Reason::answers_without_beats:
      return "the member answers pings, but did not beat for its session timeout";
    case Reason::static_member_replaced:
      return "a newer member claims the same instance id";
    case Reason::overload_reported:
      return "the member says that it is overloaded";
    case Reason::broker_stopped:
      return "the broker was stopped";
    case Reason::outbox_full:
      return "events that waited for Kafka passed the bound of the outbox";
  }
  return "";
}

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::member_joined:
      return "member_joined";
    case EventKind::member_left:
      return "member_left";
    case EventKind::member_expelled:
      return "member_expelled";
    case EventKind::member_status_changed:
      return "member_status_changed";
    case EventKind::rebalance_started:
      return "rebalance_started";
    case EventKind::rebalance_completed:
      return "rebalance_completed";
    case EventKind::assignment_changed:
      return "assignment_changed";
    case EventKind::topic_created:
      return "topic_created";
    case EventKind::topic_grown:
      return "topic_grown";
    case EventKind::topic_deleted:
      return "topic_deleted";
    case EventKind::broker_started:
      return "broker_started";
    case EventKind::broker_stalled:
      return "broker_stalled";
    case EventKind::group_deleted:
      return "group_deleted";
    case EventKind::broker_stopped:
      return "broker_stopped";
    case EventKind::events_lost:
      return "events_lost";
  }
  return "unknown";
}

}  // namespace muster
