/// Framing: bytes in, whole frames out. No sockets.
///
/// A frame is a 16-byte little-endian header {u32 length, u16 kind, u16 flags, u64 correlation} and
/// a body of `length` bytes, which is a multiple of 8; so every frame in a buffer is 8-aligned if
/// the first is. `kind` names the body: a FlatBuffers table, or one of the fixed-size bodies.
#pragma once

#include <muster/errc.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace muster::wire {

inline constexpr std::size_t header_size = 16;
/// The longest body that is read or written, unless a door sets a lower limit.
inline constexpr std::uint32_t max_body = 16U << 20;
/// The same before Hello was answered.
inline constexpr std::uint32_t max_first_body = 64U << 10;

inline constexpr std::uint16_t flag_optional = 1;  ///< An unknown kind with this flag is ignored.

using Bytes = std::vector<std::byte>;

/// Appends a frame to `out`: its header, and a zeroed body of `body_size` bytes rounded up to a
/// multiple of 8. Gives the body, to be filled in; valid until `out` grows again. `body_size` is at
/// most max_body.
std::span<std::byte> append_frame(Bytes& out, std::uint16_t kind, std::uint64_t correlation,
                                  std::size_t body_size, std::uint16_t flags = 0);

/// Appends a frame that was written before, for another correlation.
void append_frame(Bytes& out, std::span<const std::byte> frame, std::uint64_t correlation);

/// One whole frame; `body` points into the reader's buffer and is valid until its next `prepare`.
struct Frame {
  std::uint16_t kind = 0;
  std::uint16_t flags = 0;
  std::uint64_t correlation = 0;
  std::span<const std::byte> body;
};

/// Cuts a stream of bytes into frames.
///
///   while (reading) {
///     auto room = reader.prepare(4096);          // at least that much room to read into
///     reader.commit(socket.read_some(room));
///     while (auto frame = reader.next().value()) handle(*frame);
///   }
///
/// Checks the length against the limit before it waits for (or makes room for) the rest. After an
/// error the reader gives the same error for ever: the connection must be closed.
class FrameReader {
 public:
  explicit FrameReader(std::uint32_t limit = max_body) : limit_(limit) {}
  void set_limit(std::uint32_t limit) { limit_ = limit; }

  /// Moves the unread rest to the front of the (8-aligned) buffer and gives at least `at_least`
  /// bytes of room. For a begun frame it is more: as much as has come of it so far, up to its end.
  /// So a peer that announces 16 MiB and sends nothing costs 4 KiB, and a long frame comes in by
  /// doubling. The buffer starts at 4 KiB, grows on need and shrinks again once large frames have
  /// passed.
  [[nodiscard]] std::span<std::byte> prepare(std::size_t at_least = 1);
  void commit(std::size_t read);

  /// The next whole frame, or nothing yet. Errors: frame_too_large, malformed (length not a
  /// multiple of 8).
  [[nodiscard]] Result<std::optional<Frame>> next();

  /// The bytes that were read but not yet given out as frames: handed over when a connection moves
  /// to another loop (feed them to the new reader with prepare/commit).
  [[nodiscard]] std::span<const std::byte> unread() const;

 private:
  [[nodiscard]] std::size_t rest_of_begun_frame() const;
  void reallocate(std::size_t size);
  [[nodiscard]] std::byte* data() { return reinterpret_cast<std::byte*>(buffer_.data()); }
  [[nodiscard]] const std::byte* data() const {
    return reinterpret_cast<const std::byte*>(buffer_.data());
  }

  std::vector<std::uint64_t> buffer_;  // 8-aligned storage
  std::size_t begin_ = 0;              // bytes given out
  std::size_t end_ = 0;                // bytes read
  std::uint32_t limit_;
  Errc failed_ = Errc::ok;
};

}  // namespace muster::wire
