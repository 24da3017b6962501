/// What lies in a segment: one entry after the other, each a length, a kind and its bytes.
#pragma once

#include "../../store/record_codec.hpp"

#include <muster/core/effects.hpp>
#include <muster/core/image.hpp>
#include <muster/core/pack.hpp>

#include <cstddef>
#include <cstdint>
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

/// Moments are told by what has changed since the one before. Both sides of a segment keep one,
/// fresh for each segment.
class MomentDelta {
 public:
  void pack(core::Packer& out, const core::Moment& now);
  [[nodiscard]] core::Moment unpack(core::Unpacker& in);

 private:
  core::Moment last_;
};

using Bytes = std::vector<std::byte>;

/// An image, ready to be laid into a segment.
void pack(Bytes& out, const core::Image& image, store::RecordCodec& codec);
/// A step; a heartbeat's entry is the short one.
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
  [[nodiscard]] bool next_entry(EntryKind& kind, std::span<const std::byte>& body);
  void fail() {
    damaged_ = true;
    rest_ = {};
  }

  std::span<const std::byte> rest_;
  MomentDelta delta_;
  store::RecordCodec codec_;
  bool damaged_ = false;
};

}  // namespace muster::broker::recorder
