#include "parts.hpp"

#include <algorithm>

namespace muster::wire {

fb::Uuid build_id(const TopicId& id) {
  return fb::Uuid{flatbuffers::span<const std::uint8_t, 16>{id.bytes}};
}

TopicId read_id(const fb::Uuid& from) {
  TopicId id;
  std::copy_n(from.bytes()->data(), id.bytes.size(), id.bytes.begin());
  return id;
}

fb::TopicPartition build_partition(const TopicPartition& partition) {
  return {build_id(partition.topic), partition.partition};
}

TopicPartition read_partition(const fb::TopicPartition& from) {
  return {.topic = read_id(from.topic()), .partition = from.partition()};
}

At<fb::TopicPartitions> build_partitions(Builder& builder, const TopicPartitions& partitions) {
  const fb::Uuid topic = build_id(partitions.topic);
  const auto numbers = build_numbers(builder, partitions.partitions);
  return fb::CreateTopicPartitions(builder, &topic, numbers);
}

TopicPartitions read_partitions(Reader& reader, const fb::TopicPartitions& from) {
  return {.topic = read_id(*from.topic()), .partitions = reader.numbers(from.partitions())};
}

VectorAt<At<fb::OwnedPartitions>> build_owned(Builder& builder,
                                              const std::vector<OwnedPartitions>& owned) {
  return build_list(builder, owned, [](Builder& b, const OwnedPartitions& one) {
    const fb::Uuid topic = build_id(one.topic);
    const auto partitions = build_numbers(b, one.partitions);
    const auto tokens = build_numbers(b, one.tokens);
    return fb::CreateOwnedPartitions(b, &topic, partitions, tokens);
  });
}

std::vector<OwnedPartitions> read_owned(Reader& reader,
                                        const flatbuffers::Vector<At<fb::OwnedPartitions>>* from) {
  return reader.list(from, [](Reader& r, const fb::OwnedPartitions& one) {
    OwnedPartitions owned{.topic = read_id(*one.topic()),
                          .partitions = r.numbers(one.partitions()),
                          .tokens = r.numbers(one.tokens())};
    if (owned.partitions.size() != owned.tokens.size()) r.fail();
    return owned;
  });
}

At<fb::ClientInfo> build_client(Builder& builder, const ClientInfo& client) {
  const auto client_id = build_text(builder, client.client_id);
  const auto host = build_text(builder, client.host);
  const auto address = build_text(builder, client.address);
  const auto software_name = build_text(builder, client.software_name);
  const auto software_version = build_text(builder, client.software_version);
  return fb::CreateClientInfo(builder, client_id, host, address, software_name, software_version);
}

ClientInfo read_client(Reader& reader, const fb::ClientInfo* from) {
  if (from == nullptr) return {};
  return {.client_id = reader.text(from->client_id()),
          .host = reader.text(from->host()),
          .address = reader.text(from->address()),
          .software_name = reader.text(from->software_name()),
          .software_version = reader.text(from->software_version())};
}

namespace {

At<fb::Check> build_check(Builder& builder, const Check& check) {
  const auto path = build_text(builder, check.path);
  return fb::CreateCheck(builder, static_cast<std::uint8_t>(check.kind), check.port, path,
                         check.interval.count(), check.timeout.count(), check.slow.count(),
                         check.falls, check.rises);
}

Check read_check(Reader& reader, const fb::Check& from) {
  return {.kind = static_cast<Check::Kind>(from.kind()),
          .port = from.port(),
          .path = reader.text(from.path()),
          .interval = Millis{from.interval_ms()},
          .timeout = Millis{from.timeout_ms()},
          .slow = Millis{from.slow_ms()},
          .falls = from.falls(),
          .rises = from.rises()};
}

}  // namespace

At<fb::InstanceInfo> build_info(Builder& builder, const InstanceInfo& info) {
  const auto address = build_text(builder, info.address);
  const auto tags = build_texts(builder, info.tags);
  const auto meta = build_list(builder, info.meta, [](Builder& b, const MetaEntry& one) {
    const auto key = build_present(b, one.key);
    const auto value = build_text(b, one.value);
    return fb::CreateMetaEntry(b, key, value);
  });
  const auto zone = build_text(builder, info.zone);
  const auto node = build_text(builder, info.node.value);
  const auto checks = build_list(builder, info.checks, build_check);
  return fb::CreateInstanceInfo(builder, address, info.port, tags, meta, info.weight, zone, node,
                                checks);
}

InstanceInfo read_info(Reader& reader, const fb::InstanceInfo& from) {
  return {.address = reader.text(from.address()),
          .port = from.port(),
          .tags = reader.texts(from.tags()),
          .meta = reader.list(from.meta(),
                              [](Reader& r, const fb::MetaEntry& one) {
                                return MetaEntry{.key = r.text(one.key()),
                                                 .value = r.text(one.value())};
                              }),
          .weight = from.weight(),
          .zone = reader.text(from.zone()),
          .node = reader.name<NodeName>(from.node()),
          .checks = reader.list(from.checks(), read_check)};
}

VectorAt<At<fb::OffsetCommit>> build_commits(Builder& builder,
                                             const std::vector<OffsetCommit>& commits) {
  return build_list(builder, commits, [](Builder& b, const OffsetCommit& one) {
    const fb::TopicPartition partition = build_partition(one.partition);
    const auto metadata = build_text(b, one.metadata);
    return fb::CreateOffsetCommit(b, &partition, one.token, one.offset, one.leader_epoch, metadata);
  });
}

std::vector<OffsetCommit> read_commits(Reader& reader,
                                       const flatbuffers::Vector<At<fb::OffsetCommit>>* from) {
  return reader.list(from, [](Reader& r, const fb::OffsetCommit& one) {
    return OffsetCommit{.partition = read_partition(*one.partition()),
                        .token = one.token(),
                        .offset = one.offset(),
                        .leader_epoch = one.leader_epoch(),
                        .metadata = r.text(one.metadata())};
  });
}

}  // namespace muster::wire
