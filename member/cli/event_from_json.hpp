/// The reverse of wire/event_json.hpp, for readers of the mirror.
#pragma once

#include "names.hpp"

#include <muster/messages.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace muster::cli {

struct MirroredEvent {
  Event event;
  std::string store_uuid;
  std::string at;  ///< As it was written.
};

/// Nothing for what is no event of muster, or of a kind or schema that this program does not know.
/// Fields that it does not know are overlooked. Names of topics are added to `names`.
[[nodiscard]] std::optional<MirroredEvent> event_from_json(std::string_view json,
                                                           TopicNames& names);

}  // namespace muster::cli
