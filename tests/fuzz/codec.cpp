// The input is a frame: its header names the kind, whatever length it states; the rest is the body.
// A body that decodes must encode to one that decodes to the same.
#include "codec.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

namespace wire = muster::wire;
using muster::Result;
using wire::Bytes;
using wire::Frame;

void require(bool holds) {
  if (!holds) std::abort();
}

Bytes encode(const wire::Hello& m) {
  Bytes out;
  wire::encode_hello(m, out);
  return out;
}

Bytes encode(const wire::HelloOk& m) {
  Bytes out;
  wire::encode_hello_ok(m, out);
  return out;
}

Bytes encode(const wire::Call& call) {
  Bytes out;
  if (const auto* request = std::get_if<muster::Request>(&call)) {
    require(wire::encode_request(*request, 1, out));
  } else {
    require(wire::encode_query(std::get<muster::Query>(call), 1, out));
  }
  return out;
}

Bytes encode(const wire::Answer& answer) {
  Bytes out;
  if (const auto* reply = std::get_if<muster::ReplyBody>(&answer)) {
    wire::encode_reply(*reply, 1, out);
  } else {
    require(wire::encode_push(std::get<muster::PushBody>(answer), out));
  }
  return out;
}

template <class Message>
void check(const Frame& frame, Result<Message> (*decode)(const Frame&)) {
  const auto message = decode(frame);
  if (!message) return;
  const Bytes bytes = encode(*message);
  const Frame again_frame{.kind = frame.kind,
                          .flags = 0,
                          .correlation = 1,
                          .body = std::span{bytes}.subspan(wire::header_size)};
  const auto again = decode(again_frame);
  require(again.has_value());
  require(encode(*again) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < wire::header_size) return 0;
  const std::size_t body_size = size - wire::header_size;
  // Its own allocation, so that a byte too far is seen.
  const auto body = std::make_unique<std::byte[]>(body_size);
  std::memcpy(body.get(), data + wire::header_size, body_size);
  const Frame frame{.kind = static_cast<std::uint16_t>(data[4] | (data[5] << 8)),
                    .flags = 0,
                    .correlation = 0,
                    .body = {body.get(), body_size}};

  check(frame, wire::decode_call);
  check(frame, wire::decode_answer);
  check(frame, wire::decode_hello);
  check(frame, wire::decode_hello_ok);
  return 0;
}
