/// The fixed-size bodies: heartbeat and ping, and their answers. All numbers little-endian; the
/// last field of each pads to 8 bytes: written as zero, not read. Private to the codec.
#pragma once

#include "codec.hpp"

namespace muster::wire {

void encode_ping(const Ping& ping, Bytes& out);
void encode_pong(const Pong& pong, std::uint64_t correlation, Bytes& out);
[[nodiscard]] bool decode_ping(const Frame& frame, Ping& out) noexcept;
[[nodiscard]] bool decode_pong(const Frame& frame, Pong& out) noexcept;

/// Turns a fixed body into `Out`, or malformed if it has the wrong size.
template <class Out, class Message>
[[nodiscard]] Result<Out> decode_fixed(const Frame& frame,
                                       bool (*decode)(const Frame&, Message&) noexcept) {
  Message message;
  if (!decode(frame, message)) return Errc::malformed;
  return Out{message};
}

}  // namespace muster::wire
