#include <muster/core/registry_view.hpp>

#include <algorithm>

namespace muster::core {

Choice choice_of(const InstanceRecord& instance, bool service_is_protected) {
  switch (status_of(instance)) {
    case Status::healthy:
      return instance.degraded ? Choice::last : Choice::first;
    case Status::overloaded:
      return Choice::last;
    case Status::critical:
    case Status::dead:
    case Status::zombie:
      return service_is_protected && is_missing(instance) ? Choice::held : Choice::withheld;
    default:
      return Choice::withheld;
  }
}

std::vector<const InstanceRecord*> handed_out(const ServiceView& service, std::string_view tag,
                                              std::string_view zone) {
  std::vector<std::pair<Choice, const InstanceRecord*>> chosen;
  service.instances.for_each([&](std::string_view, const InstanceView& instance) {
    const InstanceRecord& record = *instance.record;
    const auto& tags = record.info.tags;
    if (!tag.empty() && !std::binary_search(tags.begin(), tags.end(), tag)) return;
    if (!zone.empty() && record.info.zone != zone) return;
    const Choice choice = choice_of(record, service.is_protected());
    if (choice != Choice::withheld) chosen.emplace_back(choice, &record);
  });
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const InstanceRecord*> out;
  out.reserve(chosen.size());
  for (const auto& [choice, record] : chosen) out.push_back(record);
  return out;
}

std::uint32_t count_handed_out(const ServiceView& service) {
  const InstanceCounts& counts = service.counts;
  const std::uint32_t held = service.is_protected() ? counts.missing : 0;
  return counts.with(Status::healthy) + counts.with(Status::overloaded) + held;
}

}  // namespace muster::core
