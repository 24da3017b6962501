/// Which requests are refused before they reach the core, because the disk is full or far behind.
#pragma once

#include <muster/core/view.hpp>
#include <muster/messages.hpp>

#include <cstdint>
#include <optional>

namespace muster::broker {

/// Whether a request makes the durable state larger. What frees something, or only keeps a session
/// alive, never does; a Join of a member that is there starts it anew and adds nothing.
[[nodiscard]] bool adds_state(const Request& request, const core::View* present);

struct Pressure {
  bool space_low = false;
  std::uint64_t free_bytes = 0;
  std::uint64_t min_free_bytes = 0;
  std::uint64_t unsynced_bytes = 0;
  std::uint64_t max_unsynced_bytes = 0;

  [[nodiscard]] bool any() const { return space_low || unsynced_bytes > max_unsynced_bytes; }
};

/// The refusal of a request under pressure, or nothing: it may go on.
[[nodiscard]] std::optional<Refusal> refuse(const Request& request, const core::View* present,
                                            const Pressure& pressure);

}  // namespace muster::broker
