/// A small history in which every promise is kept, for tests to doctor.
#pragma once

#include "history.hpp"

namespace muster::chaos {

inline constexpr Stamp second = 1'000'000;
inline constexpr Token first_term = make_token(1, 1), second_term = make_token(2, 1);

inline WorkerLife worker(Pid pid, const char* id) {
  WorkerLife life;
  life.pid = pid;
  life.session_timeout = Millis{1'000};
  life.ids = {{second, id}};
  return life;
}

inline Look look(Stamp at, Epoch epoch, Term term, const char* member, Token token) {
  Look look;
  look.at = at;
  look.epoch = look.assignment_epoch = epoch;
  look.term = term;
  look.members[member] = epoch;
  look.held = {{0, token}};
  for (Epoch past = epoch; past > 0; --past) look.history.push_back(past);
  return look;
}

/// Worker 7 writes 0 and 1 and is killed; 8 takes over, writes 1 again and 2; a late write of 7 is
/// fenced.
inline History honest() {
  History h;
  h.partitions = 1;
  h.faults = {{"worker kill", 1}, {"broker kill", 1}};
  h.last_fault = 9 * second;
  h.broker_away = {{5 * second, 5 * second + 200'000}};
  h.broker_starts = {second / 2, 5 * second + 200'000};
  h.writes = {{0, first_term, 0, 7, 2 * second},
              {0, first_term, 1, 7, 3 * second},
              {0, second_term, 1, 8, 10 * second},
              {0, first_term, 2, 7, 11 * second, false},
              {0, second_term, 2, 8, 12 * second}};
  h.holds = {{0, first_term, 7, 2 * second, 3 * second},
             {0, first_term, 7, 3 * second, 4 * second},
             {0, second_term, 8, 9 * second, 12 * second}};
  h.acks = {{0, first_term, 1, 7, 2 * second, 2 * second + 500},
            {0, second_term, 2, 8, 10 * second, 10 * second + 500},
            {0, second_term, 3, 8, 12 * second, 12 * second + 500}};
  h.attempts = {{0, first_term, 1, 7, 2 * second},
                {0, first_term, 2, 7, 3 * second},  // never answered
                {0, second_term, 2, 8, 10 * second},
                {0, first_term, 9, 7, 11 * second, true},
                {0, second_term, 3, 8, 12 * second}};
  h.rogue_refused = 1;
  h.reads = {{0, 1, 8, 9 * second, 9 * second + 100}, {0, 3, 0, 13 * second, 13 * second + 100}};
  h.looks = {look(2 * second, 1, 1, "a", first_term), look(10 * second, 3, 2, "b", second_term)};
  h.workers = {worker(7, "a"), worker(8, "b")};
  h.workers[0].touched = 4 * second;
  h.expulsions = {{"a", Reason::session_expired, 6 * second}};
  return h;
}

/// As of chaos: crowd member "quiet" falls silent after 14 s and is expelled a second later, "busy"
/// beats to the end.
inline History honest_chaos() {
  History h = honest();
  h.required = h.counts = {{"beats answered", 10}};
  const auto told = [](std::uint64_t number, EventKind kind, const char* member, Stamp seen) {
    return Told{0, number, number, "g", kind, member, Reason::none, Millis{0}, seen, true};
  };
  h.told = {told(1, EventKind::member_joined, "quiet", 12 * second),
            told(2, EventKind::member_joined, "busy", 12 * second),
            told(3, EventKind::member_expelled, "quiet", 15 * second + 12'000)};
  h.told[2].reason = Reason::session_expired;
  h.kept = h.told;
  Vigil quiet{.member = "quiet", .session_timeout = Millis{1'000}, .joined = 12 * second};
  quiet.heard_sent = quiet.last_sent = 14 * second;
  quiet.heard_at = 14 * second + 400;
  quiet.silent = quiet.refused = true;
  Vigil busy{.member = "busy", .session_timeout = Millis{1'000}, .joined = 12 * second};
  busy.heard_sent = busy.last_sent = 20 * second;
  busy.heard_at = 20 * second + 400;
  h.vigils = {quiet, busy};
  return h;
}

}  // namespace muster::chaos
