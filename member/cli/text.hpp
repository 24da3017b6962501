/// How single values look to people: names made safe for a terminal, ranges, times, durations.
#pragma once

#include <muster/types.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::cli {

/// A name or any text from elsewhere, safe on a terminal: control characters, bytes that are no
/// UTF-8 and code points that hide or turn text around become `\n`, `\xHH` or `\u{HHHH}`; a
/// backslash doubles.
[[nodiscard]] std::string shown(std::string_view text);
/// The same, but "-" for the empty text: a table cell is never blank.
[[nodiscard]] std::string shown_or_dash(std::string_view text);

/// The same for a text of many lines: line feeds and tabs stay.
[[nodiscard]] std::string shown_lines(std::string_view text);

/// The same for a JSON document: its meaning stays, what is unsafe becomes `\uHHHH`.
[[nodiscard]] std::string shown_json(std::string_view json);

/// Whether all bytes are well-formed UTF-8.
[[nodiscard]] bool is_utf8(std::string_view text);
/// The text with each byte that is no UTF-8 replaced by U+FFFD.
[[nodiscard]] std::string as_utf8(std::string_view text);

/// Columns that the text takes: its code points.
[[nodiscard]] std::size_t width(std::string_view text);

/// Sorted partitions as ranges: "0-15,20"; "-" if there are none.
[[nodiscard]] std::string ranges(std::span<const PartitionIndex> partitions);
/// The reverse: "0-15,20" sorted, each once. Nothing if it is malformed or longer than `most`.
[[nodiscard]] std::optional<std::vector<PartitionIndex>> parse_ranges(std::string_view text,
                                                                      std::size_t most = 1'000'000);

[[nodiscard]] std::string hex(const TopicId& id);

/// "14:03:07" in local time if it is the same day as `now`, else "2026-11-21 14:03:07"; "-" for 0.
[[nodiscard]] std::string clock_time(Wall at, Wall now);
/// "2026-11-21T14:03:07.123Z".
[[nodiscard]] std::string utc_time(Wall at);
[[nodiscard]] Wall wall_now();

/// "5 ms", "1.2 s", "3 min 20 s", "2 h 5 min".
[[nodiscard]] std::string duration(Millis d);
/// "500ms", "3s", "5m", "2h": a whole number with its unit. Nothing if it is malformed or too long.
[[nodiscard]] std::optional<Millis> parse_duration(std::string_view text);

/// "1 partition", "22 partitions".
[[nodiscard]] std::string count_of(std::uint64_t n, std::string_view noun);

}  // namespace muster::cli
