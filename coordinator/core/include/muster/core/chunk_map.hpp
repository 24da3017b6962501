/// A sorted map whose copies are cheap: a copy shares the chunks, a change copies one chunk.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace muster::core {

/// The order of keys: `a < b`. Of texts, too, by their bytes, but without a call: a search among
/// many compares often, and ids have long beginnings in common.
template <class A, class B>
[[nodiscard]] bool is_less(const A& a, const B& b) {
  if constexpr (std::is_convertible_v<const A&, std::string_view> &&
                std::is_convertible_v<const B&, std::string_view>) {
    const std::string_view left = a;
    const std::string_view right = b;
    const std::size_t common = std::min(left.size(), right.size());
    const auto word = [](std::string_view text, std::size_t at) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text.data() + at, sizeof bytes);
      return std::endian::native == std::endian::little ? __builtin_bswap64(bytes) : bytes;
    };
    for (std::size_t at = 0; at + 8 <= common; at += 8)
      if (const auto l = word(left, at), r = word(right, at); l != r) return l < r;
    if (common < 8) return left < right;
    // The rest, with bytes before it that are equal.
    if (const auto l = word(left, common - 8), r = word(right, common - 8); l != r) return l < r;
    return left.size() < right.size();
  } else {
    return a < b;
  }
}

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

/// A run of at most `most` entries. What is taken out moves the fewer of the entries before and
/// after it: none, if it is taken from the front, as a ring does.
template <class Entry, std::size_t most = 256>
class Chunk {
 public:
  static constexpr std::size_t limit = most;

  Chunk() = default;
  /// Of entries [first, last), with room for `room` more.
  template <class Iterator>
  Chunk(Iterator first, Iterator last, std::size_t room) {
    entries_.reserve(static_cast<std::size_t>(last - first) + room);
    entries_.assign(first, last);
  }
  Chunk(const Chunk& other) : Chunk(other.begin(), other.end(), 1) {}
  Chunk(Chunk&&) noexcept = default;
  Chunk& operator=(const Chunk&) = delete;
  Chunk& operator=(Chunk&&) noexcept = default;
  ~Chunk() = default;

