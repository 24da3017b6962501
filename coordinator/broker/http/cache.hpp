/// Answers that were serialised once, for all who ask the same while nothing has changed.
#pragma once

#include "response.hpp"

#include "../metrics.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace muster::broker::http {

/// What an answer was made of: the same version, the same answer. An object's identity is kept
/// alive with it, so that no other object can take its address.
struct Version {
  std::shared_ptr<const void> object;
  std::uint64_t number = 0;
  std::uint64_t second = 0;
  friend bool operator==(const Version&, const Version&) = default;
};

/// Threads: on one loop. What was not asked for longest goes first.
class AnswerCache {
 public:
  explicit AnswerCache(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Null: it is not there, or of another version.
  [[nodiscard]] const Response* find(std::string_view key, const Version& version);
  const Response& put(std::string_view key, Version version, Response response);

  /// Any thread.
  [[nodiscard]] std::uint64_t hits() const { return hits_.value(); }
  [[nodiscard]] std::uint64_t misses() const { return misses_.value(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.value(); }

 private:
  struct Entry {
    std::string key;
    Version version;
    Response response;
  };
  using Entries = std::list<Entry>;

  [[nodiscard]] static std::uint64_t size_of(const Entry& entry);
  void drop(Entries::iterator entry);

  const std::uint64_t max_bytes_;
  Entries entries_;                                                 // asked for last, first
  std::unordered_map<std::string_view, Entries::iterator> by_key_;  // views of Entry::key
  Counter hits_;
  Counter misses_;
  Counter bytes_;
};

/// An ETag for these bytes: the same for the same bytes, in every run.
[[nodiscard]] std::string etag_of(std::string_view bytes);

/// Whether an If-None-Match field names the tag, or is "*".
[[nodiscard]] bool names_etag(std::string_view field, std::string_view etag);

}  // namespace muster::broker::http
