/// The parts that several messages share: ids, owned partitions, client info. Private to the codec.
#pragma once

#include "table.hpp"

namespace muster::wire {

[[nodiscard]] fb::Uuid build_id(const TopicId& id);
[[nodiscard]] TopicId read_id(const fb::Uuid& from);

[[nodiscard]] fb::TopicPartition build_partition(const TopicPartition& partition);
[[nodiscard]] TopicPartition read_partition(const fb::TopicPartition& from);

[[nodiscard]] At<fb::TopicPartitions> build_partitions(Builder& builder,
                                                       const TopicPartitions& partitions);
[[nodiscard]] TopicPartitions read_partitions(Reader& reader, const fb::TopicPartitions& from);

[[nodiscard]] VectorAt<At<fb::OwnedPartitions>> build_owned(
    Builder& builder, const std::vector<OwnedPartitions>& owned);
/// Fails the reader if a topic has not as many tokens as partitions.
[[nodiscard]] std::vector<OwnedPartitions> read_owned(
    Reader& reader, const flatbuffers::Vector<At<fb::OwnedPartitions>>* from);

[[nodiscard]] At<fb::ClientInfo> build_client(Builder& builder, const ClientInfo& client);
[[nodiscard]] ClientInfo read_client(Reader& reader, const fb::ClientInfo* from);

[[nodiscard]] At<fb::InstanceInfo> build_info(Builder& builder, const InstanceInfo& info);
[[nodiscard]] InstanceInfo read_info(Reader& reader, const fb::InstanceInfo& from);

[[nodiscard]] VectorAt<At<fb::OffsetCommit>> build_commits(
    Builder& builder, const std::vector<OffsetCommit>& commits);
[[nodiscard]] std::vector<OffsetCommit> read_commits(
    Reader& reader, const flatbuffers::Vector<At<fb::OffsetCommit>>* from);

}  // namespace muster::wire
