/// Structs ⇄ frames. Bytes from outside are always verified; a message that does not verify is an
/// Errc.
///
/// `encode_*` append one whole frame, header and padding included, to `out`. `decode_*` take a
/// frame from FrameReader. Strings and vectors are copied out, so a decoded message outlives the
/// buffer.
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
  std::uint64_t features = 0;  ///< Feature bits that the client understands; none defined yet.
  std::string client_name;     ///< Software name and version, for logs. At most 512 bytes.
  std::string group;           ///< If given, the connection moves to the loop that drives it.
};
struct HelloOk {
  std::uint16_t major = protocol_major;
  std::uint16_t minor = protocol_minor;  ///< The lower of both.
  std::uint64_t features = 0;            ///< What both understand.
  std::string server_name;
  std::string store_uuid;  ///< 32 hex digits.
  std::uint32_t shards = 0;
  std::uint32_t max_body = 0;  ///< Longest body that the broker takes.
};

/// Frame kinds: wire-visible numbers, never reused. Fixed bodies 1-15, greeting 16-31, requests
/// 32-95, queries 96-127, replies 128-191, pushes 192-255. The tables are in muster.fbs.
enum class Kind : std::uint16_t {
  // Fixed-size bodies.
  heartbeat = 1,
  heartbeat_ok = 2,
  ping = 3,
  pong = 4,
  // Greeting.
  hello = 16,
  hello_ok = 17,
  // Requests.
  release = 32,
  commit = 33,
  join = 34,
  resume = 35,
  update = 36,
  leave = 37,
  create_topic = 38,
  grow_topic = 39,
  delete_topic = 40,
  alter_offsets = 41,
  delete_group = 42,
  expel_member = 43,
  alter_group = 44,
  register_instance = 45,
  beat_instance = 46,
  report = 47,
  deregister = 48,
  register_node = 49,
  beat_node = 50,
  deregister_node = 51,
  set_maintenance = 52,
  end_protection = 53,
  // Queries.
  list_topics = 96,
  list_groups = 97,
  describe_group = 98,
  fetch_offsets = 99,
  group_history = 100,
  read_events = 101,
  read_metrics = 102,
  list_services = 103,
  lookup_service = 104,
  list_nodes = 105,
  // Replies.
  refusal = 128,
  done = 129,
  join_ok = 130,
  resume_ok = 131,
  topic_changed = 132,
  topic_list = 133,
  group_list = 134,
  group_description = 135,
  offset_list = 136,
  history_list = 137,
  event_list = 138,
  metrics = 139,
  register_ok = 140,
  node_ok = 141,
  service_list = 142,
  service_result = 143,
  node_list = 144,
  // Pushes.
  step = 192,
  expelled = 193,
  fenced = 194,
};

void encode_hello(const Hello& hello, Bytes& out);
void encode_hello_ok(const HelloOk& hello, Bytes& out);
/// not_greeted if it is another kind; malformed also if the magic is another one. Versions are the
/// caller's to judge.
[[nodiscard]] Result<Hello> decode_hello(const Frame& frame);
/// not_greeted if it is another kind: a broker that refuses the greeting sends a Refusal instead.
[[nodiscard]] Result<HelloOk> decode_hello_ok(const Frame& frame);

/// False, and nothing is appended, if the message is longer than max_body: whoever asked is then
/// told call_too_long().
[[nodiscard]] bool encode_request(const Request& request, std::uint64_t correlation, Bytes& out);
[[nodiscard]] bool encode_query(const Query& query, std::uint64_t correlation, Bytes& out);
/// The answer to a request or query that does not fit into a frame, and so never left:
/// frame_too_large.
[[nodiscard]] Refusal call_too_long();
/// A reply longer than max_body goes out as a Refusal (limit_reached) that says so.
void encode_reply(const ReplyBody& reply, std::uint64_t correlation, Bytes& out);
/// Correlation 0. False, and nothing is appended, if the message is longer than max_body.
[[nodiscard]] bool encode_push(const PushBody& push, Bytes& out);

using Call = std::variant<Request, Query>;
using Answer = std::variant<ReplyBody, PushBody>;

/// Errors: malformed; unknown_kind (the caller ignores the frame if it has flag_optional). Neither
/// throws (but for want of memory), and what they allocate is bounded by the length of the body.
/// Numbers of enums that this version does not know are kept as they are: no request has an enum,
/// and a client has to read the replies of a newer broker.
[[nodiscard]] Result<Call> decode_call(const Frame& frame);
[[nodiscard]] Result<Answer> decode_answer(const Frame& frame);

/// The hot path: fixed bodies, bounds-checked only, no allocation. False: it is another kind, or
/// its size is wrong (then decode_call says malformed).
[[nodiscard]] bool decode_heartbeat(const Frame& frame, Heartbeat& out) noexcept;
[[nodiscard]] bool decode_heartbeat_ok(const Frame& frame, HeartbeatOk& out) noexcept;
void encode_heartbeat(const Heartbeat& beat, std::uint64_t correlation, Bytes& out);
void encode_heartbeat_ok(const HeartbeatOk& answer, std::uint64_t correlation, Bytes& out);

/// The sizes of these two frames on the wire, header included: 48 and 40 bytes.
inline constexpr std::size_t heartbeat_frame_size = 48;
inline constexpr std::size_t heartbeat_ok_frame_size = 40;

}  // namespace muster::wire
