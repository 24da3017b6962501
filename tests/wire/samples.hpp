/// One message of every kind, with every field set to something that is not its default.
#pragma once

#include "codec.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster::testing {

using AnyMessage = std::variant<wire::Hello, wire::HelloOk, Request, Query, ReplyBody, PushBody>;

struct Sample {
  std::string name;  ///< As in wire::Kind; the name of its fixture.
  AnyMessage message;
};

/// In the order of their kinds.
[[nodiscard]] const std::vector<Sample>& samples();

/// The correlation that calls and replies are encoded with.
inline constexpr std::uint64_t sample_correlation = 0x0123'4567'89ab'cdef;

[[nodiscard]] wire::Bytes encode(const AnyMessage& message,
                                 std::uint64_t correlation = sample_correlation);

/// Decodes a frame the way its sort of message is decoded by whoever receives it. A frame of
/// another sort than `like` is an error.
[[nodiscard]] Result<AnyMessage> decode(const wire::Frame& frame, const AnyMessage& like);

/// The one frame in `bytes`, whose body is a part of them. Fails the test if it is not exactly one.
[[nodiscard]] wire::Frame only_frame(const wire::Bytes& bytes);

}  // namespace muster::testing
