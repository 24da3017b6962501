/// Answers that were written before, and are still true.
#pragma once

#include "answer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace muster::broker::dns {

/// Keeps a few answers of each question, so that their order still changes from one to the next;
/// of those that can be turned, so that any record is the first, fewer are enough.
/// Bounded in bytes, but for an answer: it has an older and a newer half, and drops the older one
/// when the newer is full.
///
/// Threads: one.
class Cache {
 public:
  static constexpr std::size_t variants = 8;
  static constexpr std::size_t turning_variants = 2;

  struct Entry {
    [[nodiscard]] std::size_t wanted() const { return turns ? turning_variants : variants; }

    std::string service;  ///< The answers are true as long as its stamp is this.
    std::uint64_t stamp = 0;
    std::uint64_t picture = 0;  ///< Of the directory: known to be true there; 0: to be looked up.
    std::uint32_t uses = 0;
    std::uint32_t oldest = 0;  ///< The next to be replaced.
    bool truncated = false;
    bool turns = false;
    Rcode rcode = Rcode::noerror;
    std::vector<Bytes> answers;  ///< At most so many as are wanted.
  };

  explicit Cache(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Null: there is none. Valid until the next call.
  [[nodiscard]] Entry* find(std::string_view key);
  /// Adds an answer to that question's, or begins anew if they are of another stamp.
  void put(std::string_view key, const Answer& answer, bool truncated, bool turns, Bytes bytes);
  [[nodiscard]] std::size_t bytes() const { return newer_.bytes + older_.bytes; }

 private:
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  struct Half {
    boost::unordered_flat_map<std::string, std::unique_ptr<Entry>, Hash, std::equal_to<>> entries;
    std::size_t bytes = 0;
  };

  void make_room(std::size_t bytes);

  const std::size_t max_bytes_;
  Half newer_;
  Half older_;
};

}  // namespace muster::broker::dns
