#include "cache.hpp"

#include <utility>

namespace muster::broker::dns {
namespace {

constexpr std::size_t entry_cost = 256;  // about what an entry takes beside its answers

std::size_t size_of(const Cache::Entry& entry) {
  std::size_t size = entry_cost;
  for (const Bytes& answer : entry.answers) size += answer.capacity();
  return size;
}

}  // namespace

Cache::Entry* Cache::find(std::string_view key) {
  if (const auto it = newer_.entries.find(key); it != newer_.entries.end()) return it->second.get();
  const auto it = older_.entries.find(key);
  if (it == older_.entries.end()) return nullptr;
  auto entry = std::move(it->second);
  older_.entries.erase(it);
  const std::size_t size = size_of(*entry);
  older_.bytes -= size;
  make_room(size);
  newer_.bytes += size;
  return newer_.entries.insert_or_assign(std::string{key}, std::move(entry)).first->second.get();
}

void Cache::put(std::string_view key, const Answer& answer, bool truncated, bool turns,
                Bytes bytes) {
  bytes.shrink_to_fit();
  if (find(key) == nullptr) {
    make_room(entry_cost);
    newer_.entries.emplace(std::string{key}, std::make_unique<Entry>());
    newer_.bytes += entry_cost;
  }
  Entry& entry = *newer_.entries.find(key)->second;
  newer_.bytes -= size_of(entry);
  if (entry.stamp != answer.stamp || entry.service != answer.service) entry.answers.clear();
  entry.service = answer.service;
  entry.stamp = answer.stamp;
  entry.picture = 0;
  entry.truncated = truncated;
  if (entry.turns != turns) entry.answers.clear();
  entry.turns = turns;
  entry.rcode = answer.rcode;
  if (entry.answers.size() < entry.wanted()) {
    entry.answers.push_back(std::move(bytes));
  } else {
    entry.answers[entry.oldest++ % entry.wanted()] = std::move(bytes);
  }
  newer_.bytes += size_of(entry);
  make_room(0);
}

void Cache::make_room(std::size_t bytes) {
  if (newer_.bytes + bytes <= max_bytes_ / 2) return;
  older_ = std::exchange(newer_, Half{});
}

}  // namespace muster::broker::dns
