/// Counts allocations and live bytes of the whole benchmark program, which has one thread: so that
/// counting costs next to nothing. Include it in one file of a program.
#pragma once

#include <malloc.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace muster::bench {

inline std::uint64_t allocations = 0;
inline std::int64_t live_bytes = 0;
inline bool counting = true;  // false where time is measured and nobody asks for bytes

inline void* counted(std::size_t size, std::size_t alignment) {
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(size)
                                                        : std::aligned_alloc(alignment, size);
  if (memory == nullptr) throw std::bad_alloc{};
  ++allocations;
  if (!counting) return memory;
  live_bytes += static_cast<std::int64_t>(malloc_usable_size(memory)) + 8;
  return memory;
}

inline void released(void* memory) {
  if (memory == nullptr) return;
  if (counting) live_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory)) + 8;
  std::free(memory);
}

}  // namespace muster::bench

void* operator new(std::size_t size) {
  return muster::bench::counted(size, 1);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return muster::bench::counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  muster::bench::released(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  muster::bench::released(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  muster::bench::released(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  muster::bench::released(memory);
}
