/// One event as one line.
#pragma once

#include "names.hpp"

#include <muster/messages.hpp>

#include <string>

namespace muster::cli {

/// "14:03:07  assignment_changed     billing  worker-3 at epoch 12: gets orders:0-3, gives up
/// orders:7".
[[nodiscard]] std::string event_line(const Event& event, const TopicNames& names, Wall now);

}  // namespace muster::cli
