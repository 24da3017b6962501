#include "registry_state.hpp"

namespace muster::core {
namespace {

void add(InstanceCounts& counts, const InstanceRecord& instance, int by) {
  const auto delta = static_cast<std::uint32_t>(by);  // of unsigned counters: wraps as it should
  const Status status = status_of(instance);
  counts.by_status[static_cast<std::size_t>(status) % counts.by_status.size()] += delta;
  const bool beats = instance.session_timeout > Millis{0} && !instance.maintenance &&
                     instance.ladder != Status::starting;
  if (!beats) return;
  counts.beating += delta;
  if (!is_silent(instance)) return;
  counts.silent += delta;
  if (is_missing(instance)) counts.missing += delta;
}

}  // namespace

const Service* RegistryState::service(const std::string& name) const {
  const auto it = services_.find(name);
  return it == services_.end() ? nullptr : &it->second;
}

const InstanceView* RegistryState::instance(const std::string& service, std::string_view id) const {
  const auto it = services_.find(service);
  return it == services_.end() ? nullptr : it->second.instances.find(id);
}

const std::set<std::pair<std::string, std::string>>& RegistryState::dependents(
    const std::string& node) const {
  static const std::set<std::pair<std::string, std::string>> none;
  const auto it = dependents_.find(node);
  return it == dependents_.end() ? none : it->second;
}

std::vector<std::string> RegistryState::depended_on() const {
  std::vector<std::string> names;
  for (const auto& [node, dependents] : dependents_) names.push_back(node);
  return names;
}

InstanceCounts RegistryState::zone(const std::string& zone) const {
  const auto it = zones_.find(zone);
  return it == zones_.end() ? InstanceCounts{} : it->second;
}

void RegistryState::count(Service& service, const InstanceRecord& instance, int by) {
  add(service.counts, instance, by);
  const InstanceInfo& info = instance.info;
  if (!info.zone.empty()) {
    InstanceCounts& zone = zones_[info.zone];
    add(zone, instance, by);
    if (zone.by_status == decltype(zone.by_status){}) zones_.erase(info.zone);
  }
  for (const std::string& tag : info.tags) {
    auto& count = service.tags[tag];
    count += static_cast<std::uint32_t>(by);
    const bool came = by > 0 && count == 1;
    const bool went = count == 0;
    if (went) service.tags.erase(tag);
    if (came || went) ++names_version_;
  }
  if (instance.session_timeout != Millis{0} || info.node.empty()) return;
  auto& dependents = dependents_[info.node.value];
  const std::pair key{instance.service.value, instance.id.value};
  if (by > 0) {
    dependents.insert(key);
  } else {
    dependents.erase(key);
    if (dependents.empty()) dependents_.erase(info.node.value);
  }
}

}  // namespace muster::core
