#include "steered.hpp"

#include "child.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace muster::chaos {

Steered::Steered(std::string path) : path_(std::move(path)) {
  const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool made = fd >= 0 && ::ftruncate(fd, sizeof(Control)) == 0;
  void* const memory =
      made ? ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
           : MAP_FAILED;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (memory == MAP_FAILED) throw std::system_error(error, std::generic_category(), path_);
  control_ = static_cast<Control*>(memory);
}

Steered::~Steered() {
  ::munmap(control_, sizeof(Control));
}

std::vector<std::string> Steered::environment() const {
  const auto shim = std::filesystem::path(own_program()).parent_path() / "chaos_shim.so";
  return {"LD_PRELOAD=" + shim.string(), std::string(control_variable) + "=" + path_};
}

}  // namespace muster::chaos
