/// The status ladder: what silence makes of a session, whoever's it is.
#pragma once

#include "turn.hpp"

#include <string>

namespace muster::core {

struct Edges {
  SessionTime late;     // more than I + g: overloaded
  SessionTime missed;   // more than 2I + g: critical
  SessionTime expired;  // S: the end
};
[[nodiscard]] Edges edges_of(const Session& session);

/// Healthy and heard in time: so are nearly all that are looked at, and it takes no more than the
/// session itself to see it.
[[nodiscard]] inline bool is_on_time(const Session& session, SessionTime now) {
  return static_cast<Status>(session.status) == Status::healthy && now <= edges_of(session).late;
}

/// When the ladder has to be looked at again, from the session's present status.
[[nodiscard]] SessionTime next_edge(const Session& session);

/// Looks at one session whose time may have come: an edge of the ladder, or its end.
void check_session(Turn& turn, std::uint32_t slot);

/// The answer to what was heard of this session leaves after this revision; its silence begins then
/// (a disk that stands still must lose nobody who waits to be told a handle).
void wait_for_answer(Turn& turn, std::uint32_t slot, Revision after);
/// Whether that is still so: then nothing that it does not say counts against it.
[[nodiscard]] bool waits_for_answer(Turn& turn, std::uint32_t slot);

/// Asks the session's process whether it is there.
void ping(Turn& turn, std::uint32_t slot);

/// A session of an instance or node, heard at `heard_at`: without a handle, and without a limit to
/// the time between signs of progress.
Session& open_plain_session(Turn& turn, std::uint32_t slot, Millis timeout, SessionTime heard_at,
                            Status status);

/// "silent for 1270 ms of its session timeout of 3000 ms"
[[nodiscard]] std::string silence_in_words(Turn& turn, const Session& session);

inline void set_status_of(Session& session, Status to) {
  session.status = static_cast<std::uint32_t>(to) & 15U;
}

}  // namespace muster::core
