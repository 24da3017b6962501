/// "Sometimes": rare conditions that a swarm has to meet, or it is blind.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace muster::sim {

#define MUSTER_SIM_MARKS(X)      \
  /* the network */              \
  X(connection_cut)              \
  X(cut_with_requests_in_flight) \
  X(old_request_after_reconnect) \
  X(dialled_a_dead_broker)       \
  X(dialled_into_a_partition)    \
  X(connection_stalled)          \
  X(push_refused)                \
  X(frame_was_slow)              \
  X(answer_lost)                 \
  X(resumed)                     \
  X(resumed_fenced)              \
  X(resume_refused)              \
  X(said_on_an_old_connection)   \
  X(joined)                      \
  X(joined_again)                \
  X(joined_while_critical)       \
  X(join_held_by_disk)           \
  /* the broker */               \
  X(broker_crashed)              \
  X(crashed_with_unsynced)       \
  X(crashed_in_append)           \
  X(crash_kept_part)             \
  X(crashed_in_recovery)         \
  X(crashed_while_rebalancing)   \
  X(broker_stopped)              \
  X(broker_paused)               \
  X(paused_before_turn)          \
  X(loop_paused)                 \
  X(clock_leapt)                 \
  X(wall_jumped)                 \
  X(gap_credited)                \
  X(drain_left_something)        \
  X(disk_stalled)                \
  X(disk_failed_undone)          \
  X(disk_failed_done)            \
  X(disk_full)                   \
  X(refused_store_full)          \
  X(append_merged_turns)         \
  X(beat_answered_while_syncing) \
  X(answer_held)                 \
  X(silence_noted)               \
  X(silence_withdrawn)           \
  X(expelled_with_remainder)     \
  X(event_dropped)               \
  X(crossed_loops)               \
  /* members */                  \
  X(expired)                     \
  X(zombie)                      \
  X(zombie_by_pong)              \
  X(slow_revoker)                \
  X(expelled_by_operator)        \
  X(left)                        \
  X(late)                        \
  X(critical)                    \
  X(back_from_late)              \
  X(fenced_itself)               \
  X(woke_after_expulsion)        \
  X(revoking)                    \
  X(revoked_twice)               \
  X(gone_while_revoking)         \
  X(released)                    \
  X(granted)                     \
  X(group_settled)               \
  X(ambush_sprung)               \
  X(back_at_the_brink)           \
  X(group_emptied)               \
  X(group_deleted)               \
  X(topic_deleted_under_owner)   \
  X(topic_grown)                 \
  /* commits */                  \
  X(commit_acked)                \
  X(commit_repeated)             \
  X(commit_fenced)               \
  X(commit_outcome_unknown)      \
  X(unknown_commit_took_effect)  \
  X(commit_while_revoking)       \
  X(rogue_refused)               \
  /* servers */                  \
  X(instance_registered)         \
  X(node_registered)             \
  X(registration_held_by_disk)   \
  X(instance_late)               \
  X(instance_critical)           \
  X(instance_back)               \
  X(instance_expired)            \
  X(instance_zombie)             \
  X(deregistered)                \
  X(status_reported)             \
  X(maintenance_began)           \
  X(flapping)                    \
  X(beat_of_nobody)              \
  X(replaced)                    \
  X(replaced_one_told)           \
  X(replaced_one_stops)          \
  X(older_incarnation_refused)   \
  X(node_dead)                   \
  X(dependents_changed)          \
  X(dependents_critical)         \
  X(orphan_removed)              \
  X(service_protected)           \
  X(zone_protected)              \
  X(dead_while_protected)        \
  X(crowd_is_back)               \
  X(protection_expired)          \
  X(protection_ended_by_hand)    \
  X(probe_missed)                \
  X(unreachable)                 \
  X(zombie_unmasked)             \
  X(zombie_is_back)              \
  X(zombie_died)                 \
  X(instance_silence_noted)      \
  X(instance_silence_withdrawn)  \
  X(read_unsure)                 \
  X(read_protected)              \
  /* readers */                  \
  X(watcher_read)                \
  X(watcher_compacted)           \
  X(state_replayed)

enum class Mark : std::uint8_t {
#define MUSTER_SIM_MARK(name) name,
  MUSTER_SIM_MARKS(MUSTER_SIM_MARK)
#undef MUSTER_SIM_MARK
};

inline constexpr auto mark_names = std::to_array<std::string_view>({
#define MUSTER_SIM_MARK(name) #name,
    MUSTER_SIM_MARKS(MUSTER_SIM_MARK)
#undef MUSTER_SIM_MARK
});

using Marks = std::array<std::uint64_t, mark_names.size()>;

}  // namespace muster::sim
