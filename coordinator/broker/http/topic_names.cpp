#include "topic_names.hpp"

#include <algorithm>

namespace muster::broker::http {

void TopicNames::update(const core::View& catalogue) {
  if (version_ == catalogue.catalogue_version) return;
  version_ = catalogue.catalogue_version;
  names_.clear();
  names_.reserve(catalogue.topics.size());
  catalogue.topics.for_each(
      [&](const std::string& name, const auto& topic) { names_.emplace_back(topic->id, name); });
  std::sort(names_.begin(), names_.end());
}

std::string TopicNames::find(const TopicId& id) const {
  const auto it =
      std::lower_bound(names_.begin(), names_.end(), id,
                       [](const auto& entry, const TopicId& i) { return entry.first < i; });
  return it != names_.end() && it->first == id ? it->second : std::string{};
}

}  // namespace muster::broker::http
