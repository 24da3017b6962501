/// Silence that is remembered: sessions that were not heard at all in a run get no more than the
/// time they had, so that repeated restarts cannot keep the dead alive.
#pragma once

#include "turn.hpp"

namespace muster::core {

/// Where the silence of a session is recorded.
[[nodiscard]] RecordKey silence_key(const SlotOwner& owner);

/// What time the session gets from the start of a run on: all of its timeout, or, if it was not
/// heard at all in the run before, what it had left then, but at least two intervals.
[[nodiscard]] Millis budget_of(Turn& turn, std::uint32_t slot, Millis timeout, Millis last_run_age);
/// Remembers that this session, with this budget, has not been heard in this run.
void expect_to_hear(Turn& turn, std::uint32_t slot, Millis budget, Unheard& unheard);

/// The session was heard: counts it as heard in this run and withdraws a note of its silence. Gives
/// the revision that the answer to whatever was heard depends on; 0: none.
[[nodiscard]] Revision heard_session(Turn& turn, std::uint32_t slot);

/// Forgets what is noted about a session that ends or starts anew.
void forget_silence(Turn& turn, std::uint32_t slot);

/// Notes, bit by bit, which sessions have not been heard since the start.
void note_silence(Turn& turn, Unheard& unheard);

}  // namespace muster::core
