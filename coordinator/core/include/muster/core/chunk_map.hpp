/// A sorted map whose copies are cheap: a copy shares the chunks, a change copies one chunk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace muster::core {

/// Sorted entries in chunks of at most 256. Copying the map copies one pointer per chunk; changing
/// an entry copies the chunk only if another copy of the map still shares it. The core changes its
/// own map and hands copies to readers on other threads, which never change theirs.
template <class Key, class Value>
class ChunkMap {
 public:
  using Entry = std::pair<Key, Value>;
  static constexpr std::size_t chunk_limit = 256;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  template <class K>
  [[nodiscard]] const Value* find(const K& key) const {
    const std::size_t c = chunk_for(key);
    if (c == chunks_.size()) return nullptr;
    const auto& entries = *chunks_[c];
    const auto it = position(entries, key);
    return it != entries.end() && it->first == key ? &it->second : nullptr;
  }

  /// Inserts or replaces; gives a reference that is valid until the next change.
  Value& put(Key key, Value value) {
    if (chunks_.empty()) {
      chunks_.push_back(std::make_shared<Chunk>());
      chunks_.front()->emplace_back(std::move(key), std::move(value));
      size_ = 1;
      return chunks_.front()->front().second;
    }
    const std::size_t c = std::min(chunk_for(key), chunks_.size() - 1);
    Chunk& entries = own(c);
    auto it = position(entries, key);
    if (it != entries.end() && it->first == key) {
      it->second = std::move(value);
      return it->second;
    }
    it = entries.insert(it, Entry{std::move(key), std::move(value)});
    ++size_;
    if (entries.size() <= chunk_limit) return it->second;
    return split(c, static_cast<std::size_t>(it - entries.begin()));
  }

  /// The entry to change in place, or null. The reference is valid until the next change.
  template <class K>
  [[nodiscard]] Value* change(const K& key) {
    if (find(key) == nullptr) return nullptr;
    Chunk& entries = own(chunk_for(key));
    return &position(entries, key)->second;
  }

  template <class K>
  bool erase(const K& key) {
    if (find(key) == nullptr) return false;
    const std::size_t c = chunk_for(key);
    Chunk& entries = own(c);
    entries.erase(position(entries, key));
    if (entries.empty()) chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(c));
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
      for (const auto& [key, value] : *chunk) f(key, value);
  }

  /// Calls f(key, value) in key order from the first key that is not less than `from`, while it
  /// gives true.
  template <class K, class F>
  void for_each_from(const K& from, F&& f) const {
    for (std::size_t c = chunk_for(from); c < chunks_.size(); ++c) {
      const auto& entries = *chunks_[c];
      for (auto it = position(entries, from); it != entries.end(); ++it)
        if (!f(it->first, it->second)) return;
    }
  }

 private:
  using Chunk = std::vector<Entry>;

  /// The first chunk whose last key is not less than `key`; the number of chunks if there is none.
  template <class K>
  [[nodiscard]] std::size_t chunk_for(const K& key) const {
    const auto it = std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& chunk) {
      return chunk->back().first < key;
    });
    return static_cast<std::size_t>(it - chunks_.begin());
  }

  template <class Entries, class K>
  static auto position(Entries& entries, const K& key) {
    return std::partition_point(entries.begin(), entries.end(),
                                [&](const Entry& e) { return e.first < key; });
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

  /// Splits a chunk that is too long. One that grew at its end is split there, so that keys which
  /// come in order fill their chunks.
  Value& split(std::size_t c, std::size_t at) {
    Chunk& left = *chunks_[c];
    const std::size_t cut = at + 1 == left.size() ? at : left.size() / 2;
    auto right = std::make_shared<Chunk>(
        std::make_move_iterator(left.begin() + static_cast<std::ptrdiff_t>(cut)),
        std::make_move_iterator(left.end()));
    left.resize(cut);
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(c) + 1, right);
    return at < cut ? left[at].second : (*right)[at - cut].second;
  }

  std::vector<std::shared_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace muster::core
