/// What is on its way to Kafka, of one shard: sent in order, acknowledged in any.
#pragma once

#include <muster/types.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

namespace muster::broker::mirror {

/// A message stands for the numbers above the one before it up to its own: one for an event, many
/// for a gap marker.
class Window {
 public:
  explicit Window(std::uint64_t passed = 0) : passed_(passed) {}

  /// `at`: when the event was made.
  void sent(std::uint64_t last, Wall at = {}) { messages_.push_back({last, at, false}); }

  /// The message with this last number has arrived: gives its time. Nothing if it is none of these,
  /// but one from before a rewind.
  std::optional<Wall> delivered(std::uint64_t last) {
    const auto it = std::partition_point(messages_.begin(), messages_.end(),
                                         [&](const Message& m) { return m.last < last; });
    if (it == messages_.end() || it->last != last || it->delivered) return std::nullopt;
    it->delivered = true;
    const Wall at = it->at;
    while (!messages_.empty() && messages_.front().delivered) {
      passed_ = messages_.front().last;
      messages_.pop_front();
    }
    return at;
  }

  /// Everything up to here has arrived.
  [[nodiscard]] std::uint64_t passed() const { return passed_; }
  /// The next number to send.
  [[nodiscard]] std::uint64_t next() const {
    return (messages_.empty() ? passed_ : messages_.back().last) + 1;
  }
  [[nodiscard]] std::size_t size() const { return messages_.size(); }

  /// Nothing is on its way any more: what has not arrived is to be sent again.
  void rewind() { messages_.clear(); }

 private:
  struct Message {
    std::uint64_t last = 0;
    Wall at;
    bool delivered = false;
  };

  std::uint64_t passed_;
  std::deque<Message> messages_;
};

}  // namespace muster::broker::mirror
