/// What happens to a world and when: the disturbances, drawn from the knobs before the world
/// starts, as a list that can be written down, read back and cut.
#pragma once

#include "knobs.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::sim {

/// Simulated time in microseconds.
using Time = std::int64_t;
inline constexpr Time ms = 1'000;

enum class Act : std::uint8_t {
  start_member,    // who
  cut,             // who; a: broker learns of it after µs
  herd,            //
  mute,            // who; a: for µs
  deaf,            // who; a
  part,            // who; a
  pause_member,    // who; a
  stick_member,    // who; a
  kill_member,     // who; a: starts again after µs, 0: never
  leave,           // who; a
  crash,           // a: down for µs, b: permille of the running append that stays
  stop,            // a
  pause_broker,    // a; b: 1: between reading the sockets and the turn
  pause_loop,      // who; a
  leap,            // a: by µs
  jump_wall,       // a: by ms
  stall_disk,      // a: for µs
  fail_disk,       // a: down for µs, b: permille of the append that stays
  fill_disk,       // a: for µs
  create_topic,    // who: which; a: partitions
  grow_topic,      // who; a: partitions
  delete_topic,    // who
  expel,           // who
  delete_group,    // who
  alter_group,     // who; a: assignor; b: first delay in ms
  alter_offsets,   // who; a: offset
  rogue,           // who: whom it harms; a: how
  ambush,          // who: which Bait; a: µs; b: which Trap (ambushes.hpp)
  brink,           // who; a: µs from the break to the fence, b: µs from there to the return
  start_server,    // who: which server
  cut_server,      // who; a: broker learns of it after µs
  part_server,     // who; a: for µs; b: 0 its requests, 1 its answers, 2 both
  pause_server,    // who; a; b: 1: it answers pings
  kill_server,     // who; a: starts again after µs, 0: never
  leave_server,    // who; a
  rival,           // who: a newer incarnation starts
  hush,            // who: which service; a: all its servers are cut off for µs; b: 0: all there are
  maintain,        // who; b: 1: into maintenance, 0: back
  end_protection,  // who: which service
};

struct Action {
  Time at = 0;
  Act act = Act::cut;
  std::int32_t who = 0;
  std::int64_t a = 0;
  std::int64_t b = 0;
};
using Plan = std::vector<Action>;

[[nodiscard]] std::string_view to_string(Act act);
[[nodiscard]] std::optional<Act> act_of(std::string_view name);

/// In order of time.
[[nodiscard]] Plan draw_plan(const Knobs& knobs);

/// A world in writing: its knobs, and, if `plan` is given, what happens in it.
struct Case {
  Knobs knobs;
  Plan plan;
  std::string note;    ///< For people: lines that begin with #.
  std::string expect;  ///< The invariant that this case broke once.
};
[[nodiscard]] Case draw_case(std::uint64_t seed);
[[nodiscard]] std::string text_of(const Case& story);
/// Throws std::runtime_error with the line that makes no sense.
[[nodiscard]] Case read_case(const std::string& text);

}  // namespace muster::sim
