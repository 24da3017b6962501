#include "signs.hpp"

#include "segment_writer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace backup {

void Released::set(int thousandths) const {
  std::ofstream(file_ + ".new") << thousandths << '\n';
  std::filesystem::rename(file_ + ".new", file_);
}

int Released::get() const {
  int thousandths = 0;
  std::ifstream(file_) >> thousandths;
  return thousandths;
}

Busy::Busy(const std::string& file) {
  const Descriptor open(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (open.fd() < 0 || ::ftruncate(open.fd(), sizeof(int)) != 0) {
    throw std::system_error(errno, std::generic_category(), file);
  }
  void* memory = ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, open.fd(), 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), file);
  word_ = static_cast<int*>(memory);
}

Busy::~Busy() {
  ::munmap(word_, sizeof(int));
}
void Busy::set(bool busy) {
  std::atomic_ref(*word_).store(busy ? 1 : 0);
}
bool Busy::get() const {
  return std::atomic_ref(*word_).load() != 0;
}

}  // namespace backup
