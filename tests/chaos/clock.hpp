/// The one clock of a torture run: all its processes live on one machine, so their stamps compare.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <ctime>

namespace muster::chaos {

/// Microseconds of CLOCK_BOOTTIME, the clock by which members fence themselves.
using Stamp = std::int64_t;

/// Asks the kernel itself, so that a process whose clocks are made to lie still stamps the truth.
inline Stamp boot_stamp() {
  timespec t{};
  ::syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &t);
  return static_cast<Stamp>(t.tv_sec) * 1'000'000 + t.tv_nsec / 1'000;
}

}  // namespace muster::chaos
