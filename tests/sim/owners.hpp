/// Which members hold a grant of which partition, valid or not: where two do, somebody has to look
/// whether both are.
#pragma once

#include <muster/types.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace muster::sim {

class Owners {
 public:
  using Place = std::pair<std::string, TopicPartition>;

  void add(const std::string& group, const TopicPartition& where, std::uint32_t node) {
    auto& nodes = nodes_[{group, where}];
    if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return;
    nodes.push_back(node);
    if (nodes.size() > 1) shared_.insert({group, where});
  }
  void remove(const std::string& group, const TopicPartition& where, std::uint32_t node) {
    const auto it = nodes_.find({group, where});
    if (it == nodes_.end()) return;
    std::erase(it->second, node);
    if (it->second.size() < 2) shared_.erase({group, where});
    if (it->second.empty()) nodes_.erase(it);
  }
  /// Places with more than one.
  [[nodiscard]] const std::set<Place>& shared() const { return shared_; }
  [[nodiscard]] const std::vector<std::uint32_t>& of(const Place& place) const {
    static const std::vector<std::uint32_t> nobody;
    const auto it = nodes_.find(place);
    return it == nodes_.end() ? nobody : it->second;
  }

 private:
  std::map<Place, std::vector<std::uint32_t>> nodes_;
  std::set<Place> shared_;
};

}  // namespace muster::sim
