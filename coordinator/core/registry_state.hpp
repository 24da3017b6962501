/// The registry's part of the durable state; changed by Replay alone, as all of it.
#pragma once

#include <muster/core/registry_view.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::core {

struct Service {
  std::shared_ptr<const ServiceRecord> record;
  InstanceMap instances;
  ChunkMap<std::string, std::shared_ptr<const DepartedRecord>> departed;
  InstanceCounts counts;
  std::map<std::string, std::uint32_t> tags;  ///< How many instances have each.

  [[nodiscard]] bool is_protected() const { return record->protected_for != Reason::none; }
};

class RegistryState {
 public:
  [[nodiscard]] const std::map<std::string, Service>& services() const { return services_; }
  [[nodiscard]] const Service* service(const std::string& name) const;
  [[nodiscard]] const InstanceView* instance(const std::string& service, std::string_view id) const;
  [[nodiscard]] std::uint64_t instances() const { return instances_; }
  [[nodiscard]] std::uint64_t departed() const { return departed_; }

  [[nodiscard]] const ChunkMap<std::string, NodeView>& nodes() const { return nodes_; }
  [[nodiscard]] const NodeView* node(const std::string& name) const { return nodes_.find(name); }
  /// (service, instance) of those that live with this node.
  [[nodiscard]] const std::set<std::pair<std::string, std::string>>& dependents(
      const std::string& node) const;
  /// The names of all nodes that somebody here lives with, registered or not.
  [[nodiscard]] std::vector<std::string> depended_on() const;

  /// Of the instances in this shard.
  [[nodiscard]] InstanceCounts zone(const std::string& zone) const;
  /// Rises whenever a service or a tag of one comes or goes.
  [[nodiscard]] std::uint64_t names_version() const { return names_version_; }

 private:
  friend class Replay;

  /// Adds what the instance counts for, or (by -1) takes it out.
  void count(Service& service, const InstanceRecord& instance, int by);

  std::map<std::string, Service> services_;
  std::map<std::string, InstanceCounts> zones_;
  std::map<std::string, std::set<std::pair<std::string, std::string>>> dependents_;
  ChunkMap<std::string, NodeView> nodes_;
  std::uint64_t instances_ = 0;
  std::uint64_t departed_ = 0;
  std::uint64_t names_version_ = 0;
};

}  // namespace muster::core
