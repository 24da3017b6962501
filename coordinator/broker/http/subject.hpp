/// What a blocking query waits for, and the index that says whether it has changed.
#pragma once

#include "../host.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace muster::broker::http {

struct Subject {
  enum class Kind : std::uint8_t {
    group,         ///< `name`'s members, their work and its owners.
    service,       ///< `name`'s instances and their statuses.
    services,      ///< The services' names and tags.
    topics,        ///< The catalogue.
    group_events,  ///< Whatever happens in the shard of the group `name`.
    all_events,
  };
  Kind kind = Kind::topics;
  std::string name;
  friend auto operator<=>(const Subject&, const Subject&) = default;
};

/// The shards whose pictures it stands in.
[[nodiscard]] std::vector<ShardIndex> shards_of(const Subject& subject, const Host& host);

/// Its present index; 0 if it does not exist. It rises only when the result changes, except for
/// events, where it also rises when a shard's picture changes otherwise.
[[nodiscard]] std::uint64_t index_of(const Subject& subject, const Host& host);

/// Of a group in its shard's picture.
[[nodiscard]] std::uint64_t group_index(const core::GroupView& group);

}  // namespace muster::broker::http
