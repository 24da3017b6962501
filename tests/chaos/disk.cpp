#include "disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace muster::chaos {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

template <class F>
void each_file(const std::string& folder, const std::string& except, F f) {
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path() == except) continue;
    struct stat file{};
    if (::stat(entry.path().c_str(), &file) == 0) f(entry.path().string(), file);
  }
}

}  // namespace

Disk::Disk(std::string folder, std::uint64_t bytes)
    : folder_(std::move(folder)), filler_(folder_ + "/filler") {
  fs::create_directories(folder_);
  const std::string options = "mode=0700,size=" + std::to_string(bytes);
  if (::mount("muster-chaos", folder_.c_str(), "tmpfs", 0, options.c_str()) != 0)
    fail("mounting a tmpfs at " + folder_);
}

Disk::~Disk() {
  ::umount2(folder_.c_str(), MNT_DETACH);
}

void Disk::fill(std::uint64_t leave_free) const {
  struct statvfs space{};
  if (::statvfs(folder_.c_str(), &space) != 0) fail(folder_);
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  const int fd = ::open(filler_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail(filler_);
  const auto size = static_cast<off_t>(free > leave_free ? free - leave_free : 0);
  if (size > 0) (void)::posix_fallocate(fd, 0, size);  // the broker may have been quicker
  ::close(fd);
}

void Disk::make_room() const {
  ::unlink(filler_.c_str());
}

std::uint64_t Disk::device() const {
  struct stat folder{};
  if (::stat(folder_.c_str(), &folder) != 0) fail(folder_);
  return folder.st_dev;
}

void Disk::note_durable(Control& control) {
  durable_.clear();
  each_file(folder_, filler_, [&](const std::string&, const struct stat& file) {
    durable_[file.st_ino] = file.st_size;
  });
  for (Control::File& file : control.files) {
    file.inode = 0;
    file.synced = 0;
  }
}

std::uint64_t Disk::cut_power(Control& control, std::mt19937_64& random) const {
  std::uint64_t gone = 0;
  each_file(folder_, filler_, [&](const std::string& path, const struct stat& file) {
    const auto before = durable_.find(file.st_ino);
    std::int64_t kept = before == durable_.end() ? 0 : before->second;
    if (const Control::File* const known = control.file(file.st_ino, false))
      kept = std::max(kept, known->synced.load());
    if (kept >= file.st_size) return;
    // Half of the time nothing of it, else any part.
    std::int64_t more = std::uniform_int_distribution<std::int64_t>(0, file.st_size - kept)(random);
    if (random() % 2 == 0) more = 0;
    if (::truncate(path.c_str(), kept + more) != 0) fail("cutting " + path);
    gone += static_cast<std::uint64_t>(file.st_size - kept - more);
  });
  return gone;
}

}  // namespace muster::chaos
