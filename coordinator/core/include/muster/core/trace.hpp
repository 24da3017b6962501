/// Effects as text that a person can read: golden scripts and the flight recorder are made of it.
#pragma once

#include <muster/core/effects.hpp>

#include <functional>
#include <string>

namespace muster::core {

/// One line per record, reply and push, in order, each indented and ended. `topic` names a topic
/// id.
[[nodiscard]] std::string trace(const Effects& effects,
                                const std::function<std::string(const TopicId&)>& topic);

}  // namespace muster::core
