/// What a run does to the clocks and the disk of a process of its own, while that runs.
///
/// The process is started with the library `chaos_shim` in LD_PRELOAD and finds this block, mapped
/// from a file, by an environment variable. All zero changes nothing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace muster::chaos {

inline constexpr const char* control_variable = "MUSTER_CHAOS_CONTROL";

struct Control {
  static constexpr std::size_t most_files = 8'192;
  /// What is known to be on the disk of one file. An inode of 0 is a free place.
  struct File {
    std::atomic<std::uint64_t> inode;
    std::atomic<std::int64_t> synced;  ///< Bytes, at the last sync that came back well.
  };

  // Clocks: nanoseconds that are added. The steady ones may only rise.
  std::atomic<std::int64_t> wall;
  std::atomic<std::int64_t> steady;

  // Every fsync and fdatasync.
  std::atomic<std::int64_t> sync_delay_ms;
  std::atomic<std::int32_t> sync_errors;  ///< How many of the next ones fail.
  std::atomic<std::int32_t> sync_errno;   ///< With what.

  // Every write to a file of one device.
  std::atomic<std::uint64_t> write_device;
  std::atomic<std::int32_t> write_errors;   ///< How many of the next ones fail, with ENOSPC,
  std::atomic<std::int32_t> writes_before;  ///< once so many more have gone well.

  // What has happened.
  std::atomic<std::uint64_t> syncs;
  std::atomic<std::uint64_t> delayed;
  std::atomic<std::uint64_t> failed;
  std::atomic<std::uint64_t> writes_failed;
  std::atomic<std::uint64_t> forgotten;  ///< Syncs that found no place in `files`.
  File files[most_files];

  /// The place of an inode; null if there is none and the table is full.
  File* file(std::uint64_t number, bool make) {
    for (std::size_t i = 0; i < most_files; ++i) {
      File& place = files[(number + i) % most_files];
      std::uint64_t present = place.inode.load();
      if (present == number) return &place;
      if (present != 0) continue;
      if (!make) return nullptr;
      if (place.inode.compare_exchange_strong(present, number) || present == number) return &place;
    }
    return nullptr;
  }
};

static_assert(std::atomic<std::int64_t>::is_always_lock_free);

}  // namespace muster::chaos
