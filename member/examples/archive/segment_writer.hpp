/// One segment: tar entries as they come, compressed so that the file may be cut after any entry.
///
/// Each entry is one or more zstd frames of its own, and no end-of-archive mark is written. Frames
/// may be concatenated, and so may tar entries: committed prefixes of segments, one after another,
/// are a stream that plain `tar` reads.
#pragma once

#include "manifest.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

struct ZSTD_CCtx_s;

namespace backup {

/// A file that belongs to this object alone: closed with it.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

/// Compresses one frame at a time; one for all segments of a worker, since it holds large tables.
class Compressor {
 public:
  explicit Compressor(int level);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// One whole frame; valid until the next call.
  [[nodiscard]] std::string_view frame(std::string_view plain);

 private:
  ZSTD_CCtx_s* context_;
  std::string out_;
};

enum class Added {
  whole,
  changed,    ///< In the segment, but the file shrank or grew while it was read.
  gone,       ///< Nothing was written: it cannot be read any more.
  abandoned,  ///< The caller said stop in the middle of it: this segment must not be used any more.
};

/// Fails  by std::system_error naming the segment: it cannot be made, written or synced.
class SegmentWriter {
 public:
  /// Makes the file `directory/name`, which must not exist: a token is never given out twice.
  SegmentWriter(const std::string& directory, const std::string& name, Compressor& compressor);
  ~SegmentWriter();
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  /// Appends one entry. `go_on` is asked after each frame in the midst of a long file.
  Added add(const std::string& folder, const Entry& entry, const std::function<bool()>& go_on);

  /// Appends the first `length` bytes of another segment as they are.
  void append_prefix(const std::string& segment, std::uint64_t length);

  /// Makes everything so far durable; gives the length that may be committed.
  std::uint64_t sync();

 private:
  struct Tar;
  Added add_contents(int file, std::uint64_t size, const std::function<bool()>& go_on);
  void write_frame();
  void write(std::string_view bytes);

  std::string path_;
  Compressor& compressor_;
  Descriptor file_;
  std::uint64_t length_ = 0;
  std::string plain_;  // tar bytes that are not yet in a frame
  std::unique_ptr<Tar> tar_;
};

}  // namespace backup
