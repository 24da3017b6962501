/// A whole shard at one moment: what is durable, and what lives only in this run.
///
/// The records alone rebuild a shard after a restart, when every session gets its time anew. An
/// image goes further: a shard restored from it answers the same inputs with the same effects as
/// the shard it was taken of. The flight recorder rests on that.
#pragma once

#include <muster/core/effects.hpp>
#include <muster/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace muster::core {

/// Values only; it shares the immutable ones with the shard.
struct Image {
  struct Parked {
    Mono until;
    std::uint64_t version = 0;
    Input input;
  };
  std::vector<Record> records;  ///< The state, in an order that Shard::replay takes.
  std::vector<Parked> parked;   ///< Requests that wait for a catalogue.
  std::vector<std::byte> run;   ///< Sessions, timers, counters: opaque, of this very build.
};

}  // namespace muster::core
