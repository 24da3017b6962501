// The bodies of fixed size, byte by byte: another client builds them by hand.
#include "codec.hpp"
#include "fields.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

namespace muster {
namespace {

using testing::encode;
using testing::only_frame;
using wire::Bytes;
using wire::Frame;

Bytes bytes(std::initializer_list<int> values) {
  Bytes list;
  for (const int value : values) list.push_back(static_cast<std::byte>(value));
  return list;
}

TEST(Fixed, AHeartbeatIs48BytesLikeThis) {
  Bytes out;
  wire::encode_heartbeat({.session = {0x1122334455667788},
                          .sequence = 0x01020304,
                          .member_epoch = 5,
                          .progress = 6,
                          .session_timeout_ms = 45'000,
                          .flags = beat_overloaded},
                         0xa1a2a3a4a5a6a7a8, out);

  EXPECT_EQ(out.size(), wire::heartbeat_frame_size);
  EXPECT_EQ(out, bytes({32,   0,    0,    0,    1,    0,    0,    0,     // length, kind, flags
                        0xa8, 0xa7, 0xa6, 0xa5, 0xa4, 0xa3, 0xa2, 0xa1,  // correlation
                        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // handle
                        4,    3,    2,    1,    5,    0,    0,    0,     // sequence, epoch
                        6,    0,    0,    0,    0xc8, 0xaf, 0,    0,     // progress, S
                        1,    0,    0,    0,    0,    0,    0,    0}));  // flags, zero
}

TEST(Fixed, ItsAnswerIs40BytesLikeThis) {
  Bytes out;
  wire::encode_heartbeat_ok(
      {.session = {0x1122334455667788}, .sequence = 7, .told_step = 8, .session_timeout_ms = 3'000},
      1, out);

  EXPECT_EQ(out.size(), wire::heartbeat_ok_frame_size);
  EXPECT_EQ(out, bytes({24,   0,    0,    0,    2,    0,    0,    0,
                        1,    0,    0,    0,    0,    0,    0,    0,     // header
                        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,  // handle
                        7,    0,    0,    0,    8,    0,    0,    0,
                        0xb8, 0x0b, 0,    0,    0,    0,    0,    0}));  // sequence, step, S
}

TEST(Fixed, PingAndPongAre32Bytes) {
  EXPECT_EQ(encode(PushBody{Ping{.session = {1}, .nonce = 2}}, 0),
            bytes({16, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                   1,  0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(encode(Request{Pong{.session = {1}, .nonce = 2}}, 9),
            bytes({16, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
                   1,  0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(Fixed, TheHotPathReadsWhatDecodeReads) {
  const Heartbeat beat{.session = {9},
                       .sequence = 1,
                       .member_epoch = -1,
                       .progress = 3,
                       .session_timeout_ms = 4,
                       .flags = 5};
  const HeartbeatOk ok{.session = {9}, .sequence = 1, .told_step = 2, .session_timeout_ms = 3};
  const Bytes beat_bytes = encode(Request{beat});
  const Bytes ok_bytes = encode(ReplyBody{ok});

  Heartbeat beat_read;
  HeartbeatOk ok_read;
  ASSERT_TRUE(wire::decode_heartbeat(only_frame(beat_bytes), beat_read));
  ASSERT_TRUE(wire::decode_heartbeat_ok(only_frame(ok_bytes), ok_read));

  EXPECT_TRUE(testing::equal(beat_read, beat));
  EXPECT_TRUE(testing::equal(ok_read, ok));
  EXPECT_FALSE(wire::decode_heartbeat(only_frame(ok_bytes), beat_read));
  EXPECT_FALSE(wire::decode_heartbeat_ok(only_frame(beat_bytes), ok_read));
}

TEST(Fixed, AnyOtherSizeIsMalformed) {
  const Bytes body(64);
  for (const auto kind :
       {wire::Kind::heartbeat, wire::Kind::heartbeat_ok, wire::Kind::ping, wire::Kind::pong}) {
    int right_sizes = 0;
    for (std::size_t size = 0; size <= body.size(); ++size) {
      const Frame frame{.kind = static_cast<std::uint16_t>(kind),
                        .flags = 0,
                        .correlation = 0,
                        .body = std::span{body}.first(size)};
      const auto call = wire::decode_call(frame);
      const auto answer = wire::decode_answer(frame);
      right_sizes += call.has_value() || answer.has_value();
      EXPECT_TRUE(call || call.error() == Errc::malformed || call.error() == Errc::unknown_kind);
      EXPECT_TRUE(answer || answer.error() == Errc::malformed ||
                  answer.error() == Errc::unknown_kind);
    }
    EXPECT_EQ(right_sizes, 1);
  }
}

}  // namespace
}  // namespace muster
