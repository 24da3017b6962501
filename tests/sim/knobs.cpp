#include "knobs.hpp"

#include "dice.hpp"

#include <algorithm>

namespace muster::sim {

const std::vector<KnobName>& knob_names() {
  static const std::vector<KnobName> names{
      {"seed", &Knobs::seed},
      {"duration_ms", &Knobs::duration_ms},
      {"groups", &Knobs::groups},
      {"members", &Knobs::members},
      {"topics", &Knobs::topics},
      {"partitions", &Knobs::partitions},
      {"shards", &Knobs::shards},
      {"loops", &Knobs::loops},
      {"watchers", &Knobs::watchers},
      {"session_ms", &Knobs::session_ms},
      {"session_spread", &Knobs::session_spread},
      {"rebalance_ms", &Knobs::rebalance_ms},
      {"max_poll_ms", &Knobs::max_poll_ms},
      {"work_ms", &Knobs::work_ms},
      {"callback_ms", &Knobs::callback_ms},
      {"slow_callback", &Knobs::slow_callback},
      {"commits", &Knobs::commits},
      {"mixed", &Knobs::mixed},
      {"drift_ppm", &Knobs::drift_ppm},
      {"delay_us", &Knobs::delay_us},
      {"delay_min_us", &Knobs::delay_min_us},
      {"slow_frames", &Knobs::slow_frames},
      {"window", &Knobs::window},
      {"roaming", &Knobs::roaming},
      {"codec", &Knobs::codec},
      {"sync_us", &Knobs::sync_us},
      {"slow_sync", &Knobs::slow_sync},
      {"slow_sync_ms", &Knobs::slow_sync_ms},
      {"turn_us", &Knobs::turn_us},
      {"partial_reads", &Knobs::partial_reads},
      {"encoded", &Knobs::encoded},
      {"boot_ms", &Knobs::boot_ms},
      {"recovery_crashes", &Knobs::recovery_crashes},
      {"cached_target_from", &Knobs::cached_target_from},
      {"event_ring", &Knobs::event_ring},
      {"history", &Knobs::history},
      {"per_tick", &Knobs::per_tick},
      {"uptime_ms", &Knobs::uptime_ms},
      {"broken_for_good", &Knobs::broken_for_good},
      {"cut", &Knobs::cut},
      {"herd", &Knobs::herd},
      {"mute", &Knobs::mute},
      {"deaf", &Knobs::deaf},
      {"part", &Knobs::part},
      {"pause_member", &Knobs::pause_member},
      {"stick_member", &Knobs::stick_member},
      {"kill_member", &Knobs::kill_member},
      {"leave", &Knobs::leave},
      {"crash", &Knobs::crash},
      {"stop", &Knobs::stop},
      {"pause_broker", &Knobs::pause_broker},
      {"pause_loop", &Knobs::pause_loop},
      {"leap", &Knobs::leap},
      {"jump_wall", &Knobs::jump_wall},
      {"stall_disk", &Knobs::stall_disk},
      {"fail_disk", &Knobs::fail_disk},
      {"fill_disk", &Knobs::fill_disk},
      {"topic_change", &Knobs::topic_change},
      {"expel", &Knobs::expel},
      {"delete_group", &Knobs::delete_group},
      {"alter_group", &Knobs::alter_group},
      {"alter_offsets", &Knobs::alter_offsets},
      {"rogue", &Knobs::rogue},
      {"ambush", &Knobs::ambush},
      {"brink", &Knobs::brink},
      {"services", &Knobs::services},
      {"servers", &Knobs::servers},
      {"agents", &Knobs::agents},
      {"dependents", &Knobs::dependents},
      {"zones", &Knobs::zones},
      {"by_name", &Knobs::by_name},
      {"reports", &Knobs::reports},
      {"overloads", &Knobs::overloads},
      {"checks", &Knobs::checks},
      {"server_cut", &Knobs::server_cut},
      {"server_part", &Knobs::server_part},
      {"server_pause", &Knobs::server_pause},
      {"server_kill", &Knobs::server_kill},
      {"server_leave", &Knobs::server_leave},
      {"rival", &Knobs::rival},
      {"hush", &Knobs::hush},
      {"maintain", &Knobs::maintain},
      {"end_protection", &Knobs::end_protection},
  };
  return names;
}

const KnobName* find_knob(std::string_view name) {
  const auto& names = knob_names();
  const auto it =
      std::find_if(names.begin(), names.end(), [&](const KnobName& k) { return k.name == name; });
  return it == names.end() ? nullptr : &*it;
}

namespace {

/// Session timeouts from a second to five minutes; most short, for there is more to see.
std::int64_t draw_session(Dice& dice) {
  switch (dice.below(8)) {
    case 0:
      return dice.between(20'000, 300'000);
    case 1:
    case 2:
      return dice.between(6'000, 20'000);
    default:
      return dice.between(1'000, 6'000);
  }
}

void draw_disturbances(Knobs& k, Dice& dice) {
  // Each kind is there in a third of the worlds, rarely or often.
  for (const auto field :
       {&Knobs::cut,          &Knobs::herd,         &Knobs::mute,          &Knobs::deaf,
        &Knobs::part,         &Knobs::pause_member, &Knobs::stick_member,  &Knobs::kill_member,
        &Knobs::leave,        &Knobs::crash,        &Knobs::stop,          &Knobs::pause_broker,
        &Knobs::pause_loop,   &Knobs::leap,         &Knobs::jump_wall,     &Knobs::stall_disk,
        &Knobs::fail_disk,    &Knobs::fill_disk,    &Knobs::topic_change,  &Knobs::expel,
        &Knobs::delete_group, &Knobs::alter_group,  &Knobs::alter_offsets, &Knobs::rogue,
        &Knobs::ambush,       &Knobs::brink}) {
    if (!dice.permille(330)) continue;
    k.*field = dice.half() ? dice.between(3, 30) : dice.between(30, 300);
  }
  // Rates are per world; what hits one member at a time is worth more in a large one.
  for (const auto field : {&Knobs::cut, &Knobs::mute, &Knobs::deaf, &Knobs::pause_member})
    k.*field *= 1 + k.members / 8;
}

/// In half of the worlds; a stream of its own, so that it shifts no other.
void draw_registry(Knobs& k, std::uint64_t seed) {
  Dice dice(seed, "registry");
  if (dice.half()) return;
  k.services = dice.between(1, 3);
  k.servers = dice.permille(700) ? dice.between(1, 6) : dice.between(6, 16);
  k.agents = dice.half() ? 0 : dice.between(1, 3);
  k.dependents = dice.between(0, 3);
  k.zones = dice.half() ? 0 : dice.between(1, 3);
  k.by_name = dice.half() ? 0 : dice.between(100, 1'000);
  k.reports = dice.permille(300) ? dice.between(20, 300) : 0;
  k.overloads = dice.permille(300) ? dice.between(20, 300) : 0;
  for (const auto field : {&Knobs::server_cut, &Knobs::server_part, &Knobs::server_pause,
                           &Knobs::server_kill, &Knobs::server_leave, &Knobs::rival, &Knobs::hush,
                           &Knobs::maintain, &Knobs::end_protection}) {
    if (!dice.permille(400)) continue;
    k.*field = dice.half() ? dice.between(3, 30) : dice.between(30, 200);
  }
}

/// In some of those that have a registry; again a stream of its own.
void draw_checks(Knobs& k, std::uint64_t seed) {
  Dice dice(seed, "checks");
  if (k.servers > 0 && dice.permille(400)) k.checks = dice.between(200, 1'000);
}

}  // namespace

Knobs draw_knobs(std::uint64_t seed) {
  Dice dice(seed, "knobs");
  Knobs k;
  k.seed = static_cast<std::int64_t>(seed);
  k.groups = dice.permille(700) ? 1 : dice.between(2, 5);
  k.members = dice.permille(700) ? dice.between(1, 8) : dice.between(8, 40);
  k.topics = dice.permille(700) ? 1 : dice.between(2, 4);
  k.partitions = dice.permille(800) ? dice.between(1, 24) : dice.between(24, 200);
  k.shards = dice.half() ? 1 : dice.between(2, 4);
  k.loops = dice.half() ? 1 : dice.between(1, 3);
  k.watchers = dice.below(3);
  k.session_ms = draw_session(dice);
  k.session_spread = dice.half() ? 1 : dice.between(2, 4);
  k.rebalance_ms = std::max(k.session_ms, dice.between(1'000, 10'000));
  k.max_poll_ms = std::max<std::int64_t>(2'000, k.session_ms * dice.between(1, 4));
  k.duration_ms = std::clamp<std::int64_t>(k.session_ms * dice.between(10, 60), 20'000, 600'000);
  k.work_ms = dice.between(20, 2'000);
  k.callback_ms = dice.half() ? 5 : dice.between(5, 1'000);
  k.slow_callback = dice.permille(300) ? dice.between(10, 300) : 0;
  k.commits = dice.permille(700) ? dice.between(50, 1'000) : 0;
  k.mixed = dice.permille(400);
  k.drift_ppm = dice.half() ? 0 : dice.between(1, 490);
  k.delay_us = dice.half() ? 300 : dice.between(300, 100'000);
  k.delay_min_us = dice.between(10, 1 + k.delay_us / 2);
  k.slow_frames = dice.permille(300) ? dice.between(1, 100) : 0;
  k.window = dice.permille(300) ? dice.between(2, 30) : 1'000;
  k.roaming = dice.permille(400) ? dice.between(100, 1'000) : 0;
  k.codec = dice.permille(120);
  k.sync_us = dice.half() ? 500 : dice.between(0, 30'000);
  k.slow_sync = dice.permille(250) ? dice.between(5, 50) : 0;
  k.slow_sync_ms = dice.between(100, 10'000);
  k.turn_us = dice.half() ? 100 : dice.between(0, 5'000);
  k.partial_reads = dice.permille(300) ? dice.between(50, 500) : 0;
  k.encoded = dice.permille(120);
  k.boot_ms = dice.half() ? 300 : dice.between(1, 8'000);
  k.recovery_crashes = dice.permille(300) ? dice.between(100, 500) : 0;
  k.cached_target_from = dice.half() ? 10'000 : 1;
  k.event_ring = dice.half() ? 8 << 20 : dice.between(1, 20'000);
  k.history = dice.half() ? 100 : dice.between(1, 5);
  k.per_tick = dice.half() ? 4'096 : dice.between(1, 4);
  k.uptime_ms = dice.permille(800) ? dice.between(1, 1'000'000) : std::int64_t{1} << 40;
  k.broken_for_good = dice.half() ? 0 : dice.between(50, 500);
  draw_disturbances(k, dice);
  draw_registry(k, seed);
  draw_checks(k, seed);
  return k;
}

Knobs steady_world(std::uint64_t seed) {
  Knobs k;
  k.seed = static_cast<std::int64_t>(seed);
  k.members = 20;
  k.partitions = 60;
  k.session_ms = 9'000;
  k.rebalance_ms = 9'000;
  k.max_poll_ms = 300'000;
  k.work_ms = 3'000;
  k.duration_ms = 3'600'000;
  return k;
}

std::string text_of(const Knobs& knobs) {
  static const Knobs plain;
  std::string text;
  for (const KnobName& knob : knob_names())
    if (knobs.*knob.field != plain.*knob.field || knob.field == &Knobs::seed)
      text += (text.empty() ? "" : " ") + std::string{knob.name} + "=" +
              std::to_string(knobs.*knob.field);
  return text;
}

}  // namespace muster::sim
