/// What waits to be written to one peer: texts of its own, and large bodies that it shares.
#pragma once

#include <boost/asio/buffer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::http {

class Output {
 public:
  /// Written in one go at most.
  static constexpr std::size_t max_parts = 16;
  /// Bodies up to this size are copied, so that many small answers are one part.
  static constexpr std::size_t copied = 2'048;
  /// A sequence of buffers as Asio wants it.
  class Buffers {
   public:
    using value_type = boost::asio::const_buffer;
    using const_iterator = const value_type*;
    [[nodiscard]] const_iterator begin() const { return parts_.data(); }
    [[nodiscard]] const_iterator end() const { return parts_.data() + count_; }
    void add(std::string_view bytes) { parts_[count_++] = {bytes.data(), bytes.size()}; }

   private:
    std::array<value_type, max_parts> parts_;
    std::size_t count_ = 0;
  };

  /// The text to append to.
  [[nodiscard]] std::string& text();
  void append(std::shared_ptr<const std::string> body);
  /// Call after text() was appended to, before size() is asked.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool empty() const { return size() == 0; }

  /// What comes first.
  [[nodiscard]] Buffers front() const;
  /// So many bytes of it are written.
  void consume(std::size_t size);

 private:
  struct Part {
    std::string own;
    std::shared_ptr<const std::string> shared;  // instead of `own`
    [[nodiscard]] std::string_view bytes() const { return shared ? *shared : own; }
  };

  std::vector<Part> parts_;
  std::size_t first_ = 0;  // of the parts that are not written
  std::size_t sent_ = 0;   // of the first part
};

}  // namespace muster::broker::http