  [[nodiscard]] std::size_t size() const { return entries_.size() - gone_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] auto begin() { return entries_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  [[nodiscard]] auto begin() const { return entries_.begin() + static_cast<std::ptrdiff_t>(gone_); }
  [[nodiscard]] auto end() { return entries_.end(); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  [[nodiscard]] Entry& operator[](std::size_t i) { return entries_[gone_ + i]; }
  [[nodiscard]] const Entry& operator[](std::size_t i) const { return entries_[gone_ + i]; }
  [[nodiscard]] const Entry& back() const { return entries_.back(); }

  Entry& insert(std::size_t i, Entry entry) {
    if (entries_.size() == entries_.capacity()) rebuild(room_for(i));
    return *entries_.insert(begin() + static_cast<std::ptrdiff_t>(i), std::move(entry));
  }

  void erase(std::size_t i) {
    const auto at = begin() + static_cast<std::ptrdiff_t>(i);
    if (i < size() / 2) {
      [[maybe_unused]] const Entry out = std::move(*at);
      std::move_backward(begin(), at, at + 1);
      ++gone_;
    } else {
      entries_.erase(at);
    }
    if (size() < entries_.capacity() / 4) rebuild(0);
  }

  /// Takes the entries from `i` on away into a chunk of their own.
  Chunk split(std::size_t i) {
    const auto middle = begin() + static_cast<std::ptrdiff_t>(i);
    Chunk right{std::make_move_iterator(middle), std::make_move_iterator(end()), some_room};
    entries_.erase(middle, end());
    rebuild(0);
    return right;
  }

 private:
  static constexpr std::size_t some_room = 32;

  /// Chunks double, as they will be filled if keys come in order; else they grow slowly, because
  /// much of more room would stay empty.
  [[nodiscard]] std::size_t room_for(std::size_t i) const {
    const std::size_t wanted = i == size() ? size() : std::min(size(), some_room);
    return std::clamp(wanted, std::size_t{1}, std::max(limit - size(), std::size_t{1}));
  }

  void rebuild(std::size_t room) {
    *this = Chunk{std::make_move_iterator(begin()), std::make_move_iterator(end()), room};
  }

  std::vector<Entry> entries_;
  std::size_t gone_ = 0;  // moved away, at the front
};

/// Sorted entries in chunks. Copying the map copies one pointer per chunk; changing
/// an entry copies the chunk only if another copy of the map still shares it. The core changes its
/// own map and hands copies to readers on other threads, which never change theirs. Larger chunks
/// (at most `most` entries) make copies of the map cheaper, and changes dearer.
template <class Key, class Value, class Entry = Keyed<Key, Value>, std::size_t most = 256>
class ChunkMap {
  using Entries = Chunk<Entry, most>;

 public:
  /// Where a key is, or, if it is not found, where it would go. Void after the next change.
  struct Place {
    std::size_t chunk = 0;
    std::size_t index = 0;
    bool found = false;
  };

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  template <class K>
  [[nodiscard]] const Value* find(const K& key) const {
    const Place at = place_of(key);
    return at.found ? &(*this)[at] : nullptr;
  }

  template <class K>
  [[nodiscard]] Place place_of(const K& key) const {
    // In the first chunk whose last key is not less. Keys that come in order go past the last one.
    if (chunks_.empty() || is_less(chunks_.back()->back().key(), key))
      return {chunks_.size(), 0, false};
    const auto chunk = std::partition_point(chunks_.begin(), chunks_.end(), [&](const auto& c) {
      return is_less(c->back().key(), key);
    });
    const Entries& entries = **chunk;
    const auto it = std::partition_point(entries.begin(), entries.end(),
                                         [&](const Entry& e) { return is_less(e.key(), key); });
    return {static_cast<std::size_t>(chunk - chunks_.begin()),
            static_cast<std::size_t>(it - entries.begin()), it->key() == key};
  }
  /// The same, with a guess that may be wrong or void: where this key was lately.
  template <class K>
  [[nodiscard]] Place place_of(const K& key, const Place& guess) const {
    const bool right = guess.chunk < chunks_.size() && guess.index < chunks_[guess.chunk]->size() &&
                       (*chunks_[guess.chunk])[guess.index].key() == key;
    return right ? Place{guess.chunk, guess.index, true} : place_of(key);
  }
  /// Where the first key is; the map is not empty.
  [[nodiscard]] Place first() const { return {0, 0, true}; }

  /// The value at a place where a key was found.
  [[nodiscard]] const Value& operator[](const Place& at) const {
    return (*chunks_[at.chunk])[at.index].value();
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
      chunks_.push_back(std::make_shared<Entries>());
    } else if (at.chunk == chunks_.size()) {
      at = {at.chunk - 1, chunks_.back()->size(), false};
    }
    if (chunks_[at.chunk]->size() == Entries::limit) at = split(at);
    ++size_;
    return own(at.chunk).insert(at.index, Entry{std::move(key), std::move(value)}).value();
  }

  /// The entry to change in place, or null. The reference is valid until the next change.
  template <class K>
  [[nodiscard]] Value* change(const K& key) {
    const Place at = place_of(key);
    return at.found ? &change_at(at) : nullptr;
  }
  [[nodiscard]] Value& change_at(const Place& at) { return own(at.chunk)[at.index].value(); }

  template <class K>
  bool erase(const K& key) {
    const Place at = place_of(key);
    if (at.found) erase_at(at);
    return at.found;
  }
  void erase_at(const Place& at) {
    own(at.chunk).erase(at.index);
    if (chunks_[at.chunk]->empty())
      chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk));
    --size_;
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
  Entries& own(std::size_t c) {
    if (chunks_[c].use_count() > 1) chunks_[c] = std::make_shared<Entries>(*chunks_[c]);
    return *chunks_[c];
  }

  /// Makes room in a full chunk: halves it, or, for a key that goes to its end, begins a new one,
  /// so that keys which come in order fill their chunks. Gives where the key goes now.
  Place split(const Place& at) {
    Entries& left = own(at.chunk);
    const std::size_t cut = at.index == left.size() ? at.index : left.size() / 2;
    chunks_.insert(chunks_.begin() + static_cast<std::ptrdiff_t>(at.chunk) + 1,
                   std::make_shared<Entries>(left.split(cut)));
    return at.index < cut ? at : Place{at.chunk + 1, at.index - cut, false};
  }

  std::vector<std::shared_ptr<Entries>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace muster::core
