#include "fixed.hpp"

#include "little_endian.hpp"

#include <bit>

namespace muster::wire {

namespace {

constexpr std::size_t heartbeat_size = heartbeat_frame_size - header_size;
constexpr std::size_t heartbeat_ok_size = heartbeat_ok_frame_size - header_size;
constexpr std::size_t ping_size = 16;  // and Pong's

bool is_fixed(const Frame& frame, Kind kind, std::size_t size) {
  return frame.kind == static_cast<std::uint16_t>(kind) && frame.body.size() == size;
}

std::byte* append_fixed(Kind kind, std::size_t size, std::uint64_t correlation, Bytes& out) {
  return append_frame(out, static_cast<std::uint16_t>(kind), correlation, size).data();
}

}  // namespace

void encode_heartbeat(const Heartbeat& beat, std::uint64_t correlation, Bytes& out) {
  std::byte* const body = append_fixed(Kind::heartbeat, heartbeat_size, correlation, out);
  store(body, beat.session.value);
  store(body + 8, beat.sequence);
  store(body + 12, std::bit_cast<std::uint32_t>(beat.member_epoch));
  store(body + 16, beat.progress);
  store(body + 20, beat.session_timeout_ms);
  store(body + 24, beat.flags);
}

bool decode_heartbeat(const Frame& frame, Heartbeat& out) noexcept {
  if (!is_fixed(frame, Kind::heartbeat, heartbeat_size)) return false;
  const std::byte* const body = frame.body.data();
  out.session.value = load<std::uint64_t>(body);
  out.sequence = load<std::uint32_t>(body + 8);
  out.member_epoch = std::bit_cast<Epoch>(load<std::uint32_t>(body + 12));
  out.progress = load<std::uint32_t>(body + 16);
  out.session_timeout_ms = load<std::uint32_t>(body + 20);
  out.flags = load<std::uint32_t>(body + 24);
  return true;
}

void encode_heartbeat_ok(const HeartbeatOk& answer, std::uint64_t correlation, Bytes& out) {
  std::byte* const body = append_fixed(Kind::heartbeat_ok, heartbeat_ok_size, correlation, out);
  store(body, answer.session.value);
  store(body + 8, answer.sequence);
  store(body + 12, answer.told_step);
  store(body + 16, answer.session_timeout_ms);
}

bool decode_heartbeat_ok(const Frame& frame, HeartbeatOk& out) noexcept {
  if (!is_fixed(frame, Kind::heartbeat_ok, heartbeat_ok_size)) return false;
  const std::byte* const body = frame.body.data();
  out.session.value = load<std::uint64_t>(body);
  out.sequence = load<std::uint32_t>(body + 8);
  out.told_step = load<std::uint32_t>(body + 12);
  out.session_timeout_ms = load<std::uint32_t>(body + 16);
  return true;
}

void encode_ping(const Ping& ping, Bytes& out) {
  std::byte* const body = append_fixed(Kind::ping, ping_size, 0, out);
  store(body, ping.session.value);
  store(body + 8, ping.nonce);
}

bool decode_ping(const Frame& frame, Ping& out) noexcept {
  if (!is_fixed(frame, Kind::ping, ping_size)) return false;
  out.session.value = load<std::uint64_t>(frame.body.data());
  out.nonce = load<std::uint32_t>(frame.body.data() + 8);
  return true;
}

void encode_pong(const Pong& pong, std::uint64_t correlation, Bytes& out) {
  std::byte* const body = append_fixed(Kind::pong, ping_size, correlation, out);
  store(body, pong.session.value);
  store(body + 8, pong.nonce);
}

bool decode_pong(const Frame& frame, Pong& out) noexcept {
  if (!is_fixed(frame, Kind::pong, ping_size)) return false;
  out.session.value = load<std::uint64_t>(frame.body.data());
  out.nonce = load<std::uint32_t>(frame.body.data() + 8);
  return true;
}

}  // namespace muster::wire
