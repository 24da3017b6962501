#include "doctor.hpp"

#include "world.hpp"

#include <muster/core/view.hpp>

namespace muster::sim {
namespace {

/// The process of this incarnation answers.
bool answers(World& world, const core::InstanceRecord& instance) {
  const std::string name = instance_name(instance.service.value, instance.id.value);
  for (const auto& server : world.servers())
    if (server->name().text() == name && server->incarnation() == instance.incarnation &&
        server->answers())
      return true;
  return false;
}

}  // namespace

void Doctor::round() {
  if (!world_.broker.up()) return;
  std::vector<core::Probed> found;
  for (const auto& view : world_.broker.host().views())
    view->services.for_each([&](const std::string& service, const auto& one) {
      one->instances.for_each([&](std::string_view id, const core::InstanceView& instance) {
        const core::InstanceRecord& record = *instance.record;
        if (record.info.checks.empty()) return;
        Patient& patient = patients_[{service, std::string{id}}];
        if (patient.incarnation != record.incarnation ||
            patient.registered_at != record.registered_at)
          patient = {record.incarnation, record.registered_at, record.probed, 0, 0, 0};
        if (world_.now() < patient.next) return;
        patient.next = world_.now() + record.info.checks[0].interval.count() * ms;
        patient.told_at = world_.now();
        core::Probed probed;
        probed.service = record.service;
        probed.instance = record.id;
        probed.incarnation = record.incarnation;
        const bool well = answers(world_, record);
        patient.missed = well ? 0 : patient.missed + 1;
        probed.result = well ? core::Probed::Result::passed : core::Probed::Result::missed;
        if (!well) probed.detail = "no answer";
        if (!well) world_.witness.mark(Mark::probe_missed);
        found.push_back(std::move(probed));
      });
    });
  if (!found.empty()) world_.broker.tell(std::move(found));
}

void Doctor::look() {
  if (!world_.broker.up() || !world_.broker.fresh() || !world_.broker.quiet()) return;
  for (const auto& [name, patient] : patients_) {
    if (patient.missed < 3 || world_.now() - patient.told_at < 100 * ms) continue;
    const core::InstanceRecord* record = world_.book.instance(name.first, name.second);
    if (record == nullptr || record->incarnation != patient.incarnation ||
        record->registered_at != patient.registered_at)
      continue;
    if (record->probed != Status::dead)
      world_.witness.fail("V2", name.first + "/" + name.second + " has missed " +
                                    std::to_string(patient.missed) +
                                    " probes, and its checks are said to be " +
                                    std::string{to_string(record->probed)});
  }
}

void Doctor::hear_event(const Event& event) {
  if (event.kind == EventKind::instance_removed && event.from == Status::zombie)
    return world_.witness.mark(Mark::zombie_died);
  if (event.kind != EventKind::instance_status_changed) return;
  if (event.to == Status::zombie) world_.witness.mark(Mark::zombie_unmasked);
  if (event.from == Status::zombie && event.reason == Reason::heartbeat_resumed)
    world_.witness.mark(Mark::zombie_is_back);
  if (event.to != Status::unreachable || event.reason != Reason::probes_missed) return;
  world_.witness.mark(Mark::unreachable);
  const auto it = patients_.find({event.service, event.instance});
  if (it == patients_.end() || it->second.incarnation != event.incarnation) return;
  if (it->second.found_before != Status::healthy) return;
  if (it->second.missed == 0 || it->second.missed >= 3) return;
  world_.witness.fail("V1", event.service + "/" + event.instance +
                                " is said to be unreachable after " +
                                std::to_string(it->second.missed) + " misses");
}

}  // namespace muster::sim
