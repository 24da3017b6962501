/// The history of a group in words.
#pragma once

#include "names.hpp"

#include <muster/messages.hpp>

#include <string>
#include <string_view>

namespace muster::cli {

/// What happened, with its trigger, as a clause: "worker-3 left".
[[nodiscard]] std::string clause(Reason reason, std::string_view trigger);

/// One epoch as one line: "epoch 12 · 14:03:07 · member_left: worker-3 left; 3 changes gathered in
/// 5 ms; 22 partitions moved: 7 from a to b, …; given up after 14 ms, settled after 31 ms".
/// `newest`: no later epoch has superseded it, so what has not happened yet still may.
[[nodiscard]] std::string sentence(const EpochHistory& epoch, bool newest, Wall now);

}  // namespace muster::cli
