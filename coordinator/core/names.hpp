/// The rules for names and texts from outside.
#pragma once

#include <muster/types.hpp>

#include <string>
#include <string_view>

namespace muster::core {

/// Group, member and instance ids: 1-249 bytes of valid UTF-8 without control characters.
[[nodiscard]] bool valid_id(std::string_view id);

/// Topics: [A-Za-z0-9._-]{1,249}, but not "." or "..".
[[nodiscard]] bool valid_topic_name(std::string_view name);

/// Services: a DNS label in lower case (RFC 1123): a-z 0-9 -, 1-63 of them, no - at either end.
[[nodiscard]] bool valid_service_name(std::string_view name);

/// Valid UTF-8 without control characters, of at most `most` bytes; may be empty.
[[nodiscard]] bool valid_text(std::string_view text, std::size_t most);

/// The text in double quotes, for a message: bytes that are not printable ASCII as \xNN, cut
/// after 80.
[[nodiscard]] std::string quoted(std::string_view text);

/// 32 hex digits from 128 random bits: ids that the broker makes.
[[nodiscard]] std::string hex_id(std::uint64_t high, std::uint64_t low);

}  // namespace muster::core
