#include "event_line.hpp"

#include "text.hpp"
#include "why.hpp"

namespace muster::cli {
namespace {

std::string work(const std::vector<OwnedPartitions>& list, const TopicNames& names) {
  std::string out;
  for (const OwnedPartitions& part : list) {
    const std::string name = names.find(part.topic);
    out += (out.empty() ? "" : " ") + (name.empty() ? hex(part.topic) : shown(name)) + ":" +
           ranges(part.partitions);
  }
  return out;
}

std::string assignment_words(const Event& event, const TopicNames& names) {
  std::string out = shown(event.member) + " at epoch " + std::to_string(event.epoch) + ":";
  if (!event.assigned.empty()) out += " gets " + work(event.assigned, names);
  if (!event.assigned.empty() && !event.revoked.empty()) out += ",";
  if (!event.revoked.empty()) out += " gives up " + work(event.revoked, names);
  const bool more = !event.assigned.empty() || !event.revoked.empty();
  if (!event.released.empty())
    out += (more ? ", gave up " : " gave up ") + work(event.released, names);
  return more || !event.released.empty() ? out : out + " keeps what it has";
}

std::string topic_words(const Event& event) {
  return shown(event.topic) + ", " +
         count_of(static_cast<std::uint64_t>(event.partitions), "partition");
}

/// The instance or node that an event is about.
std::string who(const Event& event) {
  return event.instance.empty() ? "node " + shown(event.node) : shown(event.instance);
}

std::string words(const Event& event, const TopicNames& names) {
  const std::string epoch = "epoch " + std::to_string(event.epoch);
  switch (event.kind) {
    case EventKind::member_joined:
    case EventKind::member_left:
      return shown(event.member);
    case EventKind::member_expelled:
      return shown(event.member) + ": " + std::string(to_string(event.reason));
    case EventKind::member_status_changed:
      return shown(event.member) + ": " + std::string(to_string(event.from)) + " → " +
             std::string(to_string(event.to)) + ", " + clause(event.reason, event.member);
    case EventKind::rebalance_started:
      return epoch + ", " +
             (event.detail.empty() ? std::string(to_string(event.reason)) : shown(event.detail));
    case EventKind::rebalance_completed:
      return epoch + " settled after " + duration(event.took);
    case EventKind::assignment_changed:
      return assignment_words(event, names);
    case EventKind::topic_created:
    case EventKind::topic_grown:
    case EventKind::topic_deleted:
      return topic_words(event);
    case EventKind::broker_started:
      return "term " + std::to_string(event.term) + " of shard " + std::to_string(event.shard);
    case EventKind::broker_stopped:
      return "term " + std::to_string(event.term) + " of shard " + std::to_string(event.shard);
    case EventKind::broker_stalled:
      return "away for " + duration(event.took);
    case EventKind::events_lost:
      return "events " + std::to_string(event.first_lost) + "-" + std::to_string(event.number) +
             " of shard " + std::to_string(event.shard);
    case EventKind::group_deleted:
      return "";
    case EventKind::instance_registered:
    case EventKind::node_registered:
      return who(event) + ": " + std::string(in_words(event.reason));
    case EventKind::instance_status_changed:
    case EventKind::instance_removed:
    case EventKind::node_status_changed:
    case EventKind::node_removed:
    case EventKind::node_instances_changed:
      return who(event) + ": " + std::string(to_string(event.from)) + " → " +
             std::string(to_string(event.to)) + ", " + std::string(in_words(event.reason));
    case EventKind::protection_started:
    case EventKind::protection_ended:
      return std::string(in_words(event.reason));
  }
  return "";
}

void append_padded(std::string& line, const std::string& cell, std::size_t columns) {
  line += cell;
  line.append(columns > width(cell) ? columns - width(cell) : 0, ' ');
  line += "  ";
}

}  // namespace

std::string event_line(const Event& event, const TopicNames& names, Wall now) {
  constexpr std::size_t longest_kind = 21;
  constexpr std::size_t usual_group = 12;
  std::string line = clock_time(event.at, now) + "  ";
  append_padded(line, std::string(to_string(event.kind)), longest_kind);
  append_padded(line, shown_or_dash(event.service.empty() ? event.group : event.service),
                usual_group);
  line += words(event, names);
  const bool told = event.kind == EventKind::rebalance_started;
  if (!event.detail.empty() && !told) line += " (" + shown(event.detail) + ")";
  line.resize(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace muster::cli
