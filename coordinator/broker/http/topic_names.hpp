/// From topic ids to the names that people know, as of one version of the catalogue.
#pragma once

#include "../host.hpp"

#include <muster/core/view.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace muster::broker::http {

/// Threads: on one loop.
class TopicNames {
 public:
  /// Makes them those of this picture of shard 0.
  void update(const core::View& catalogue);
  /// Empty if there is no such topic.
  [[nodiscard]] std::string find(const TopicId& id) const;
  [[nodiscard]] std::uint64_t version() const { return version_; }

 private:
  std::uint64_t version_ = UINT64_MAX;
  std::vector<std::pair<TopicId, std::string>> names_;  // sorted by id
};

}  // namespace muster::broker::http
