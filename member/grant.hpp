/// The atomics behind Ownership::valid(), and the clock that it reads.
#pragma once

#include <muster/types.hpp>

#include <atomic>
#include <limits>
#include <memory>

namespace muster::member {

inline constexpr Mono never{std::numeric_limits<std::int64_t>::max()};

/// CLOCK_BOOTTIME in milliseconds: steady, and it runs on while the machine is suspended.
[[nodiscard]] Mono boot_now() noexcept;

/// Until when anything of one member may be worked on; moved on by each answered heartbeat.
struct Fence {
  std::atomic<std::int64_t> until{0};
};

/// One grant of one partition.
struct Grant {
  TopicPartition partition;
  Token token = 0;
  std::shared_ptr<const Fence> fence;
  TopicName topic;  ///< Written before the application first sees the grant, constant from then on.
  std::atomic<bool> ended{false};  ///< Once and for good.

  [[nodiscard]] bool valid() const noexcept;
  void end() noexcept { ended.store(true, std::memory_order_release); }
};

}  // namespace muster::member
