#include "departed.hpp"

#include <algorithm>
#include <vector>

namespace muster::core {
namespace {

RecordKey departed_key(const std::string& service, const std::string& instance) {
  return member_key(RecordKind::departed, service, instance);
}

/// Of this service; null if none is remembered.
std::shared_ptr<const DepartedRecord> oldest(const Service& service) {
  std::shared_ptr<const DepartedRecord> found;
  service.departed.for_each([&](const std::string&, const auto& one) {
    if (!found || one->number < found->number) found = one;
  });
  return found;
}

/// Nothing is left of the service: its index lives on in the floor, so that none of its name ever
/// has a lower one.
void prune(Turn& turn, const std::string& name) {
  const Service* service = turn.state().registry().service(name);
  if (service == nullptr || !service->instances.empty() || !service->departed.empty()) return;
  ShardMeta meta = turn.state().meta();
  meta.service_floor = std::max(meta.service_floor, turn.service(name).index);
  turn.forget_service(name);
  turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
  turn.erase(service_key(name));
  turn.registry().protections.erase(name);
  turn.registry().unsure.erase(name);
}

}  // namespace

void remember(Turn& turn, const InstanceRecord& instance, const Departure& departure) {
  DepartedRecord record;
  record.service = instance.service;
  record.id = instance.id;
  record.incarnation = instance.incarnation;
  record.address = instance.info.address;
  record.port = instance.info.port;
  record.at = turn.now().wall;
  record.number = turn.state().last_event();
  record.last = departure.last;
  record.reason = departure.reason;
  record.detail = departure.detail;
  const std::string& service = instance.service.value;
  const std::string& id = instance.id.value;
  const Service& known = *turn.state().registry().service(service);
  if (known.departed.find(id) == nullptr &&
      known.departed.size() >= turn.limits().max_departed_of_service)
    turn.erase(departed_key(service, oldest(known)->id.value));
  auto& gone = turn.registry().gone;
  gone.push_back({turn.time() + turn.limits().departed_kept.count(), {service, id}, record.number});
  turn.emit(departed_key(service, id), std::move(record));
  while (turn.state().registry().departed() > turn.limits().max_departed && !gone.empty()) {
    gone.front().until = turn.time();
    forget_due(turn);
  }
}

void forget(Turn& turn, const std::string& service, const std::string& instance) {
  const Service* known = turn.state().registry().service(service);
  if (known != nullptr && known->departed.find(instance) != nullptr)
    turn.erase(departed_key(service, instance));
}

void forget_due(Turn& turn) {
  auto& gone = turn.registry().gone;
  while (!gone.empty() && gone.front().until <= turn.time()) {
    const Registry::Gone one = std::move(gone.front());
    gone.pop_front();
    const auto& [name, id] = one.who;
    const Service* service = turn.state().registry().service(name);
    if (service == nullptr) continue;
    const auto* record = service->departed.find(id);
    // It may be there again, or have gone once more since.
    if (record != nullptr && (*record)->number == one.number) turn.erase(departed_key(name, id));
    prune(turn, name);
  }
}

void restore_departed(Turn& turn) {
  auto& gone = turn.registry().gone;
  const SessionTime until = turn.time() + turn.limits().departed_kept.count();
  for (const auto& [name, service] : turn.state().registry().services()) {
    service.departed.for_each([&](const std::string& id, const auto& record) {
      gone.push_back({until, {name, id}, record->number});
    });
    // Its last memory may have gone for want of room just before the broker ended.
    if (service.instances.empty() && service.departed.empty())
      gone.push_back({until, {name, std::string{}}, 0});
  }
  std::stable_sort(gone.begin(), gone.end(),
                   [](const auto& a, const auto& b) { return a.number < b.number; });
}

}  // namespace muster::core
