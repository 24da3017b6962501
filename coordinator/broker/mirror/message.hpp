/// An event as a Kafka message: a CloudEvent in binary content mode.
#pragma once

#include <event_json.hpp>

#include <muster/messages.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace muster::broker::mirror {

/// Reused from message to message.
struct Message {
  static constexpr std::size_t headers_count = 7;

  std::string key;    ///< Group, service or topic; for events of the broker itself, its shard.
  std::string value;  ///< JSON (wire/event_json.hpp).
  std::array<std::pair<std::string_view, std::string>, headers_count> headers;
  Wall at;
};

/// Fills `out` anew.
void write_message(Message& out, const Event& event, std::string_view store_uuid,
                   const wire::TopicNameOf& name_of);

/// Stands in the place of events `first` to `last` of a shard, which the outbox dropped.
[[nodiscard]] Event gap_marker(ShardIndex shard, std::uint64_t first, std::uint64_t last, Wall now);

/// What an event takes in the store, roughly.
[[nodiscard]] std::uint64_t stored_bytes(const Event& event);

}  // namespace muster::broker::mirror
