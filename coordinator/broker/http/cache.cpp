#include "cache.hpp"

#include <array>
#include <charconv>
#include <functional>
#include <utility>

namespace muster::broker::http {

const Response* AnswerCache::find(std::string_view key, const Version& version) {
  const auto it = by_key_.find(key);
  if (it == by_key_.end() || it->second->version != version) return nullptr;
  hits_.add();
  entries_.splice(entries_.begin(), entries_, it->second);
  return &it->second->response;
}

const Response& AnswerCache::put(std::string_view key, Version version, Response response) {
  misses_.add();
  const auto present = by_key_.find(key);
  if (present != by_key_.end()) drop(present->second);
  entries_.push_front({std::string{key}, std::move(version), std::move(response)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_.set(bytes_.value() + size_of(entries_.front()));
  while (bytes_.value() > max_bytes_ && entries_.size() > 1) drop(std::prev(entries_.end()));
  return entries_.front().response;
}

std::uint64_t AnswerCache::size_of(const Entry& entry) {
  constexpr std::uint64_t overhead = 256;
  return overhead + entry.key.size() + (entry.response.body ? entry.response.body->size() : 0);
}

void AnswerCache::drop(Entries::iterator entry) {
  bytes_.set(bytes_.value() - size_of(*entry));
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

std::string etag_of(std::string_view bytes) {
  std::array<char, 20> hex{};
  const auto done =
      std::to_chars(hex.data(), hex.data() + hex.size(), std::hash<std::string_view>{}(bytes), 16);
  std::string out = "\"";
  out.append(hex.data(), done.ptr);
  return out + "-" + std::to_string(bytes.size()) + "\"";
}

bool names_etag(std::string_view field, std::string_view etag) {
  if (field == "*") return true;
  while (!field.empty()) {
    std::string_view one = field.substr(0, field.find(','));
    field.remove_prefix(std::min(one.size() + 1, field.size()));
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag) return true;
  }
  return false;
}

}  // namespace muster::broker::http
