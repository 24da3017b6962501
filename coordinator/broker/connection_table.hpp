/// The connections of one loop, by an id that says which loop they are on.
#pragma once

#include "host.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace muster::broker {

/// 12 bits loop, 28 bits generation, 24 bits slot, from the top; never 0. On the loop's own thread.
class ConnectionTable {
 public:
  struct Connection {
    std::shared_ptr<Peer> peer;
    std::uint64_t shards = 0;  ///< Bit (shard mod 64): it has sent something there.
    std::uint32_t generation = 1;
    bool touched = false;  ///< Wants a flush at the end of the turn.
  };

  explicit ConnectionTable(std::uint32_t loop) : loop_(loop) {}

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
    ++size_;
    return std::uint64_t{loop_} << 52 | std::uint64_t{connection.generation} << 24 | slot;
  }

  [[nodiscard]] Connection* find(std::uint64_t id) {
    const std::uint32_t slot = id & 0xffffff;
    if (loop_of(id) != loop_ || slot >= table_.size()) return nullptr;
    Connection& connection = table_[slot];
    return connection.generation == (id >> 24 & 0xfffffff) && connection.peer ? &connection
                                                                              : nullptr;
  }

  /// Gives the peer back, so that its last owner is the caller.
  std::shared_ptr<Peer> remove(std::uint64_t id) {
    Connection* const connection = find(id);
    if (connection == nullptr) return nullptr;
    const std::shared_ptr<Peer> peer = std::move(connection->peer);
    const std::uint32_t next = (connection->generation + 1) & 0xfffffff;
    *connection = Connection{.peer = nullptr, .generation = next == 0 ? 1 : next};
    free_.push_back(id & 0xffffff);
    --size_;
    return peer;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::uint32_t loop_;
  std::vector<Connection> table_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace muster::broker
