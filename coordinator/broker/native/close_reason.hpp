/// Why a connection ended: a closed list, counted and logged.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::broker::native {

enum class CloseReason : std::uint8_t {
  peer_closed,
  peer_reset,
  malformed,
  frame_too_large,
  not_greeted,
  unsupported_version,
  handshake_timeout,
  frame_timeout,  ///< A begun frame was not finished in time.
  not_reading,    ///< Output waited too long for the peer.
  output_full,    ///< The bound of pending output was reached.
  too_many_connections,
  too_many_from_address,
  no_descriptors,
  stopping,
};

inline constexpr std::array<std::string_view, 14> close_reason_names{"peer_closed",
                                                                     "peer_reset",
                                                                     "malformed",
                                                                     "frame_too_large",
                                                                     "not_greeted",
                                                                     "unsupported_version",
                                                                     "handshake_timeout",
                                                                     "frame_timeout",
                                                                     "not_reading",
                                                                     "output_full",
                                                                     "too_many_connections",
                                                                     "too_many_from_address",
                                                                     "no_descriptors",
                                                                     "stopping"};

[[nodiscard]] constexpr std::string_view to_string(CloseReason reason) {
  return close_reason_names[static_cast<std::size_t>(reason)];
}

}  // namespace muster::broker::native
