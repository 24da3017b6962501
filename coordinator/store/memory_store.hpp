/// The memory store's contents apart from the store, so that a test can restart a broker on them.
///
///   auto contents = make_memory_contents(8);
///   auto store = open_memory_store(contents);     // the first run
///   auto crashed = copy_of(*contents);            // what a power cut now would leave
///   store.reset();
///   store = open_memory_store(contents);          // the second run: a higher term floor
#pragma once

#include "store.hpp"

#include <cstdint>
#include <memory>

namespace muster::store {

/// Encoded records of all shards, the identity and the boot counter. Safe to copy from any thread.
class MemoryContents;

[[nodiscard]] std::shared_ptr<MemoryContents> make_memory_contents(std::uint32_t shards);
[[nodiscard]] std::shared_ptr<MemoryContents> copy_of(const MemoryContents& contents);

/// Raises the boot counter, as every open does. Throws StoreError (store_locked) while another
/// store has the same contents open.
[[nodiscard]] std::unique_ptr<Store> open_memory_store(std::shared_ptr<MemoryContents> contents);

}  // namespace muster::store
