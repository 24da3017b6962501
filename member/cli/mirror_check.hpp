/// Which events of a mirror were seen: repeats are told from new ones, and gaps are found.
#pragma once

#include <muster/messages.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace muster::cli {

class MirrorCheck {
 public:
  struct Gap {
    std::string store_uuid;
    ShardIndex shard = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
  };

  /// Whether it is new. A gap marker stands for all numbers that it names.
  bool take(const std::string& store_uuid, const Event& event) {
    const std::uint64_t last = event.number;
    const std::uint64_t first =
        event.kind == EventKind::events_lost ? std::min(event.first_lost, last) : last;
    auto& runs = seen_[{store_uuid, event.shard}];
    auto it = runs.upper_bound(first);
    if (it != runs.begin() && std::prev(it)->second >= last) return false;
    join(runs, first, last);
    return true;
  }

  /// Numbers that are missing between the first and the last that were seen. What is missing at the
  /// beginning Kafka no longer keeps, or it was before the mirror.
  [[nodiscard]] std::vector<Gap> gaps() const {
    std::vector<Gap> out;
    for (const auto& [key, runs] : seen_)
      for (auto it = runs.begin(); it != runs.end() && std::next(it) != runs.end(); ++it)
        out.push_back({key.first, key.second, it->second + 1, std::next(it)->first - 1});
    return out;
  }

 private:
  using Runs = std::map<std::uint64_t, std::uint64_t>;  // first → last, apart from each other

  static void join(Runs& runs, std::uint64_t first, std::uint64_t last) {
    auto it = runs.upper_bound(first);
    if (it != runs.begin() && std::prev(it)->second + 1 >= first) {
      it = std::prev(it);
      first = it->first;
      last = std::max(last, it->second);
      it = runs.erase(it);
    }
    while (it != runs.end() && it->first <= last + 1) {
      last = std::max(last, it->second);
      it = runs.erase(it);
    }
    runs.emplace(first, last);
  }

  std::map<std::pair<std::string, ShardIndex>, Runs> seen_;
};

}  // namespace muster::cli
