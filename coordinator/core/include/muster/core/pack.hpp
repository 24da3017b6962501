/// Plain values as bytes and back, as this build has them in memory: for images, and for who keeps
/// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace muster::core {

class Packer {
 public:
  explicit Packer(std::vector<std::byte>& out) : out_(out) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(const T& value) {
    bytes(&value, sizeof value);
  }
  void put(std::string_view text) {
    put(std::uint64_t{text.size()});
    bytes(text.data(), text.size());
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(std::span<const T> list) {
    put(std::uint64_t{list.size()});
    bytes(list.data(), list.size_bytes());
  }

 private:
  void bytes(const void* from, std::size_t size) {
    const auto* begin = static_cast<const std::byte*>(from);
    out_.insert(out_.end(), begin, begin + size);
  }

  std::vector<std::byte>& out_;
};

/// Once it has run out of bytes it is not ok(), and gives zeros.
class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> in) : in_(in) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && in_.empty(); }
  [[nodiscard]] std::span<const std::byte> rest() const { return in_; }

  template <class T>
    requires std::is_trivially_copyable_v<T> && (!std::is_same_v<T, bool>)
  [[nodiscard]] T get() {
    T value{};
    if (const auto* from = take(sizeof value)) std::memcpy(&value, from, sizeof value);
    return value;
  }
  [[nodiscard]] bool truth() { return get<std::uint8_t>() != 0; }
  [[nodiscard]] std::string text() {
    const std::size_t size = count(1);
    const auto* from = take(size);
    return from == nullptr ? std::string{} : std::string(reinterpret_cast<const char*>(from), size);
  }
  template <class T>
    requires std::is_trivially_copyable_v<T>
  [[nodiscard]] std::vector<T> list() {
    std::vector<T> all(count(sizeof(T)));
    if (const auto* from = take(all.size() * sizeof(T)); from != nullptr && !all.empty())
      std::memcpy(all.data(), from, all.size() * sizeof(T));
    return all;
  }
  /// How many things of at least `size` bytes follow: never more than there are bytes for.
  [[nodiscard]] std::size_t count(std::size_t size) {
    const auto n = get<std::uint64_t>();
    if (n <= in_.size() / size) return n;
    ok_ = false;
    return 0;
  }

 private:
  const std::byte* take(std::size_t size) {
    if (!ok_ || size > in_.size()) {
      ok_ = false;
      return nullptr;
    }
    const std::byte* from = in_.data();
    in_ = in_.subspan(size);
    return from;
  }

  std::span<const std::byte> in_;
  bool ok_ = true;
};

}  // namespace muster::core
