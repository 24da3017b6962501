/// The core's events as log lines, at most so many a second.
#pragma once

#include <muster/messages.hpp>
#include <muster/types.hpp>

#include <cstdint>

namespace muster::broker {

/// Of one loop, on its thread.
class EventLog {
 public:
  static constexpr std::uint32_t lines_per_second = 100;

  /// Logs a durable event, or counts it as left out.
  void tell(const Event& event, Mono now);

 private:
  void begin_second(Mono now);

  Mono second_;
  std::uint32_t lines_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace muster::broker
