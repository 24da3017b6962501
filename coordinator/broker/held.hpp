/// Replies and pushes that wait until the store has made durable what they depend on.
#pragma once

#include "mail.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace muster::broker {

/// Of one shard, on its thread. What one connection is owed leaves in the order in which the core
/// said it: a delivery waits at least as long as the one before it to the same connection.
class HeldQueue {
 public:
  /// The revision that a delivery to `connection` must wait for, if its content depends on `after`.
  [[nodiscard]] Revision order(std::uint64_t connection, Revision after) const {
    if (last_.empty()) return after;
    const auto it = last_.find(connection);
    return it == last_.end() || it->second < after ? after : it->second;
  }

  /// Keeps it until `revision`, which `order` gave.
  void hold(Revision revision, Delivery&& delivery) {
    last_[delivery.connection] = revision;
    waiting_[revision].push_back(std::move(delivery));
    ++size_;
  }

  /// Hands out, in order, everything that depends on `durable` or less.
  template <class F>
  void release(Revision durable, F&& out) {
    while (!waiting_.empty() && waiting_.begin()->first <= durable) {
      std::vector<Delivery> ready = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      size_ -= ready.size();
      for (Delivery& delivery : ready) {
        const auto it = last_.find(delivery.connection);
        if (it != last_.end() && it->second <= durable) last_.erase(it);
        out(std::move(delivery));
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::map<Revision, std::vector<Delivery>> waiting_;
  boost::unordered_flat_map<std::uint64_t, Revision>
      last_;  // per connection, its last held delivery
  std::size_t size_ = 0;
};

}  // namespace muster::broker
