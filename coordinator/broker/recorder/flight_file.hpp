/// The file of the flight recorder: a fixed size, mapped into memory, so that what is written stays
/// when the process dies, however it dies.
///
/// A header, then for each shard a ring of segments. A segment is an image of the shard and the
/// inputs since; the next one starts before the older is overwritten, so that there is always one
/// that is whole. Bytes are as this build has them in memory: the file is read by the same build.
#pragma once

#include <muster/core/limits.hpp>
#include <muster/types.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace muster::broker::recorder {

/// One sentence for a person.
class FlightFileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline constexpr std::array<char, 8> file_magic{'m', 'u', 's', 't', 'e', 'r', 'F', 'R'};
inline constexpr std::uint32_t file_format = 3;
inline constexpr std::uint32_t segments_per_shard = 2;
inline constexpr std::size_t header_size = 4'096;

struct FileHeader {
  std::array<char, 8> magic = file_magic;
  std::uint32_t format = file_format;
  std::uint32_t shards = 0;
  std::uint64_t segment_bytes = 0;
  std::array<char, 64> version{};  ///< Of the program, ended by a zero.
  core::Limits limits;             ///< Of every shard.
};
static_assert(std::is_trivially_copyable_v<FileHeader> && sizeof(FileHeader) <= header_size);

struct SegmentHeader {
  std::uint64_t sequence = 0;  ///< Rises per shard from 1; 0 while there is no whole image.
  std::uint64_t used = 0;      ///< Bytes of entries behind this header.
  std::int64_t began_ms = 0;   ///< Wall time.
  std::uint64_t reserved = 0;
};

/// Bytes that a file's pages hold; unmapped with the object.
class Mapping {
 public:
  Mapping() = default;
  Mapping(int fd, std::size_t size, bool writable);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();
  [[nodiscard]] std::span<std::byte> bytes() const { return {begin_, size_}; }

 private:
  std::byte* begin_ = nullptr;
  std::size_t size_ = 0;
};

/// Makes the file, mode 0600, and keeps its room on the disk. What lay there is renamed to
/// `path`.1: it may be the last thing that is known of a crash. Throws FlightFileError.
[[nodiscard]] Mapping make_flight_file(const std::string& path, std::uint64_t bytes,
                                       const FileHeader& header);

/// Throws FlightFileError if it is no whole file of this very version.
[[nodiscard]] Mapping open_flight_file(const std::string& path, const std::string& version);

[[nodiscard]] const FileHeader& header_of(std::span<const std::byte> file);
/// The header and room of one segment.
[[nodiscard]] std::span<std::byte> segment(std::span<std::byte> file, ShardIndex shard,
                                           std::uint32_t number);

}  // namespace muster::broker::recorder
