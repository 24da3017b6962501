/// Effects as text that a reviewer can read: what golden scripts are made of.
#pragma once

#include <muster/core/effects.hpp>

#include <functional>
#include <string>

namespace muster::test {

/// One line per record, reply, push and event, in order. `topic` names a topic id.
[[nodiscard]] std::string trace(const core::Effects& effects,
                                const std::function<std::string(const TopicId&)>& topic);

/// Whether two records say the same: their values, not who shares them.
[[nodiscard]] bool same(const core::Record& a, const core::Record& b);

}  // namespace muster::test
