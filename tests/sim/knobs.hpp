/// The setting of one simulated world, drawn from its seed ("swarm": most worlds leave most things
/// out, and set bounds so low that rare paths are common ones).
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::sim {

/// All plain numbers, so that a case can be written, read and shrunk field by field.
struct Knobs {
  std::int64_t seed = 1;
  std::int64_t duration_ms = 100'000;  ///< Of the phase with faults.

  // Who is there.
  std::int64_t groups = 1;
  std::int64_t members = 3;
  std::int64_t topics = 1;
  std::int64_t partitions = 6;  ///< Of each topic.
  std::int64_t shards = 1;
  std::int64_t loops = 1;
  std::int64_t watchers = 0;

  // Who serves.
  std::int64_t services = 1;
  std::int64_t servers = 0;     ///< Instances that beat for themselves.
  std::int64_t agents = 0;      ///< Nodes,
  std::int64_t dependents = 0;  ///< and the instances that live with each.
  std::int64_t zones = 0;
  std::int64_t by_name = 0;    ///< Permille of servers that beat by name instead of by handle.
  std::int64_t reports = 0;    ///< Permille of beats that report what a check has found.
  std::int64_t overloads = 0;  ///< Permille of beats that say "overloaded".
  std::int64_t checks = 0;     ///< Permille of servers that are probed, too.

  // What members ask for.
  std::int64_t session_ms = 3'000;
  std::int64_t session_spread = 1;  ///< Each member draws S from session_ms to this many times it.
  std::int64_t rebalance_ms = 5'000;
  std::int64_t max_poll_ms = 10'000;
  std::int64_t work_ms = 500;      ///< Time between two looks of the application at its work.
  std::int64_t callback_ms = 20;   ///< How long it takes to give up what is revoked.
  std::int64_t slow_callback = 0;  ///< Permille: these take up to twice the rebalance timeout.
  std::int64_t commits = 0;        ///< Permille of those looks that end in a commit.
  std::int64_t mixed = 0;          ///< Members differ in weight, subscription and assignor.
  std::int64_t drift_ppm = 0;

  // The network: one way, in microseconds.
  std::int64_t delay_us = 500;
  std::int64_t delay_min_us = 100;
  std::int64_t slow_frames = 0;  ///< Permille of frames that take up to a second more.
  std::int64_t window = 1'000;   ///< Frames that a peer may leave unread.
  std::int64_t roaming = 0;      ///< Permille of connections that are on any loop.
  std::int64_t codec = 0;        ///< Frames pass through the wire's codec.

  // The broker and its disk.
  std::int64_t sync_us = 1'000;
  std::int64_t slow_sync = 0;  ///< Permille of appends that take up to slow_sync_ms.
  std::int64_t slow_sync_ms = 5'000;
  std::int64_t turn_us = 200;         ///< How late a turn may start.
  std::int64_t partial_reads = 0;     ///< Permille of passes that leave something in the sockets.
  std::int64_t encoded = 0;           ///< Records pass through the store's codec.
  std::int64_t boot_ms = 500;         ///< Up to this long a broker is down.
  std::int64_t recovery_crashes = 0;  ///< Permille of starts that end before the doors open.
  std::int64_t cached_target_from = 10'000;
  std::int64_t event_ring = 8 << 20;
  std::int64_t history = 100;
  std::int64_t per_tick = 4'096;     ///< Expiries and notes.
  std::int64_t uptime_ms = 1'000;    ///< What the broker's steady clock shows at first.
  std::int64_t broken_for_good = 0;  ///< Permille of members that stay broken at the end.

  // Disturbances: how many in a thousand seconds, each drawn on its own.
  std::int64_t cut = 0;   ///< A connection breaks; both ends learn of it in their own time.
  std::int64_t herd = 0;  ///< All break at once.
  std::int64_t mute = 0;  ///< Requests of a member stand still.
  std::int64_t deaf = 0;  ///< Answers to a member stand still.
  std::int64_t part = 0;  ///< Both.
  std::int64_t pause_member = 0;
  std::int64_t stick_member = 0;  ///< Its application does not come back to poll.
  std::int64_t kill_member = 0;
  std::int64_t leave = 0;
  std::int64_t crash = 0;
  std::int64_t stop = 0;  ///< The broker ends in order, and starts again.
  std::int64_t pause_broker = 0;
  std::int64_t pause_loop = 0;  ///< One of its loops gets no time.
  std::int64_t leap = 0;        ///< Its steady clock jumps forward.
  std::int64_t jump_wall = 0;
  std::int64_t stall_disk = 0;
  std::int64_t fail_disk = 0;  ///< The next append fails, done or not.
  std::int64_t fill_disk = 0;
  std::int64_t topic_change = 0;
  std::int64_t expel = 0;
  std::int64_t delete_group = 0;
  std::int64_t alter_group = 0;
  std::int64_t alter_offsets = 0;
  std::int64_t rogue = 0;   ///< Somebody says what is not his to say.
  std::int64_t ambush = 0;  ///< Something happens just when something else does.
  std::int64_t brink =
      0;  ///< A connection breaks just before its member stops for want of progress.
  std::int64_t server_cut = 0;
  std::int64_t server_part = 0;
  std::int64_t server_pause = 0;
  std::int64_t server_kill = 0;
  std::int64_t server_leave = 0;
  std::int64_t rival = 0;  ///< A newer incarnation starts beside an older one.
  std::int64_t hush = 0;   ///< A whole service falls silent.
  std::int64_t maintain = 0;
  std::int64_t end_protection = 0;
};

struct KnobName {
  std::string_view name;
  std::int64_t Knobs::* field;
};
[[nodiscard]] const std::vector<KnobName>& knob_names();
[[nodiscard]] const KnobName* find_knob(std::string_view name);

/// The swarm's draw for this seed.
[[nodiscard]] Knobs draw_knobs(std::uint64_t seed);
/// The world that speed is measured in: 20 members that beat every 3 s, and nothing happens.
[[nodiscard]] Knobs steady_world(std::uint64_t seed);
/// `name=value` of everything that differs from the defaults, in one line.
[[nodiscard]] std::string text_of(const Knobs& knobs);

}  // namespace muster::sim
