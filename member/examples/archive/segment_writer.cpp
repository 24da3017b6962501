#include "segment_writer.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <system_error>

namespace backup {
namespace {

/// Tar bytes that make one frame; an entry's last frame may be shorter. Bounds the memory of a
/// worker.
constexpr std::size_t frame_size = 4U << 20;

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

int create(const std::string& directory, const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) fail(path);
  const Descriptor parent(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.fd() < 0 || ::fsync(parent.fd()) != 0) fail(directory);
  return fd;
}

std::string link_target(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Compressor::Compressor(int level) : context_(ZSTD_createCCtx()) {
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
}

Compressor::~Compressor() {
  ZSTD_freeCCtx(context_);
}

std::string_view Compressor::frame(std::string_view plain) {
  out_.resize(ZSTD_compressBound(plain.size()));
  const std::size_t size =
      ZSTD_compress2(context_, out_.data(), out_.size(), plain.data(), plain.size());
  if (ZSTD_isError(size)) throw std::runtime_error(ZSTD_getErrorName(size));
  return std::string_view(out_).substr(0, size);
}

/// libarchive's tar writer, which appends to `plain`.
struct SegmentWriter::Tar {
  explicit Tar(std::string& text)
      : plain(text), writer(archive_write_new()), entry(archive_entry_new()) {
    archive_write_set_format_gnutar(writer);  // names of any length in any bytes, no conversion
    archive_write_set_bytes_per_block(writer, 0);
    archive_write_open(writer, this, nullptr, append, nullptr);
  }
  ~Tar() {
    ended = true;  // it would end the archive with two empty blocks, and an entry with zeros
    archive_entry_free(entry);
    archive_write_free(writer);
  }
  Tar(const Tar&) = delete;
  Tar& operator=(const Tar&) = delete;

  static la_ssize_t append(struct archive*, void* self, const void* data, std::size_t size) {
    auto& tar = *static_cast<Tar*>(self);
    if (tar.ended) return ARCHIVE_FATAL;
    tar.plain.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }
  void check(la_ssize_t result) const {
    if (result < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(writer));
  }

  std::string& plain;
  bool ended = false;
  struct archive* writer;
  struct archive_entry* entry;
};

SegmentWriter::SegmentWriter(const std::string& directory, const std::string& name,
                             Compressor& compressor)
    : path_(directory + "/" + name),
      compressor_(compressor),
      file_(create(directory, path_)),
      tar_(std::make_unique<Tar>(plain_)) {}

SegmentWriter::~SegmentWriter() = default;

Added SegmentWriter::add(const std::string& folder, const Entry& entry,
                         const std::function<bool()>& go_on) {
  const std::string path = folder + "/" + entry.path;
  const bool has_contents = entry.kind == Kind::file;
  // O_NONBLOCK: should it have become a pipe meanwhile, opening it must not wait for a writer.
  const Descriptor file(
      has_contents ? ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1);
  struct stat status{};
  const int looked = has_contents ? ::fstat(file.fd(), &status) : ::lstat(path.c_str(), &status);
  if (looked != 0) return Added::gone;
  if (has_contents && !S_ISREG(status.st_mode)) return Added::gone;

  archive_entry_clear(tar_->entry);
  archive_entry_copy_stat(tar_->entry, &status);
  archive_entry_copy_pathname(tar_->entry, entry.path.c_str());
  if (!has_contents) archive_entry_set_size(tar_->entry, 0);
  if (entry.kind == Kind::hard_link) {
    archive_entry_copy_hardlink(tar_->entry, entry.target.c_str());
  } else if (entry.kind == Kind::symlink) {
    archive_entry_copy_symlink(tar_->entry, link_target(path).c_str());
  }
  tar_->check(archive_write_header(tar_->writer, tar_->entry));
  const Added added =
      has_contents ? add_contents(file.fd(), static_cast<std::uint64_t>(status.st_size), go_on)
                   : Added::whole;
  if (added == Added::abandoned) return added;
  tar_->check(archive_write_finish_entry(tar_->writer));
  write_frame();
  return added;
}

Added SegmentWriter::add_contents(int file, std::uint64_t size,
                                  const std::function<bool()>& go_on) {
  std::array<char, 1U << 16> block;
  Added added = Added::whole;
  for (std::uint64_t left = size; left > 0;) {
    const std::size_t want = std::min<std::uint64_t>(left, block.size());
    ssize_t got = added == Added::whole ? ::read(file, block.data(), want) : 0;
    if (got <=
        0) {  // it shrank: the header has promised the rest, so zeros stand for it, as in tar
      added = Added::changed;
      block.fill('\0');
      got = static_cast<ssize_t>(want);
    }
    tar_->check(archive_write_data(tar_->writer, block.data(), static_cast<std::size_t>(got)));
    left -= static_cast<std::uint64_t>(got);
    if (plain_.size() < frame_size) continue;
    write_frame();
    if (!go_on()) return Added::abandoned;
  }
  if (::read(file, block.data(), 1) > 0) added = Added::changed;  // it grew
  return added;
}

void SegmentWriter::append_prefix(const std::string& segment, std::uint64_t length) {
  const Descriptor from(::open(segment.c_str(), O_RDONLY | O_CLOEXEC));
  if (from.fd() < 0) fail(segment);
  std::string block(1U << 20, '\0');
  while (length > 0) {
    const ssize_t got =
        ::read(from.fd(), block.data(), std::min<std::uint64_t>(length, block.size()));
    if (got < 0) fail(segment);
    if (got == 0) throw std::runtime_error(segment + " is shorter than what was committed of it");
    write({block.data(), static_cast<std::size_t>(got)});
    length -= static_cast<std::uint64_t>(got);
  }
}

std::uint64_t SegmentWriter::sync() {
  if (::fdatasync(file_.fd()) != 0) fail(path_);
  return length_;
}

void SegmentWriter::write_frame() {
  if (plain_.empty()) return;
  write(compressor_.frame(plain_));
  plain_.clear();
}

void SegmentWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_.fd(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    length_ += static_cast<std::uint64_t>(written);
  }
}

}  // namespace backup
