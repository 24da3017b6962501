#include "subject.hpp"

namespace muster::broker::http {

std::vector<ShardIndex> shards_of(const Subject& subject, const Host& host) {
  switch (subject.kind) {
    case Subject::Kind::group:
    case Subject::Kind::service:
    case Subject::Kind::group_events:
      return {core::shard_of(subject.name, host.shards())};
    case Subject::Kind::topics:
      return {0};
    case Subject::Kind::services:
    case Subject::Kind::all_events:
      break;
  }
  std::vector<ShardIndex> all(host.shards());
  for (ShardIndex shard = 0; shard < all.size(); ++shard) all[shard] = shard;
  return all;
}

/// Its events are dense and each change of it has one, so their number is its index.
std::uint64_t group_index(const core::GroupView& group) {
  return group.record->event_sequence + 1;
}

std::uint64_t index_of(const Subject& subject, const Host& host) {
  switch (subject.kind) {
    case Subject::Kind::group: {
      const auto view = host.view(core::shard_of(subject.name, host.shards()));
      const auto* const group = view->groups.find(subject.name);
      return group == nullptr ? 0 : group_index(**group);
    }
    case Subject::Kind::service:
      return core::service_index(*host.view(core::shard_of(subject.name, host.shards())),
                                 subject.name);
    case Subject::Kind::services:
      return core::names_index(host.views());
    case Subject::Kind::topics:
      return host.view(0)->catalogue_version + 1;
    case Subject::Kind::group_events:
      return host.view(core::shard_of(subject.name, host.shards()))->revision + 1;
    case Subject::Kind::all_events:
      break;
  }
  std::uint64_t sum = 1;
  for (const auto& view : host.views()) sum += view->revision;
  return sum;
}

}  // namespace muster::broker::http
