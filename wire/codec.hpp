/// Structs ⇄ frames. Bytes from outside are always verified; a message that does not verify is an Errc.
///
/// `encode_*` append one whole frame, header and padding included, to `out`. `decode_*` take a frame
/// from FrameReader. Strings and vectors are copied out, so a decoded message outlives the buffer.
#pragma once

#include "frame.hpp"

#include <muster/messages.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace muster::wire {

inline constexpr std::uint16_t protocol_major = 1;
inline constexpr std::uint16_t protocol_minor = 0;
inline constexpr std::uint32_t protocol_magic = 0x5254534d;  // "MSTR"

/// First frame of a connection, from the client. Magic and versions are here and nowhere else.
struct Hello {
  std::uint16_t major = protocol_major;
  std::uint16_t minor = protocol_minor;
  std::uint64_t features = 0;     ///< Feature bits that the client understands; none defined yet.
  std::string client_name;        ///< Software name and version, for logs. At most 512 bytes.
  std::string group;              ///< If given, the connection moves to the loop that drives it.
};
struct HelloOk {
  std::uint16_t major = protocol_major;
  std::uint16_t minor = protocol_minor;  ///< The lower of both.
  std::uint64_t features = 0;            ///< What both understand.
  std::string server_name;
  std::string store_uuid;                ///< 32 hex digits.
  std::uint32_t shards = 0;
  std::uint32_t max_body = 0;            ///< Longest body that the broker takes.
};

/// Frame kinds: wire-visible numbers, never reused. Defined in codec.cpp beside their tables: fixed
/// bodies 1-15, greeting 16-17, requests 32-, queries 96-, replies 128-, pushes 192-.
enum class Kind : std::uint16_t;

void encode_hello(const Hello& hello, Bytes& out);
void encode_hello_ok(const HelloOk& hello, Bytes& out);
[[nodiscard]] Result<Hello> decode_hello(const Frame& frame);       ///< not_greeted if it is another kind.
[[nodiscard]] Result<HelloOk> decode_hello_ok(const Frame& frame);

void encode_request(const Request& request, std::uint64_t correlation, Bytes& out);
void encode_query(const Query& query, std::uint64_t correlation, Bytes& out);
void encode_reply(const ReplyBody& reply, std::uint64_t correlation, Bytes& out);
void encode_push(const PushBody& push, Bytes& out);

using Call = std::variant<Request, Query>;
using Answer = std::variant<ReplyBody, PushBody>;

/// Errors: malformed; unknown_kind (the caller ignores the frame if it has flag_optional).
[[nodiscard]] Result<Call> decode_call(const Frame& frame);
[[nodiscard]] Result<Answer> decode_answer(const Frame& frame);

/// The hot path: fixed bodies, bounds-checked only, no allocation. False: it is another kind, or its
/// size is wrong (then decode_call says malformed).
[[nodiscard]] bool decode_heartbeat(const Frame& frame, Heartbeat& out) noexcept;
[[nodiscard]] bool decode_heartbeat_ok(const Frame& frame, HeartbeatOk& out) noexcept;
void encode_heartbeat(const Heartbeat& beat, std::uint64_t correlation, Bytes& out);
void encode_heartbeat_ok(const HeartbeatOk& answer, std::uint64_t correlation, Bytes& out);

/// The sizes of these two frames on the wire, header included: 48 and 40 bytes.
inline constexpr std::size_t heartbeat_frame_size = 48;
inline constexpr std::size_t heartbeat_ok_frame_size = 40;

}  // namespace muster::wire
