/// What lies in a segment: one entry after the other, each a kind, a length and its bytes; but a
/// heartbeat, the entry that there are millions of, has neither a length nor what is as it was in
/// the one before.
#pragma once

#include "../../store/record_codec.hpp"

#include <muster/core/effects.hpp>
#include <muster/core/image.hpp>
#include <muster/core/pack.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <variant>
#include <vector>

namespace muster::broker::recorder {

enum class EntryKind : std::uint8_t { record = 1, parked = 2, run = 3, beat = 4, step = 5 };

/// One step of the shard: what it was given.
struct Step {
  core::Input input;
  core::Moment now;
};

/// Each step of a run of heartbeats adds this to the second word (shard_driver.cpp).
inline constexpr std::uint64_t next_entropy = 0x9e3779b97f4a7c15;

/// What an entry tells, because it is not as in the one before.
enum Changed : std::uint8_t {
  mono = 1,
  wall = 2,
  durable = 4,
  entropy = 8,
  epoch = 16,
  progress = 32,
  session_timeout = 64,
  flags = 128
};

/// Moments are told by what has changed since the one before. Both sides of a segment keep one,
/// fresh for each segment.
class MomentDelta {
 public:
  [[nodiscard]] std::uint8_t changed(const core::Moment& now) const {
    const bool next =
        now.entropy[0] == last_.entropy[0] && now.entropy[1] == last_.entropy[1] + next_entropy;
    std::uint8_t changed = next ? 0 : Changed::entropy;
    if (now.mono != last_.mono) changed |= Changed::mono;
    if (now.wall != last_.wall) changed |= Changed::wall;
    if (now.durable != last_.durable) changed |= Changed::durable;
    return changed;
  }
  /// Nothing has changed, but that it is the next one.
  void advance() { last_.entropy[1] += next_entropy; }
  template <class Out>
  void pack(Out& out, std::uint8_t changed, const core::Moment& now);
  [[nodiscard]] core::Moment unpack(core::Unpacker& in, std::uint8_t changed);

 private:
  core::Moment last_;
};

/// The same for heartbeats: most of a fleet's differ in who and in their number only.
class BeatDelta {
 public:
  /// No entry is longer.
  static constexpr std::size_t most = 96;

  /// Writes an entry at `to`, where there is room for the longest, and gives its size. It stands in
  /// the way of every heartbeat: no allocation, and nothing is copied that was there before.
  /// `changed`: what of the moment has changed.
  std::size_t pack(std::byte* to, core::SessionRef from, const Heartbeat& beat,
                   std::uint8_t changed, const core::Moment& now, MomentDelta& moments) {
    if (beat.member_epoch != last_.member_epoch) changed |= Changed::epoch;
    if (beat.progress != last_.progress) changed |= Changed::progress;
    if (beat.session_timeout_ms != last_.session_timeout_ms) changed |= Changed::session_timeout;
    if (beat.flags != last_.flags) changed |= Changed::flags;
    // Word by word: a struct would go over the stack, in pieces that stall its way on.
    const std::array<std::uint64_t, 3> head{static_cast<std::uint64_t>(EntryKind::beat) |
                                                std::uint64_t{changed} << 8 |
                                                std::uint64_t{beat.sequence} << 32,
                                            from.connection, beat.session.value};
    for (std::size_t word = 0; word < head.size(); ++word)
      std::memcpy(to + word * sizeof head[0], &head[word], sizeof head[0]);
    if (changed != 0)
      return sizeof head + pack_changed(to + sizeof head, changed, beat, now, moments);
    moments.advance();
    return sizeof head;
  }
  void unpack(core::Unpacker& in, Step& step, MomentDelta& moments);

 private:
  struct Head {
    EntryKind kind;
    std::uint8_t changed;
    std::uint16_t reserved;
    std::uint32_t sequence;
    core::SessionRef from;
    SessionHandle session;
  };

  std::size_t pack_changed(std::byte* to, std::uint8_t changed, const Heartbeat& beat,
                           const core::Moment& now, MomentDelta& moments);

  Heartbeat last_;
};

using Bytes = std::vector<std::byte>;

/// An image, ready to be laid into a segment.
void pack(Bytes& out, const core::Image& image, store::RecordCodec& codec);
void pack(Bytes& out, const core::Input& input, const core::Moment& now, MomentDelta& delta);

/// Reads the entries of one segment. Bytes that are none of ours end the reading: damaged().
class Entries {
 public:
  explicit Entries(std::span<const std::byte> bytes) : rest_(bytes) {}

  /// First, once: the image at the segment's beginning.
  [[nodiscard]] core::Image image();
  /// The next step; false at the end.
  [[nodiscard]] bool next(Step& step);
  [[nodiscard]] bool damaged() const { return damaged_; }

 private:
  [[nodiscard]] bool next_body(std::span<const std::byte>& body);
  [[nodiscard]] bool next_beat(Step& step);
  void fail() {
    damaged_ = true;
    rest_ = {};
  }

  std::span<const std::byte> rest_;
  MomentDelta moments_;
  BeatDelta beats_;
  store::RecordCodec codec_;
  bool damaged_ = false;
};

}  // namespace muster::broker::recorder
