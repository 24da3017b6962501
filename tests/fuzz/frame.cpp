// The input is what a peer sends. However it is cut into reads, the same frames must come out, then
// the same end: an error, or a rest that waits for more.
#include "frame.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

namespace {

using muster::Errc;
using muster::wire::Bytes;
using muster::wire::Frame;
using muster::wire::FrameReader;

constexpr std::uint32_t limit = 4096;

struct Outcome {
  std::vector<Bytes> bodies;
  std::vector<std::uint64_t> headers;
  boost::system::error_code error;
  std::size_t unread = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void require(bool holds) {
  if (!holds) std::abort();
}

void take(FrameReader& reader, Outcome& outcome) {
  while (true) {
    const auto next = reader.next();
    if (!next) {
      outcome.error = next.error();
      require(reader.next().error() == next.error());
      return;
    }
    if (!*next) return;
    const Frame& frame = **next;
    require(frame.body.size() <= limit && frame.body.size() % 8 == 0);
    require(reinterpret_cast<std::uintptr_t>(frame.body.data()) % 8 == 0);
    outcome.bodies.emplace_back(frame.body.begin(), frame.body.end());
    outcome.headers.push_back(frame.correlation ^ frame.kind ^ (std::uint64_t{frame.flags} << 16));
  }
}

// `chunk` says how many bytes the next read brings at most.
template <class Chunk>
Outcome read(std::span<const std::uint8_t> stream, Chunk chunk) {
  FrameReader reader{limit};
  Outcome outcome;
  while (!stream.empty() && !outcome.error) {
    const std::size_t wanted = chunk();
    const auto room = reader.prepare(wanted);
    require(room.size() >= wanted);
    // The buffer may not grow past what this stream can need.
    require(room.size() <= 8 * (wanted + limit));
    const std::size_t count = std::min({wanted, stream.size(), room.size()});
    std::copy_n(reinterpret_cast<const std::byte*>(stream.data()), count, room.begin());
    reader.commit(count);
    stream = stream.subspan(count);
    take(reader, outcome);
  }
  // Where reading stops depends on the cut once there is an error.
  if (!outcome.error) outcome.unread = reader.unread().size();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span stream{data, size};
  std::minstd_rand random{size == 0 ? 1U : 1U + data[size - 1]};

  const Outcome whole = read(stream, [&] { return std::max<std::size_t>(size, 1); });
  const Outcome cut = read(stream, [&] { return 1 + random() % 64; });
  const Outcome bytewise = read(stream, [] { return std::size_t{1}; });

  require(cut == whole);
  require(bytewise == whole);
  return 0;
}
