/// Events of several shards as one story.
#pragma once

#include <muster/messages.hpp>

#include <vector>

namespace muster::cli {

/// By time, but each shard's own order stays even where its clock went back.
[[nodiscard]] std::vector<Event> in_time_order(std::vector<Event> events);

}  // namespace muster::cli
