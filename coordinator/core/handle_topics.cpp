#include "handle.hpp"
#include "names.hpp"
#include "rebalance.hpp"

#include <algorithm>
#include <set>

namespace muster::core {
namespace {

RecordKey topic_key(const TopicId& id) {
  return {RecordKind::topic, {}, {}, id, 0, 0};
}

TopicId id_from(std::pair<std::uint64_t, std::uint64_t> random) {
  TopicId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(random.first >> (8 * i));
    id.bytes[i + 8] = static_cast<std::uint8_t>(random.second >> (8 * i));
  }
  id.bytes[0] |= 1;  // never all zero
  return id;
}

std::uint64_t raise_version(Turn& turn, std::uint64_t to) {
  ShardMeta meta = turn.state().meta();
  meta.catalogue_version = to;
  turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
  return to;
}

void publish_topic(Turn& turn, EventKind kind, const TopicRecord& topic, Reason reason) {
  Event event;
  event.kind = kind;
  event.topic = topic.name.value;
  event.topic_id = topic.id;
  event.partitions = topic.partitions;
  event.reason = reason;
  turn.publish(std::move(event));
}

void change_subscribers(Turn& turn, const std::string& topic, Reason reason) {
  for (const std::string& group : turn.state().subscribers(topic))
    change_picture(turn, group, reason, topic);
}

/// Committed offsets of a topic that is gone go with it: its successor of the same name has another
/// id.
void erase_offsets(Turn& turn, const TopicId& topic) {
  for (const auto& [id, group] : turn.state().groups()) {
    std::vector<TopicPartition> gone;
    group.offsets.for_each_from(TopicPartition{topic, 0},
                                [&](const TopicPartition& p, const auto&) {
                                  if (p.topic != topic) return false;
                                  gone.push_back(p);
                                  return true;
                                });
    for (const TopicPartition& p : gone)
      turn.erase({RecordKind::offset, id, {}, p.topic, p.partition, 0});
  }
}

/// Records the topic and has the groups that subscribe to it look again; the same in every shard.
void put_topic(Turn& turn, const TopicRecord& topic) {
  const auto* old = turn.state().topic(topic.id);
  const bool grown = old != nullptr;
  if (grown && (*old)->partitions == topic.partitions && (*old)->version == topic.version) return;
  turn.emit(topic_key(topic.id), topic);
  change_subscribers(turn, topic.name.value, grown ? Reason::topic_grown : Reason::topic_created);
}

void drop_topic(Turn& turn, const TopicRecord& topic) {
  turn.erase(topic_key(topic.id));
  erase_offsets(turn, topic.id);
  change_subscribers(turn, topic.name.value, Reason::topic_deleted);
}

bool is_catalogue(Turn& turn) {
  if (turn.shard() == 0) return true;
  turn.refuse(Errc::invalid_request,
              "topics live in shard 0, this is shard " + std::to_string(turn.shard()));
  return false;
}

bool valid_partitions(Turn& turn, const TopicName& topic, std::int32_t partitions) {
  if (partitions >= 1 && partitions <= turn.limits().max_partitions) return true;
  turn.refuse(Errc::out_of_range, "partition count " + std::to_string(partitions) + " of " +
                                      named("topic", topic.value) + " is not within 1 to " +
                                      std::to_string(turn.limits().max_partitions));
  return false;
}

const TopicRecord* find_topic(Turn& turn, const TopicName& name) {
  const auto* topic = turn.state().topic(name.value);
  if (topic != nullptr) return topic->get();
  turn.refuse(Errc::unknown_topic, named("topic", name.value) + " does not exist");
  return nullptr;
}

}  // namespace

void handle(Turn& turn, const CreateTopic& request) {
  if (!is_catalogue(turn) || !valid_subscription(turn, {request.topic}) ||
      !valid_partitions(turn, request.topic, request.partitions))
    return;
  if (turn.state().topic(request.topic.value) != nullptr)
    return turn.refuse(Errc::topic_exists, named("topic", request.topic.value) + " exists already");
  if (turn.state().topic_count() >= turn.limits().max_topics)
    return turn.refuse(Errc::limit_reached, "the number of topics has reached its maximum of " +
                                                std::to_string(turn.limits().max_topics));
  TopicRecord topic;
  topic.name = request.topic;
  topic.id = id_from(turn.random_id());
  topic.partitions = request.partitions;
  topic.version = raise_version(turn, turn.state().meta().catalogue_version + 1);
  publish_topic(turn, EventKind::topic_created, topic, Reason::topic_created);
  put_topic(turn, topic);
  turn.reply(TopicChanged{topic.id, topic.partitions, topic.version});
}

void handle(Turn& turn, const GrowTopic& request) {
  if (!is_catalogue(turn) || !valid_partitions(turn, request.topic, request.partitions)) return;
  const TopicRecord* present = find_topic(turn, request.topic);
  if (present == nullptr) return;
  if (request.partitions < present->partitions)
    return turn.refuse(Errc::partitions_shrink,
                       named("topic", request.topic.value) + " has " +
                           std::to_string(present->partitions) + " partitions and cannot have " +
                           std::to_string(request.partitions) + ": a topic never shrinks");
  TopicRecord topic = *present;
  if (topic.partitions != request.partitions) {
    topic.partitions = request.partitions;
    topic.version = raise_version(turn, turn.state().meta().catalogue_version + 1);
    publish_topic(turn, EventKind::topic_grown, topic, Reason::topic_grown);
    put_topic(turn, topic);
  }
  turn.reply(TopicChanged{topic.id, topic.partitions, turn.state().meta().catalogue_version});
}

void handle(Turn& turn, const DeleteTopic& request) {
  if (!is_catalogue(turn)) return;
  const TopicRecord* present = find_topic(turn, request.topic);
  if (present == nullptr) return;
  const TopicRecord topic = *present;
  const std::uint64_t version = raise_version(turn, turn.state().meta().catalogue_version + 1);
  publish_topic(turn, EventKind::topic_deleted, topic, Reason::topic_deleted);
  drop_topic(turn, topic);
  turn.reply(TopicChanged{topic.id, 0, version});
}

void handle(Turn& turn, const CatalogueChange& change) {
  if (change.version <= turn.state().meta().catalogue_version && !change.whole) return;  // a repeat
  std::set<TopicId> gone{change.deleted.begin(), change.deleted.end()};
  if (change.whole) {
    std::set<TopicId> named_ids;
    for (const auto& topic : change.topics) named_ids.insert(topic->id);
    turn.state().topics().for_each([&](const std::string&, const auto& topic) {
      if (!named_ids.contains(topic->id)) gone.insert(topic->id);
    });
  }
  for (const TopicId& id : gone)
    if (const auto* topic = turn.state().topic(id)) drop_topic(turn, TopicRecord{**topic});
  for (const auto& topic : change.topics) put_topic(turn, *topic);
  if (change.version > turn.state().meta().catalogue_version) raise_version(turn, change.version);
}

}  // namespace muster::core
