#include "service_metrics.hpp"

#include "../metrics.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace muster::broker::http {
namespace {

using Type = MetricsText::Type;

}  // namespace

std::string service_metrics(const Host& host, std::uint32_t most) {
  ReplyBody reply = core::answer(host.views(), ListServices{});
  auto& services = std::get<ServiceList>(reply).services;
  const std::size_t all = services.size();
  services.resize(std::min<std::size_t>(all, most));
  MetricsText text;
  const auto family = [&](std::string_view name, std::string_view help, auto value) {
    text.family(name, Type::gauge, help);
    for (const ServiceSummary& service : services)
      text.value(value(service), {{"service", service.service.value}});
  };
  family("muster_service_instances", "Instances of the service.",
         [](const ServiceSummary& service) { return service.instances; });
  family("muster_service_healthy", "Of these, the healthy ones.",
         [](const ServiceSummary& service) { return service.healthy; });
  family("muster_service_handed_out", "Of these, those that a consumer is given.",
         [](const ServiceSummary& service) { return service.handed_out; });
  family("muster_service_protected", "1: so many fell silent at once that nobody is withheld.",
         [](const ServiceSummary& service) { return service.is_protected ? 1U : 0U; });
  text.family("muster_service_healthy_ratio", Type::gauge, "Healthy ones of all.");
  for (const ServiceSummary& service : services)
    text.ratio(service.healthy, service.instances, {{"service", service.service.value}});
  text.gauge("muster_services_without_series",
             "Services beyond the bound http-metrics-services, which have no series of their own.",
             all - services.size());
  return text.take();
}

}  // namespace muster::broker::http
