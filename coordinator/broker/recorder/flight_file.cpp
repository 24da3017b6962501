#include "flight_file.hpp"

#include "../../store/file_descriptor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <tuple>
#include <utility>

namespace muster::broker::recorder {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw FlightFileError("flight recorder: " + path + ": " + std::strerror(error));
}

store::FileDescriptor opened(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) fail(path, errno);
  return store::FileDescriptor(fd);
}

std::string version_of(const FileHeader& header) {
  return {header.version.data(), ::strnlen(header.version.data(), header.version.size())};
}

}  // namespace

Mapping::Mapping(int fd, std::size_t size, bool writable) : size_(size) {
  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* const memory = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED)
    throw FlightFileError(std::string("flight recorder: cannot map the file: ") +
                          std::strerror(errno));
  begin_ = static_cast<std::byte*>(memory);
}

Mapping::Mapping(Mapping&& other) noexcept
    : begin_(std::exchange(other.begin_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (begin_ != nullptr) ::munmap(begin_, size_);
}

Mapping make_flight_file(const std::string& path, std::uint64_t bytes, const FileHeader& header) {
  struct stat old{};
  if (::stat(path.c_str(), &old) == 0) {
    if (!S_ISREG(old.st_mode))
      throw FlightFileError("flight recorder: " + path + " is no regular file");
    if (std::rename(path.c_str(), (path + ".1").c_str()) != 0) fail(path, errno);
  }
  const store::FileDescriptor fd = opened(path, O_RDWR | O_CREAT | O_EXCL);
  // Room that is not there would be a SIGBUS at the first write into it.
  const int refused = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
  if (refused != 0) {
    ::unlink(path.c_str());
    fail(path + " of " + std::to_string(bytes) + " bytes", refused);
  }
  Mapping mapping(fd.get(), bytes, true);
  // Else the first round takes a page fault for every 150 heartbeats. A kernel before 5.14 has no
  // such call, and faults.
  std::ignore = ::madvise(mapping.bytes().data(), bytes, MADV_POPULATE_WRITE);
  std::memcpy(mapping.bytes().data(), &header, sizeof header);
  return mapping;
}

Mapping open_flight_file(const std::string& path, const std::string& version) {
  const store::FileDescriptor fd = opened(path, O_RDONLY);
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) fail(path, errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!S_ISREG(status.st_mode) || size < header_size)
    throw FlightFileError(path + " is no recording of musterd");
  Mapping mapping(fd.get(), size, false);
  const FileHeader& header = header_of(mapping.bytes());
  if (header.magic != file_magic) throw FlightFileError(path + " is no recording of musterd");
  if (header.format != file_format || version_of(header) != version)
    throw FlightFileError(path + " was recorded by musterd " + version_of(header) +
                          " and is read by that version only; this is " + version);
  const std::size_t room = size - header_size;
  const bool whole = header.shards > 0 && header.segment_bytes > sizeof(SegmentHeader) &&
                     header.segment_bytes <= room / segments_per_shard / header.shards;
  if (!whole) throw FlightFileError(path + " is cut short or damaged");
  return mapping;
}

const FileHeader& header_of(std::span<const std::byte> file) {
  return *reinterpret_cast<const FileHeader*>(file.data());
}

std::span<std::byte> segment(std::span<std::byte> file, ShardIndex shard, std::uint32_t number) {
  const std::uint64_t size = header_of(file).segment_bytes;
  const std::uint64_t place = std::uint64_t{shard} * segments_per_shard + number;
  return file.subspan(header_size + place * size, size);
}

}  // namespace muster::broker::recorder
