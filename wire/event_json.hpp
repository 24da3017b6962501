/// An event as JSON: the one form in which the mirror and `muster events --json` tell it.
/// docs/events.md is its reference.
#pragma once

#include <muster/messages.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace muster::wire {

/// Of the JSON form. Fields are only ever added, which leaves it as it is; it rises if one must be
/// renamed or mean something else.
inline constexpr int event_schema = 1;

/// The name of a topic as far as it is known; empty if not.
using TopicNameOf = std::function<std::string(const TopicId&)>;

/// "STORE-SHARD-NUMBER": unique for ever, the same each time the event is told.
[[nodiscard]] std::string event_id(const Event& event, std::string_view store_uuid);

/// Appends one object without line feeds. Fields that the kind does not use are left out; 64-bit
/// tokens are decimal strings; each byte that is no UTF-8 becomes U+FFFD.
void append_event_json(std::string& out, const Event& event, std::string_view store_uuid,
                       const TopicNameOf& name_of);

/// "2026-11-21T14:03:07.123Z".
[[nodiscard]] std::string utc_time(Wall at);

}  // namespace muster::wire
