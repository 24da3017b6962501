#include "service_metrics.hpp"

#include "../metrics.hpp"

#include <muster/core/view.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace muster::broker::http {
namespace {

using Type = MetricsText::Type;

struct Row {
  std::string_view name;  ///< Of the view.
  std::uint32_t instances = 0;
  std::uint32_t healthy = 0;
  std::uint32_t handed_out = 0;
  std::uint32_t lost = 0;
  bool is_protected = false;
};

/// Those that went without a word and have not come back; whoever deregistered is not among them.
std::uint32_t lost_of(const core::ServiceView& service) {
  std::uint32_t lost = 0;
  service.departed.for_each([&](const std::string&, const auto& gone) {
    if (gone->reason != Reason::deregistered) ++lost;
  });
  return lost;
}

/// One row for each service that has instances, or has lost its last: its alert must not end with
/// it.
std::vector<Row> rows_of(const std::vector<std::shared_ptr<const core::View>>& views) {
  std::vector<Row> rows;
  for (const auto& view : views)
    view->services.for_each([&](const std::string& name, const auto& service) {
      Row row;
      row.name = name;
      row.instances = static_cast<std::uint32_t>(service->instances.size());
      row.lost = lost_of(*service);
      if (row.instances == 0 && row.lost == 0) return;
      row.healthy = service->counts.with(Status::healthy);
      row.handed_out = core::count_handed_out(*service);
      row.is_protected = service->is_protected();
      rows.push_back(row);
    });
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
  return rows;
}

}  // namespace

std::string service_metrics(const Host& host, std::uint32_t most) {
  const auto views = host.views();
  std::vector<Row> rows = rows_of(views);
  const std::size_t all = rows.size();
  rows.resize(std::min<std::size_t>(all, most));
  MetricsText text;
  const auto family = [&](std::string_view name, std::string_view help, auto value) {
    text.family(name, Type::gauge, help);
    for (const Row& row : rows) text.value(value(row), {{"service", row.name}});
  };
  family("muster_service_instances", "Instances of the service.",
         [](const Row& row) { return row.instances; });
  family("muster_service_healthy", "Of these, the healthy ones.",
         [](const Row& row) { return row.healthy; });
  family("muster_service_handed_out", "Of these, those that a consumer is given.",
         [](const Row& row) { return row.handed_out; });
  family("muster_service_lost",
         "Instances that fell silent, are gone, remembered, and have not come back.",
         [](const Row& row) { return row.lost; });
  family("muster_service_protected", "1: so many fell silent at once that nobody is withheld.",
         [](const Row& row) { return row.is_protected ? 1U : 0U; });
  text.family("muster_service_healthy_ratio", Type::gauge, "Healthy ones of all.");
  for (const Row& row : rows) text.ratio(row.healthy, row.instances, {{"service", row.name}});
  text.gauge("muster_services_without_series",
             "Services beyond the bound http-metrics-services, which have no series of their own.",
             all - rows.size());
  return text.take();
}

}  // namespace muster::broker::http
