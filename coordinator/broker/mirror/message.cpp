#include "message.hpp"

namespace muster::broker::mirror {
namespace {

std::string key_of(const Event& event) {
  if (!event.group.empty()) return event.group;
  if (!event.service.empty()) return event.service;
  if (!event.topic.empty()) return event.topic;
  if (!event.node.empty()) return event.node;
  return "shard-" + std::to_string(event.shard);
}

std::uint64_t partitions_in(const std::vector<OwnedPartitions>& list) {
  std::uint64_t sum = 0;
  for (const OwnedPartitions& part : list) sum += part.partitions.size();
  return sum;
}

}  // namespace

void write_message(Message& out, const Event& event, std::string_view store_uuid,
                   const wire::TopicNameOf& name_of) {
  out.key = key_of(event);
  out.value.clear();
  wire::append_event_json(out.value, event, store_uuid, name_of);
  out.at = event.at;
  auto* header = out.headers.data();
  const auto put = [&header](std::string_view name) -> std::string& {
    header->first = name;
    header->second.clear();
    return (header++)->second;
  };
  put("ce_specversion") = "1.0";
  put("ce_id") = wire::event_id(event, store_uuid);
  put("ce_source").append("/muster/").append(store_uuid);
  put("ce_type").append("muster.").append(to_string(event.kind));
  put("ce_time") = wire::utc_time(event.at);
  put("ce_dataschema").append("urn:muster:event:").append(std::to_string(wire::event_schema));
  put("content-type") = "application/json";
}

Event gap_marker(ShardIndex shard, std::uint64_t first, std::uint64_t last, Wall now) {
  Event event;
  event.shard = shard;
  event.number = last;
  event.first_lost = first;
  event.kind = EventKind::events_lost;
  event.at = now;
  event.reason = Reason::outbox_full;
  event.detail = std::to_string(last - first + 1) + " events of shard " + std::to_string(shard) +
                 " are lost: " + std::to_string(first) + " to " + std::to_string(last);
  return event;
}

std::uint64_t stored_bytes(const Event& event) {
  constexpr std::uint64_t key_and_table = 140;
  std::uint64_t size = key_and_table + event.group.size() + event.member.size() +
                       event.topic.size() + event.detail.size();
  size += 12 * (partitions_in(event.assigned) + partitions_in(event.revoked) +
                partitions_in(event.released));
  if (event.rebalance) {
    size += 100;
    for (const Move& move : event.rebalance->moves)
      size += 80 + move.from.value.size() + move.to.value.size() +
              4 * move.partitions.partitions.size();
  }
  return size;
}

}  // namespace muster::broker::mirror
