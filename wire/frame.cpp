#include "frame.hpp"

#include "little_endian.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace muster::wire {

namespace {

constexpr std::size_t smallest_buffer = 4096;
// A buffer is given back once this many times the bytes in use fit into it: wide enough that frames
// of one size do not make it grow and shrink in turn.
constexpr std::size_t shrink_factor = 4;

constexpr std::size_t length_at = 0;
constexpr std::size_t kind_at = 4;
constexpr std::size_t flags_at = 6;
constexpr std::size_t correlation_at = 8;

constexpr std::size_t padded(std::size_t size) {
  return (size + 7) & ~std::size_t{7};
}

}  // namespace

std::span<std::byte> append_frame(Bytes& out, std::uint16_t kind, std::uint64_t correlation,
                                  std::size_t body_size, std::uint16_t flags) {
  const std::size_t length = padded(body_size);
  const std::size_t begin = out.size();
  out.resize(begin + header_size + length);
  std::byte* const header = out.data() + begin;
  store(header + length_at, static_cast<std::uint32_t>(length));
  store(header + kind_at, kind);
  store(header + flags_at, flags);
  store(header + correlation_at, correlation);
  return {header + header_size, length};
}

void append_frame(Bytes& out, std::span<const std::byte> frame, std::uint64_t correlation) {
  const std::size_t begin = out.size();
  out.insert(out.end(), frame.begin(), frame.end());
  store(out.data() + begin + correlation_at, correlation);
}

std::span<std::byte> FrameReader::prepare(std::size_t at_least) {
  const std::size_t held = end_ - begin_;
  const std::size_t room =
      std::max({at_least, std::min(rest_of_begun_frame(), held), std::size_t{1}});
  const std::size_t wanted = std::max(std::bit_ceil(held + room), smallest_buffer);
  const std::size_t size = buffer_.size() * sizeof(std::uint64_t);

  if (wanted > size || wanted * shrink_factor <= size) {
    reallocate(wanted);
  } else if (begin_ != 0) {
    std::memmove(data(), data() + begin_, held);
    begin_ = 0;
    end_ = held;
  }
  return {data() + end_, buffer_.size() * sizeof(std::uint64_t) - end_};
}

void FrameReader::commit(std::size_t read) {
  end_ += std::min(read, buffer_.size() * sizeof(std::uint64_t) - end_);
}

Result<std::optional<Frame>> FrameReader::next() {
  if (failed_ != Errc::ok) return failed_;
  const std::size_t held = end_ - begin_;
  if (held < sizeof(std::uint32_t)) return std::optional<Frame>{};

  const std::byte* const header = data() + begin_;
  const auto length = load<std::uint32_t>(header + length_at);
  if (length > limit_) return failed_ = Errc::frame_too_large;
  if (length % 8 != 0) return failed_ = Errc::malformed;
  if (held < header_size + length) return std::optional<Frame>{};

  begin_ += header_size + length;
  return Frame{.kind = load<std::uint16_t>(header + kind_at),
               .flags = load<std::uint16_t>(header + flags_at),
               .correlation = load<std::uint64_t>(header + correlation_at),
               .body = {header + header_size, length}};
}

std::span<const std::byte> FrameReader::unread() const {
  return {data() + begin_, end_ - begin_};
}

// 0 if no length is there yet, or if it has failed or is going to: then nothing more will be read.
std::size_t FrameReader::rest_of_begun_frame() const {
  const std::size_t held = end_ - begin_;
  if (failed_ != Errc::ok || held < sizeof(std::uint32_t)) return 0;
  const auto length = load<std::uint32_t>(data() + begin_ + length_at);
  if (length > limit_) return 0;
  const std::size_t whole = header_size + length;
  return whole > held ? whole - held : 0;
}

void FrameReader::reallocate(std::size_t size) {
  const std::size_t held = end_ - begin_;
  std::vector<std::uint64_t> fresh(size / sizeof(std::uint64_t));
  if (held != 0) std::memcpy(fresh.data(), data() + begin_, held);
  buffer_ = std::move(fresh);
  begin_ = 0;
  end_ = held;
}

}  // namespace muster::wire
