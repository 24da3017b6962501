/// An open file, closed with the object.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>

namespace muster::store {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Opens with O_CLOEXEC; a new file gets mode 0600. Throws StoreError (store_failed).
[[nodiscard]] FileDescriptor open_file(const std::string& path, int flags);

/// Throws StoreError (store_failed): `what`, a colon, and what errno says.
[[noreturn]] void fail_with_errno(const std::string& what);

}  // namespace muster::store
