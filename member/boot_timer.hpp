/// A timer on CLOCK_BOOTTIME, the clock of all deadlines here: after a suspend it fires at once,
/// where Asio's own timers, which stand still meanwhile, would fire late by what they had left.
#pragma once

#include "grant.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace muster::member {

class BootTimer {
 public:
  BootTimer(boost::asio::io_context& io, std::function<void()> on_due);

  /// Fires once at `when`, or now if that is past; replaces what was set before. `never` sets
  /// nothing.
  void set(Mono when);

 private:
  void wait();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> on_due_;
  Mono set_to_ = never;
};

}  // namespace muster::member
