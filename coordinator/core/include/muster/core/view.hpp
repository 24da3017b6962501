/// What readers may see: an immutable picture of one shard at one revision, and the answers from
/// it.
///
/// A View is shared between threads and never changes. It shares the state's own immutable values,
/// in chunks (chunk_map.hpp), so taking one costs what has changed, not what there is.
#pragma once

#include <muster/core/chunk_map.hpp>
#include <muster/core/member.hpp>
#include <muster/core/record.hpp>
#include <muster/core/registry_view.hpp>
#include <muster/messages.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::core {

/// One member: what its record says, packed, and its two other records. `target` is null before its
/// first target, `current` before its first step.
struct MemberView {
  Shared<const Member> record;
  std::shared_ptr<const TargetRecord> target;
  std::shared_ptr<const CurrentRecord> current;
  std::uint32_t slot = 0;  ///< The core's own: where its session is in this run.

  [[nodiscard]] std::string_view key() const { return record->id(); }
};
/// Groups have thousands of members rather than millions: small chunks.
using MemberMap =
    ChunkMap<std::string_view, MemberView, KeyedByValue<std::string_view, MemberView>, 64>;

struct GroupView {
  std::shared_ptr<const GroupRecord> record;
  GroupState state = GroupState::empty;
  MemberMap members;  ///< By member id.
  ChunkMap<TopicPartition, std::shared_ptr<const OffsetRecord>> offsets;
  ChunkMap<Epoch, std::shared_ptr<const HistoryRecord>> history;
};

struct View {
  ShardIndex shard = 0;
  Revision revision = 0;
  Term term = 0;
  std::uint64_t catalogue_version = 0;
  ChunkMap<std::string, std::shared_ptr<const TopicRecord>> topics;    ///< By name.
  ChunkMap<std::string, std::shared_ptr<const GroupView>> groups;      ///< By name.
  ChunkMap<std::uint64_t, std::shared_ptr<const Event>> events;        ///< By number; the ring.
  ChunkMap<std::string, std::shared_ptr<const ServiceView>> services;  ///< By name.
  ChunkMap<std::string, NodeView> nodes;                               ///< By name.
  std::uint64_t names_index = 1;   ///< Of the services' names and tags in this shard.
  std::uint64_t absent_index = 1;  ///< Of any service that is not in `services`.
  std::uint64_t newest_index = 1;  ///< No result of this shard has a higher one.
};

/// The shard that holds a group, service or node of this name: FNV-1a, so that it never changes.
[[nodiscard]] ShardIndex shard_of(std::string_view name, std::uint32_t shards);

/// Null: no such service is known.
[[nodiscard]] const ServiceView* find_service(std::span<const std::shared_ptr<const View>> views,
                                              const std::string& name);
/// The index of a service's result: at least 1, and higher after each change of it.
[[nodiscard]] std::uint64_t service_index(const View& view, const std::string& name);
/// The index of the list of services: the sum of all shards'.
[[nodiscard]] std::uint64_t names_index(std::span<const std::shared_ptr<const View>> views);

/// Answers a query from the newest views of all shards, in shard order. Topics are shard 0's,
/// groups their shard's; lists are merged and sorted. Unknown groups are refused, except by
/// FetchOffsets, which answers "none" for each asked partition (as Kafka does). ReadMetrics is the
/// host's to answer and gets Errc::invalid_request here. The result of ReadEvents holds at most
/// `limit` events.
[[nodiscard]] ReplyBody answer(std::span<const std::shared_ptr<const View>> views,
                               const Query& query);

}  // namespace muster::core
