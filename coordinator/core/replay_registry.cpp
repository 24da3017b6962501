/// The part of Replay that changes the registry.
#include "replay.hpp"
#include "replay_value.hpp"

namespace muster::core {

Service* Replay::find_service(const std::string& name) {
  const auto it = state_.registry_.services_.find(name);
  return it == state_.registry_.services_.end() ? nullptr : &it->second;
}

Result<void> Replay::apply_service(const Record& record) {
  const auto value = value_of<ServiceRecord>(record);
  if (!value) return Errc::store_corrupt;
  RegistryState& registry = state_.registry_;
  if (!*value) {
    const Service* service = find_service(record.key.group);
    if (service != nullptr && !(service->instances.empty() && service->departed.empty()))
      return Errc::store_corrupt;
    registry.services_.erase(record.key.group);
    return {};
  }
  if ((*value)->name.value != record.key.group) return Errc::store_corrupt;
  registry.services_[record.key.group].record = *value;
  return {};
}

Result<void> Replay::apply_instance(const Record& record) {
  const auto value = value_of<InstanceRecord>(record);
  Service* service = find_service(record.key.group);
  if (!value || service == nullptr) return Errc::store_corrupt;
  if (*value) return put_instance(*service, *value, record.key);
  const auto at = service->instances.place_of(std::string_view{record.key.member});
  if (!at.found) return {};
  const InstanceView old = service->instances[at];
  state_.registry_.count(*service, *old.record, -1);
  give_back(old.slot);
  service->instances.erase_at(at);
  --state_.registry_.instances_;
  if (service->instances.empty()) ++state_.registry_.names_version_;
  return {};
}

Result<void> Replay::put_instance(Service& service,
                                  const std::shared_ptr<const InstanceRecord>& value,
                                  const RecordKey& key) {
  if (value->service.value != key.group || value->id.value != key.member)
    return Errc::store_corrupt;
  const bool beats = value->session_timeout > Millis{0};
  std::uint32_t slot = no_slot;
  if (const InstanceView* present = service.instances.find(std::string_view{key.member})) {
    state_.registry_.count(service, *present->record, -1);
    slot = present->slot;
    if (slot != no_slot && !beats) give_back(std::exchange(slot, no_slot));
  } else {
    ++state_.registry_.instances_;
    if (service.instances.empty()) ++state_.registry_.names_version_;
  }
  if (slot == no_slot && beats) slot = take_slot();
  state_.registry_.count(service, *value, 1);
  // The map's key lies in the record, so old and new one change places in one go.
  service.instances.put(value->id.value, InstanceView{value, slot});
  if (slot != no_slot) state_.owners_[slot] = SlotOwner(*value);
  return {};
}

Result<void> Replay::apply_node(const Record& record) {
  const auto value = value_of<NodeRecord>(record);
  if (!value) return Errc::store_corrupt;
  auto& nodes = state_.registry_.nodes_;
  const NodeView* present = nodes.find(record.key.group);
  if (!*value) {
    if (present == nullptr) return {};
    give_back(present->slot);
    nodes.erase(record.key.group);
    return {};
  }
  if ((*value)->name.value != record.key.group) return Errc::store_corrupt;
  const std::uint32_t slot = present != nullptr ? present->slot : take_slot();
  nodes.put(record.key.group, NodeView{*value, slot});
  state_.owners_[slot] = SlotOwner(**value);
  return {};
}

Result<void> Replay::apply_departed(const Record& record) {
  const auto value = value_of<DepartedRecord>(record);
  Service* service = find_service(record.key.group);
  if (!value) return Errc::store_corrupt;
  if (service == nullptr) return *value ? Result<void>{Errc::store_corrupt} : Result<void>{};
  const bool known = service->departed.find(record.key.member) != nullptr;
  if (*value) {
    if ((*value)->id.value != record.key.member) return Errc::store_corrupt;
    service->departed.put(record.key.member, *value);
    if (!known) ++state_.registry_.departed_;
  } else if (known) {
    service->departed.erase(record.key.member);
    --state_.registry_.departed_;
  }
  return {};
}

}  // namespace muster::core
