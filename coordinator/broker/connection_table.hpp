/// The connections of one loop, by an id that says which loop they are on.
#pragma once

#include "host.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace muster::broker {

/// 12 bits loop, 28 bits ordinal, 24 bits slot, from the top; never 0. Ordinals rise over all loops
/// of a host (core::opened_later). On the loop's own thread.
class ConnectionTable {
 public:
  struct Connection {
    std::shared_ptr<Peer> peer;
    std::uint64_t shards = 0;  ///< Bit (shard mod 64): it has sent something there.
    std::uint32_t ordinal = 0;
    bool touched = false;  ///< Wants a flush at the end of the turn.
  };

  ConnectionTable(std::uint32_t loop, std::atomic<std::uint32_t>& ordinals)
      : loop_(loop), ordinals_(ordinals) {}

  static std::uint32_t loop_of(std::uint64_t id) { return static_cast<std::uint32_t>(id >> 52); }

  [[nodiscard]] std::uint64_t add(std::shared_ptr<Peer> peer) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(table_.size());
      table_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    Connection& connection = table_[slot];
    connection.peer = std::move(peer);
    do connection.ordinal = ++ordinals_ & 0xfffffff;
    while (connection.ordinal == 0);
    ++size_;
    return std::uint64_t{loop_} << 52 | std::uint64_t{connection.ordinal} << 24 | slot;
  }

  [[nodiscard]] Connection* find(std::uint64_t id) {
    const std::uint32_t slot = id & 0xffffff;
    if (loop_of(id) != loop_ || slot >= table_.size()) return nullptr;
    Connection& connection = table_[slot];
    return connection.ordinal == (id >> 24 & 0xfffffff) && connection.peer ? &connection : nullptr;
  }

  /// Gives the peer back, so that its last owner is the caller.
  std::shared_ptr<Peer> remove(std::uint64_t id) {
    Connection* const connection = find(id);
    if (connection == nullptr) return nullptr;
    const std::shared_ptr<Peer> peer = std::move(connection->peer);
    *connection = {};
    free_.push_back(id & 0xffffff);
    --size_;
    return peer;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::uint32_t loop_;
  std::atomic<std::uint32_t>& ordinals_;  // of the host
  std::vector<Connection> table_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace muster::broker
