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
    case Reason::registered:
      return "registered";
    case Reason::reregistered:
      return "reregistered";
    case Reason::replaced:
      return "replaced";
    case Reason::deregistered:
      return "deregistered";
    case Reason::status_reported:
      return "status_reported";
    case Reason::maintenance_began:
      return "maintenance_began";
    case Reason::maintenance_ended:
      return "maintenance_ended";
    case Reason::node_dead:
      return "node_dead";
    case Reason::node_changed:
      return "node_changed";
    case Reason::flapping:
      return "flapping";
    case Reason::steady:
      return "steady";
    case Reason::service_silent:
      return "service_silent";
    case Reason::zone_silent:
      return "zone_silent";
    case Reason::heard_again:
      return "heard_again";
    case Reason::protection_expired:
      return "protection_expired";
    case Reason::protection_ended:
      return "protection_ended";
    case Reason::probe_bad:
      return "probe_bad";
    case Reason::probes_missed:
      return "probes_missed";
    case Reason::probe_passed:
      return "probe_passed";
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
      return "it was silent for its session timeout";
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
      return "its heartbeat is late";
    case Reason::heartbeats_missed:
      return "two of its heartbeats are missing";
    case Reason::heartbeat_resumed:
      return "it beats";
    case Reason::broker_stalled:
      return "the broker itself did not run";
    case Reason::answers_without_beats:
      return "it answers, but did not beat for its session timeout";
    case Reason::static_member_replaced:
      return "a newer member claims the same instance id";
    case Reason::overload_reported:
      return "it says that it is overloaded";
    case Reason::broker_stopped:
      return "the broker was stopped";
    case Reason::outbox_full:
      return "events that waited for Kafka passed the bound of the outbox";
    case Reason::registered:
      return "it was registered";
    case Reason::reregistered:
      return "it was registered again with other properties";
    case Reason::replaced:
      return "a newer incarnation took its place";
    case Reason::deregistered:
      return "it was deregistered";
    case Reason::status_reported:
      return "a check reported its status";
    case Reason::maintenance_began:
      return "an operator put it into maintenance";
    case Reason::maintenance_ended:
      return "an operator ended its maintenance";
    case Reason::node_dead:
      return "the node that it lives with died";
    case Reason::node_changed:
      return "the node that it lives with changed its status";
    case Reason::flapping:
      return "it failed again and again";
    case Reason::steady:
      return "it has not failed for long enough";
    case Reason::service_silent:
      return "an implausible share of the service fell silent at once";
    case Reason::zone_silent:
      return "an implausible share of its zone fell silent at once";
    case Reason::heard_again:
      return "most of those that had fallen silent are heard again";
    case Reason::protection_expired:
      return "the time of the protection is over";
    case Reason::protection_ended:
      return "an operator ended the protection";
    case Reason::probe_bad:
      return "its answer to a check was slow, or not a good one";
    case Reason::probes_missed:
      return "it does not answer a check";
    case Reason::probe_passed:
      return "its check passes again";
  }
  return "";
}

std::string_view to_string(Check::Kind kind) {
  switch (kind) {
    case Check::Kind::tcp:
      return "tcp";
    case Check::Kind::http:
      return "http";
  }
  return "unknown";
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
    case EventKind::instance_registered:
      return "instance_registered";
    case EventKind::instance_status_changed:
      return "instance_status_changed";
    case EventKind::instance_removed:
      return "instance_removed";
    case EventKind::node_registered:
      return "node_registered";
    case EventKind::node_status_changed:
      return "node_status_changed";
    case EventKind::node_removed:
      return "node_removed";
    case EventKind::node_instances_changed:
      return "node_instances_changed";
    case EventKind::protection_started:
      return "protection_started";
    case EventKind::protection_ended:
      return "protection_ended";
  }
  return "unknown";
}

}  // namespace muster
