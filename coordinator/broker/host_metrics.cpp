/// What the host counts, in Prometheus' words.
#include "host_parts.hpp"
#include "loop.hpp"
#include "process_metrics.hpp"
#include "recorder/recorder.hpp"
#include "shard_driver.hpp"

#include <array>
#include <functional>
#include <string>
#include <string_view>

namespace muster::broker {
namespace {

using Type = MetricsText::Type;

struct CoreFamily {
  std::string_view name;
  Type type;
  std::string_view help;
  std::uint64_t core::ShardStats::* value;
};

constexpr std::array core_families{
    CoreFamily{"muster_sessions", Type::gauge, "Live sessions.", &core::ShardStats::sessions},
    CoreFamily{"muster_groups", Type::gauge, "Groups.", &core::ShardStats::groups},
    CoreFamily{"muster_members", Type::gauge, "Members.", &core::ShardStats::members},
    CoreFamily{"muster_member_profiles", Type::gauge,
               "Different sets of settings among the members.", &core::ShardStats::profiles},
    CoreFamily{"muster_topics", Type::gauge, "Topics known to the shard.",
               &core::ShardStats::topics},
    CoreFamily{"muster_services", Type::gauge, "Services with instances, present or remembered.",
               &core::ShardStats::services},
    CoreFamily{"muster_instances", Type::gauge, "Registered instances.",
               &core::ShardStats::instances},
    CoreFamily{"muster_nodes", Type::gauge, "Registered nodes.", &core::ShardStats::nodes},
    CoreFamily{"muster_departed_instances", Type::gauge, "Instances that are gone and remembered.",
               &core::ShardStats::departed},
    CoreFamily{"muster_protected_services", Type::gauge,
               "Services of which nobody silent is withheld.",
               &core::ShardStats::protected_services},
    CoreFamily{"muster_damped_instances", Type::gauge, "Instances that failed lately.",
               &core::ShardStats::flapping},
    CoreFamily{"muster_instances_expired_total", Type::counter,
               "Instances whose session timeout passed.", &core::ShardStats::instances_expired},
    CoreFamily{"muster_protections_total", Type::counter, "Protections begun.",
               &core::ShardStats::protections},
    CoreFamily{"muster_parked_requests", Type::gauge, "Requests that wait in the core.",
               &core::ShardStats::parked},
    CoreFamily{"muster_event_ring_bytes", Type::gauge, "Bytes of kept events.",
               &core::ShardStats::event_ring_bytes},
    CoreFamily{"muster_requests_total", Type::counter, "Requests handled.",
               &core::ShardStats::requests},
    CoreFamily{"muster_heartbeats_total", Type::counter, "Heartbeats handled.",
               &core::ShardStats::heartbeats},
    CoreFamily{"muster_refusals_total", Type::counter, "Requests that the core refused.",
               &core::ShardStats::refusals},
    CoreFamily{"muster_expulsions_total", Type::counter, "Members expelled.",
               &core::ShardStats::expulsions},
    CoreFamily{"muster_targets_computed_total", Type::counter, "Target assignments computed.",
               &core::ShardStats::targets_computed},
    CoreFamily{"muster_partitions_moved_total", Type::counter,
               "Partitions given to another member.", &core::ShardStats::partitions_moved},
    CoreFamily{"muster_commits_total", Type::counter, "Commits accepted.",
               &core::ShardStats::commits},
    CoreFamily{"muster_events_total", Type::counter, "Events published.",
               &core::ShardStats::events},
    CoreFamily{"muster_events_dropped_total", Type::counter, "Events that fell out of the ring.",
               &core::ShardStats::events_dropped},
    CoreFamily{"muster_gaps_credited_total", Type::counter,
               "Gaps of the broker credited to sessions.", &core::ShardStats::gaps_credited},
    CoreFamily{"muster_gap_credited_ms_total", Type::counter, "Milliseconds credited to sessions.",
               &core::ShardStats::gap_ms_credited},
};

struct LoopFamily {
  std::string_view name;
  Type type;
  std::string_view help;
  Counter LoopStats::* value;
};

constexpr std::array loop_families{
    LoopFamily{"muster_loop_turns_total", Type::counter, "Turns of the loop.", &LoopStats::turns},
    LoopFamily{"muster_loop_requests_total", Type::counter, "Requests from the loop's connections.",
               &LoopStats::requests},
    LoopFamily{"muster_loop_crossed_total", Type::counter, "Of those, for shards of other loops.",
               &LoopStats::crossed},
    LoopFamily{"muster_loop_replies_total", Type::counter, "Replies to the loop's connections.",
               &LoopStats::replies},
    LoopFamily{"muster_loop_pushes_total", Type::counter, "Pushes to the loop's connections.",
               &LoopStats::pushes},
    LoopFamily{"muster_loop_pushes_refused_total", Type::counter, "Pushes whose peer did not read.",
               &LoopStats::pushes_refused},
    LoopFamily{"muster_loop_gaps_total", Type::counter, "Times the loop was away for too long.",
               &LoopStats::gaps},
    LoopFamily{"muster_loop_gap_ms_total", Type::counter, "Milliseconds of those.",
               &LoopStats::gap_ms},
    LoopFamily{"muster_loop_longest_gap_ms", Type::gauge, "The longest of those.",
               &LoopStats::longest_gap_ms},
    LoopFamily{"muster_loop_drain_rounds_total", Type::counter,
               "Rounds of draining all sockets before a tick.", &LoopStats::drain_rounds},
    LoopFamily{"muster_loop_connections", Type::gauge, "Greeted connections on the loop.",
               &LoopStats::connections},
};

void write_core(MetricsText& text, const Shared& shared) {
  std::vector<core::ShardStats> stats;
  for (const auto& driver : shared.drivers) {
    const std::lock_guard lock(driver->stats().mutex);
    stats.push_back(driver->stats().core);
  }
  for (const CoreFamily& family : core_families) {
    text.family(family.name, family.type, family.help);
    for (std::size_t shard = 0; shard < stats.size(); ++shard) {
      text.value(stats[shard].*family.value, {{"shard", std::to_string(shard)}});
    }
  }
}

using DriverValue = std::function<std::uint64_t(const DriverStats&)>;

void write_driver(MetricsText& text, const Shared& shared, std::string_view name, Type type,
                  std::string_view help, const DriverValue& value) {
  text.family(name, type, help);
  for (std::size_t shard = 0; shard < shared.drivers.size(); ++shard) {
    text.value(value(shared.drivers[shard]->stats()), {{"shard", std::to_string(shard)}});
  }
}

void write_drivers(MetricsText& text, const Shared& shared) {
  write_driver(text, shared, "muster_held_replies", Type::gauge,
               "Replies and pushes that wait for the disk.",
               [](const DriverStats& s) { return s.held.value(); });
  write_driver(text, shared, "muster_open_requests", Type::gauge, "Requests without an answer.",
               [](const DriverStats& s) { return s.open_requests.value(); });
  write_driver(text, shared, "muster_crossing_requests", Type::gauge,
               "Requests on their way from other loops.",
               [](const DriverStats& s) { return s.crossing.value(); });
  write_driver(text, shared, "muster_durable_revision", Type::gauge, "The newest durable revision.",
               [](const DriverStats& s) { return s.durable.value(); });
  write_driver(text, shared, "muster_refused_pressure_total", Type::counter,
               "Requests refused because the disk was full or behind.",
               [](const DriverStats& s) { return s.refused_full.value(); });
  write_driver(text, shared, "muster_refused_queue_total", Type::counter,
               "Requests refused because the shard's queue was full.",
               [](const DriverStats& s) { return s.refused_queue.value(); });
}

void write_recorder(MetricsText& text, const Shared& shared) {
  const recorder::Recorder* const recorder = shared.options.recorder.get();
  if (recorder == nullptr) return;
  const auto family = [&](std::string_view name, Type type, std::string_view help,
                          Counter recorder::RecorderStats::* value) {
    text.family(name, type, help);
    for (ShardIndex shard = 0; shard < shared.shards(); ++shard)
      text.value((recorder->shard(shard).stats().*value).value(),
                 {{"shard", std::to_string(shard)}});
  };
  using Stats = recorder::RecorderStats;
  family("muster_recorder_bytes_total", Type::counter, "Bytes that the flight recorder wrote.",
         &Stats::bytes);
  family("muster_recorder_segments_total", Type::counter,
         "Segments that it began, each with an image of the shard.", &Stats::segments);
  family("muster_recorder_off", Type::gauge, "1: the shard's image is too large for its segments.",
         &Stats::off);
}

void write_loops(MetricsText& text, const Shared& shared) {
  for (const LoopFamily& family : loop_families) {
    text.family(family.name, family.type, family.help);
    for (std::size_t loop = 0; loop < shared.loops.size(); ++loop) {
      text.value((shared.loops[loop]->stats().*family.value).value(),
                 {{"loop", std::to_string(loop)}});
    }
  }
}

void write_store(MetricsText& text, const Shared& shared) {
  const StoreThread& store = *shared.store;
  text.family("muster_store_append_seconds", Type::histogram, "Time of one durable append.");
  text.histogram(store.latency());
  text.counter("muster_store_records_total", "Records made durable.", store.records());
  text.gauge("muster_store_unsynced_bytes", "Bytes, roughly, that wait to become durable.",
             store.unsynced_bytes());
  text.gauge("muster_store_append_running_ms", "Age of the append that is running.",
             static_cast<std::uint64_t>(store.running_for().count()));
  text.gauge("muster_store_free_bytes", "Free space where the store lies.",
             shared.space->free_bytes());
  text.gauge("muster_store_min_free_bytes", "The reserve below which nothing is added.",
             shared.space->min_free_bytes());
  text.counter("muster_views_published_total", "Pictures published.", shared.views->published());
  text.gauge("muster_result_watchers", "Those who wait for a newer result of a service.",
             shared.results->watchers());
  text.counter("muster_result_wakes_total", "Those of them that were woken.",
               shared.results->woken());
  text.gauge("muster_view_watchers", "Those who wait for a newer picture.",
             shared.views->watchers());
}

}  // namespace

std::string Host::metrics() const {
  const Shared& shared = parts_->shared;
  MetricsText text;
  write_core(text, shared);
  write_drivers(text, shared);
  write_recorder(text, shared);
  write_loops(text, shared);
  write_store(text, shared);
  write_process_metrics(text);
  for (const auto& write : parts_->more_metrics) write(text);
  return text.take();
}

}  // namespace muster::broker
