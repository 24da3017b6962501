/// Shared ownership at 8 bytes a pointer: for objects of which there may be millions.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace muster::core {

/// What a Shared points to: the count of its owners lies in the object.
class Counted {
 protected:
  Counted() = default;
  ~Counted() = default;

 public:
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  template <class T>
  friend class Shared;

  mutable std::atomic<std::uint32_t> owners_{0};
};

/// A pointer like std::shared_ptr, half as large and without a block beside the object. T is a
/// const Counted. Threads: as std::shared_ptr; the object goes with its last owner, on that owner's
/// thread.
template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T* object) noexcept : object_(object) { keep(); }
  Shared(const Shared& other) noexcept : object_(other.object_) { keep(); }
  Shared(Shared&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Shared& operator=(const Shared& other) noexcept { return *this = Shared{other}; }
  Shared& operator=(Shared&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Shared() {
    if (object_ != nullptr && object_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete object_;
  }

  [[nodiscard]] T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  void keep() {
    if (object_ != nullptr) object_->owners_.fetch_add(1, std::memory_order_relaxed);
  }

  T* object_ = nullptr;
};

}  // namespace muster::core
