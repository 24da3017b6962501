/// Answers to queries about services and nodes, from the views of all shards.
#pragma once

#include <muster/core/view.hpp>

#include <memory>
#include <span>
#include <string>

namespace muster::core {

using Views = std::span<const std::shared_ptr<const View>>;

/// Calls f for every entry whose key starts with `prefix`.
template <class Map, class F>
void for_prefix(const Map& map, const std::string& prefix, F&& f) {
  map.for_each_from(prefix, [&](const std::string& key, const auto& value) {
    if (key.compare(0, prefix.size(), prefix) != 0) return false;
    f(value);
    return true;
  });
}

[[nodiscard]] ServiceList list_services(Views views, const ListServices& query);
[[nodiscard]] ServiceResult look_up(Views views, const LookupService& query);
[[nodiscard]] NodeList list_nodes(Views views, const ListNodes& query);

}  // namespace muster::core
