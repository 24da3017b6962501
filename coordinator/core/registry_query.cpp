#include "registry_query.hpp"

#include <algorithm>

namespace muster::core {
namespace {

const View& view_of(Views views, const std::string& service) {
  return *views[shard_of(service, static_cast<std::uint32_t>(views.size()))];
}

InstanceDescription describe(const InstanceRecord& record, bool service_is_protected) {
  const Choice choice = choice_of(record, service_is_protected);
  InstanceDescription out;
  out.instance = record.id;
  out.incarnation = record.incarnation;
  out.info = record.info;
  out.session_timeout = record.session_timeout;
  out.owner = record.owner;
  out.status = status_of(record);
  out.reason = reason_of(record);
  out.detail = detail_of(record);
  out.since = record.since;
  out.registered_at = record.registered_at;
  out.handed_out = choice != Choice::withheld;
  out.is_protected = choice == Choice::held;
  out.degraded = record.degraded;
  out.beats = record.ladder;
  out.beats_detail = record.evidence;
  out.reported = record.reported;
  out.reported_detail = record.report;
  out.probed = record.probed;
  out.probed_detail = record.probe;
  return out;
}

DepartedDescription describe(const DepartedRecord& record) {
  return {record.id, record.incarnation, record.address, record.port,
          record.at, record.last,        record.reason,  record.detail};
}

ServiceSummary summary_of(const ServiceView& service) {
  ServiceSummary out;
  out.service = service.record->name;
  out.index = service.record->index;
  out.instances = static_cast<std::uint32_t>(service.instances.size());
  out.healthy = service.counts.with(Status::healthy);
  out.handed_out = count_handed_out(service);
  out.is_protected = service.is_protected();
  out.tags = service.tags;
  return out;
}

bool matches(const InstanceRecord& record, const LookupService& query) {
  const auto& tags = record.info.tags;
  return (query.tag.empty() || std::binary_search(tags.begin(), tags.end(), query.tag)) &&
         (query.zone.empty() || record.info.zone == query.zone);
}

std::vector<DepartedDescription> departed_of(const ServiceView& service) {
  std::vector<const DepartedRecord*> gone;
  service.departed.for_each(
      [&](const std::string&, const auto& record) { gone.push_back(record.get()); });
  std::sort(gone.begin(), gone.end(),
            [](const auto* a, const auto* b) { return a->number > b->number; });
  std::vector<DepartedDescription> out;
  out.reserve(gone.size());
  for (const DepartedRecord* record : gone) out.push_back(describe(*record));
  return out;
}

}  // namespace

const ServiceView* find_service(Views views, const std::string& name) {
  const auto* service = view_of(views, name).services.find(name);
  return service == nullptr ? nullptr : service->get();
}

std::uint64_t service_index(const View& view, const std::string& name) {
  const auto* service = view.services.find(name);
  return service == nullptr ? view.absent_index : (*service)->record->index;
}

std::uint64_t names_index(Views views) {
  std::uint64_t sum = 0;
  for (const auto& view : views) sum += view->names_index;
  return sum;
}

ServiceList list_services(Views views, const ListServices& query) {
  ServiceList list;
  list.index = names_index(views);
  for (const auto& view : views)
    for_prefix(view->services, query.prefix, [&](const std::shared_ptr<const ServiceView>& one) {
      if (!one->instances.empty()) list.services.push_back(summary_of(*one));
    });
  std::sort(list.services.begin(), list.services.end(),
            [](const auto& a, const auto& b) { return a.service < b.service; });
  return list;
}

ServiceResult look_up(Views views, const LookupService& query) {
  ServiceResult out;
  out.service = query.service;
  out.index = service_index(view_of(views, query.service.value), query.service.value);
  const ServiceView* service = find_service(views, query.service.value);
  if (service == nullptr) return out;
  out.known = true;
  out.sure = service->sure;
  out.protected_for = service->record->protected_for;
  out.protected_since = service->record->protected_since;
  if (query.passing) {
    for (const InstanceRecord* record : handed_out(*service, query.tag, query.zone))
      out.instances.push_back(describe(*record, service->is_protected()));
  } else {
    service->instances.for_each([&](std::string_view, const InstanceView& instance) {
      if (matches(*instance.record, query))
        out.instances.push_back(describe(*instance.record, service->is_protected()));
    });
  }
  if (query.departed) out.departed = departed_of(*service);
  return out;
}

NodeList list_nodes(Views views, const ListNodes& query) {
  NodeList list;
  for (const auto& view : views)
    for_prefix(view->nodes, query.prefix, [&](const NodeView& node) {
      const NodeRecord& record = *node.record;
      list.nodes.push_back({record.name, record.incarnation, record.address, record.zone,
                            record.status, record.since, record.session_timeout});
    });
  std::sort(list.nodes.begin(), list.nodes.end(),
            [](const auto& a, const auto& b) { return a.node < b.node; });
  return list;
}

}  // namespace muster::core
