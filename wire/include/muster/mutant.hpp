/// Planted bugs, to see whether the tests would find such a one. They exist only in a build with
/// MUSTER_MUTANTS, which is never shipped, and there one is chosen at run time; in every other
/// build each is the constant `false`.
///
///   if (token != present && !MUSTER_MUTANT(any_token_commits)) return refuse(…);
#pragma once

#ifdef MUSTER_MUTANTS

#include <array>
#include <cstdint>
#include <string_view>

#define MUSTER_MUTANT_LIST(X)      \
  /* in the core */                \
  X(expires_early)                 \
  X(expires_late)                  \
  X(credits_no_gap)                \
  X(credits_gap_from_the_newest)   \
  X(wheel_stays_ahead)             \
  X(gap_hides_the_next)            \
  X(zombie_too_soon)               \
  X(restart_halves_sessions)       \
  X(answers_before_withdrawal)     \
  X(grants_what_is_held)           \
  X(any_release_will_do)           \
  X(any_token_commits)             \
  X(repeat_takes_effect)           \
  X(token_used_twice)              \
  X(epoch_floor_forgotten)         \
  X(empty_group_keeps_old_target)  \
  X(last_member_takes_offsets)     \
  X(event_number_skipped)          \
  X(removal_untold)                \
  X(time_to_release_from_decision) \
  X(step_waits_for_all)            \
  X(release_time_overtaken)        \
  X(old_connection_speaks)         \
  X(rejoin_gets_nothing)           \
  X(silent_before_told)            \
  X(freed_work_waits)              \
  /* in the registry */            \
  X(missed_is_dead)                \
  X(edge_untold)                   \
  X(replaced_untold)               \
  X(older_incarnation_wins)        \
  X(dead_node_changes_nothing)     \
  X(untold_end_stays_untold)       \
  X(unanswered_is_well)            \
  X(protected_are_removed)         \
  X(protection_never_ends)         \
  X(sure_after_restart)            \
  X(beats_move_index)              \
  X(index_stands_still)            \
  /* in the host */                \
  X(reply_before_sync)             \
  X(push_before_sync)              \
  X(durable_before_append)         \
  X(expires_undrained)             \
  X(records_lost_in_merge)         \
  /* in the library */             \
  X(member_fences_late)            \
  X(releases_before_it_stopped)    \
  X(refused_repeat_is_final)       \
  X(bound_though_fenced)

namespace muster {

enum class Mutant : std::uint8_t {
  none,
#define MUSTER_MUTANT_NAME(name) name,
  MUSTER_MUTANT_LIST(MUSTER_MUTANT_NAME)
#undef MUSTER_MUTANT_NAME
};

inline constexpr auto mutant_names =
    std::to_array<std::string_view>({"none",
#define MUSTER_MUTANT_NAME(name) #name,
                                     MUSTER_MUTANT_LIST(MUSTER_MUTANT_NAME)
#undef MUSTER_MUTANT_NAME
    });

/// The one that is at large. Set it before anything runs.
inline Mutant mutant = Mutant::none;

/// What a test looks for in programs that must not have any.
[[gnu::used]] inline const char mutants_are_planted[] = "muster: mutants are planted";

}  // namespace muster

#define MUSTER_MUTANT(name) (::muster::mutant == ::muster::Mutant::name)

#else

#define MUSTER_MUTANT(name) false

#endif
