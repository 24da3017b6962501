/// Inputs of the core in words, for people.
#pragma once

#include <muster/core/effects.hpp>

#include <string>
#include <string_view>

namespace muster::broker::recorder {

/// "join w1 of group archive from connection 7", "tick".
[[nodiscard]] std::string words(const core::Input& input);

/// "2026-11-21T12:03:07.123Z"
[[nodiscard]] std::string words(Wall at);

/// A time as words() writes it, the fraction and the Z left out or not. Throws FlightFileError.
[[nodiscard]] Wall time_of(const std::string& text);

}  // namespace muster::broker::recorder
