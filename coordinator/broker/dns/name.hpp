/// Domain names: in wire form, as they travel, and in text, as people write them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::dns {

/// A domain name in wire form: labels, each behind its length, and the root's empty one. The bytes
/// of a label are free; names are compared without regard to the case of ASCII letters.
class Name {
 public:
  static constexpr std::size_t max_size = 255;
  static constexpr std::size_t max_label = 63;

  Name() = default;  ///< The root.

  /// Reads "web.service.muster" or "web.service.muster."; \DDD is the byte of that number, \X the
  /// character X. Nothing: an empty or too long label, a name of more than 255 bytes, or a bad
  /// escape.
  [[nodiscard]] static std::optional<Name> parse(std::string_view text);
  /// `wire` is known to be a whole name.
  [[nodiscard]] static Name of_wire(std::span<const std::uint8_t> wire);

  /// Puts a label behind the others. False: it is empty or too long, or the name would be.
  [[nodiscard]] bool append(std::string_view label);
  /// Puts the labels of `tail` behind those of this name. False: it would be too long.
  [[nodiscard]] bool append(const Name& tail);

  [[nodiscard]] std::span<const std::uint8_t> wire() const { return {bytes_.data(), size_}; }
  [[nodiscard]] std::string_view bytes() const {
    return {reinterpret_cast<const char*>(bytes_.data()), size_};
  }
  /// From the left; views into this name.
  [[nodiscard]] std::vector<std::string_view> labels() const;
  [[nodiscard]] Name in_lower_case() const;
  /// With a dot at its end; what is no printable character is written as \DDD.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Name& a, const Name& b) { return a.bytes() == b.bytes(); }

 private:
  std::array<std::uint8_t, max_size> bytes_{};
  std::size_t size_ = 1;  // the root's label
};

/// Of ASCII letters only, as names are compared.
[[nodiscard]] constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
[[nodiscard]] std::string in_lower_case(std::string_view text);
[[nodiscard]] bool same_letters(std::string_view a, std::string_view b);

}  // namespace muster::broker::dns
