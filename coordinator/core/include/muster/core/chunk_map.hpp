/// A sorted map whose copies are cheap: a copy shares the chunks, a change copies one chunk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace muster::core {

/// An entry that keeps its key beside its value.
template <class Key, class Value>
class Keyed {
 public:
  Keyed(Key key, Value value) : key_(std::move(key)), value_(std::move(value)) {}
  [[nodiscard]] const Key& key() const { return key_; }
  [[nodiscard]] const Value& value() const { return value_; }
  [[nodiscard]] Value& value() { return value_; }

 private:
  Key key_;
  Value value_;
};

/// An entry whose value knows its key: `value.key()`. No copy of the key is kept.
template <class Key, class Value>
class KeyedByValue {
 public:
  KeyedByValue(const Key&, Value value) : value_(std::move(value)) {}
  [[nodiscard]] Key key() const { return value_.key(); }
  [[nodiscard]] const Value& value() const { return value_; }
  [[nodiscard]] Value& value() { return value_; }

 private:
  Value value_;
};

/// Sorted entries in chunks of at most 256. Copying the map copies one pointer per chunk; changing
/// an entry copies the chunk only if another copy of the map still shares it. The core changes its
/// own map and hands copies to readers on other threads, which never change theirs.
template <class Key, class Value, class Entry = Keyed<Key, Value>>
class ChunkMap {
 public:
  static constexpr std::size_t chunk_limit = 256;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  template <class K>
  [[nodiscard]] const Value* find(const K& key) const {
    const Place at = place_of(key);
    return at.found ? &(*chunks_[at.chunk])[at.index].value() : nullptr;
  }

  /// Inserts or replaces; gives a reference that is valid until the next change.
  Value& put(Key key, Value value) {
    Place at = place_of(key);
    if (at.found) {
      Value& present = own(at.chunk)[at.index].value();
      present = std::move(value);
      return present;
    }
    if (chunks_.empty()) {
      chunks_.push_back(std::make_shared<Chunk>());
    } else if (at.chunk == chunks_.size()) {
      at = {at.chunk - 1, chunks_.back()->size(), false};
    }
    if (chunks_[at.chunk]->size() == chunk_limit) at = split(at);
    Chunk& entries = own(at.chunk);
    if (entries.size() == entries.capacity()) entries.reserve(entries.size() + growth);
    const auto it = entries.emplace(entries.begin() + static_cast<std::ptrdiff_t>(at.index),
                                    std::move(key), std::move(value));
    ++size_;
    return it->value();
  }

  /// The entry to change in place, or null. The reference is valid until the next change.
  template <class K>
  [[nodiscard]] Value* change(const K& key) {
    const Place at = place_of(key);
    return at.found ? &own(at.chunk)[at.index].value() : nullptr;
  }

  template <class K>
  bool erase(const K& key) {
    const Place at = place_of(key);
    if (!at.found) return false;
    Chunk& entries = own(at.chunk);
    entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(at.index));
    if (entries.empty()) {
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk));
    } else if (entries.size() < entries.capacity() / 4) {
      entries.shrink_to_fit();
    }
    --size_;
    return true;
  }

  void clear() {
    chunks_.clear();
    size_ = 0;
  }

  /// Calls f(key, value) in key order.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& chunk : chunks_)
      for (const Entry& entry : *chunk) f(entry.key(), entry.value());
  }

  /// Calls f(key, value) in key order from the first key that is not less than `from`, while it
  /// gives true.
  template <class K, class F>
  void for_each_from(const K& from, F&& f) const {
    const Place first = place_of(from);
    std::size_t i = first.index;
    for (std::size_t c = first.chunk; c < chunks_.size(); ++c, i = 0)
      for (const auto& entries = *chunks_[c]; i < entries.size(); ++i)
        if (!f(entries[i].key(), entries[i].value())) return;
  }

 private:
  using Chunk = std::vector<Entry>;
  /// Chunks grow by so many entries: doubling would leave a quarter of their room empty.
  static constexpr std::size_t growth = 32;

  /// Where a key is, or where it would go.
  struct Place {
    std::size_t chunk = 0;
    std::size_t index = 0;
    bool found = false;
  };

  /// In the first chunk whose last key is not less than `key`; past the last chunk if there is
  /// none.
  template <class K>
  [[nodiscard]] Place place_of(const K& key) const {
    const auto chunk = std::partition_point(chunks_.begin(), chunks_.end(),
                                            [&](const auto& c) { return c->back().key() < key; });
    if (chunk == chunks_.end()) return {chunks_.size(), 0, false};
    const Chunk& entries = **chunk;
    const auto it = std::partition_point(entries.begin(), entries.end(),
                                         [&](const Entry& e) { return e.key() < key; });
    return {static_cast<std::size_t>(chunk - chunks_.begin()),
            static_cast<std::size_t>(it - entries.begin()), it->key() == key};
  }

  Chunk& own(std::size_t c) {
    if (chunks_[c].use_count() > 1) {
      auto copy = std::make_shared<Chunk>();
      copy->reserve(chunks_[c]->size() + 1);
      copy->assign(chunks_[c]->begin(), chunks_[c]->end());
      chunks_[c] = std::move(copy);
    }
    return *chunks_[c];
  }

  /// Makes room in a full chunk: halves it, or, for a key that goes to its end, begins a new one,
  /// so that keys which come in order fill their chunks. Gives where the key goes now.
  Place split(const Place& at) {
    Chunk& left = own(at.chunk);
    const std::size_t cut = at.index == left.size() ? at.index : left.size() / 2;
    auto right = std::make_shared<Chunk>();
    right->reserve(left.size() - cut + growth);
    const auto middle = left.begin() + static_cast<std::ptrdiff_t>(cut);
    right->assign(std::make_move_iterator(middle), std::make_move_iterator(left.end()));
    left.erase(middle, left.end());
    left.shrink_to_fit();
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1, std::move(right));
    return at.index < cut ? at : Place{at.chunk + 1, at.index - cut, false};
  }

  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace muster::core
