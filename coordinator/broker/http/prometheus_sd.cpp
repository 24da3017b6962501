/// Targets for Prometheus' http_sd: the whole list, each time in the same order.
#include "door_parts.hpp"
#include "handlers.hpp"

#include <muster/core/view.hpp>

#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

/// A label's name knows letters, digits and underscores.
std::string label_name(std::string_view prefix, std::string_view key) {
  std::string out{prefix};
  for (const char c : key) {
    const bool known = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    out += known ? c : '_';
  }
  return out;
}

/// ",a,b,": so that a rule can look for ",a,".
std::string joined(const std::vector<std::string>& tags) {
  std::string out = ",";
  for (const std::string& tag : tags) out += tag + ",";
  return out;
}

std::string target_of(const InstanceInfo& info) {
  const bool is_v6 = info.address.find(':') != std::string::npos;
  return (is_v6 ? "[" + info.address + "]" : info.address) + ":" + std::to_string(info.port);
}

void append_target(wire::JsonWriter& w, const std::string& service,
                   const InstanceDescription& instance) {
  w.open('{');
  w.key("targets");
  w.open('[');
  w.text(target_of(instance.info));
  w.close(']');
  w.key("labels");
  w.open('{');
  w.field("__meta_muster_service", service);
  w.field("__meta_muster_instance", instance.instance.value);
  w.field("__meta_muster_status", to_string(instance.status));
  w.field("__meta_muster_handed_out", instance.handed_out ? "true" : "false");
  w.field("__meta_muster_zone", instance.info.zone);
  w.field("__meta_muster_node", instance.info.node.value);
  w.field("__meta_muster_tags", joined(instance.info.tags));
  std::string last;
  for (const MetaEntry& entry : instance.info.meta) {
    std::string name = label_name("__meta_muster_meta_", entry.key);
    if (name == last) continue;  // two keys that look alike as labels: the first
    w.field(name, entry.value);
    last = std::move(name);
  }
  w.close('}');
  w.close('}');
}

}  // namespace

Outcome get_prometheus_sd(Call& call) {
  auto passing = truth_parameter(call, "passing");
  if (auto* const wrong = std::get_if<Response>(&passing)) return std::move(*wrong);
  if (!call.deferred) return Later{};
  const auto views = call.host.views();
  std::vector<std::string> names;
  if (const std::string* const one = call.parameter("service")) {
    names.push_back(*one);
  } else {
    ReplyBody reply = core::answer(views, ListServices{});
    for (const ServiceSummary& service : std::get<ServiceList>(reply).services)
      names.push_back(service.service.value);
  }
  std::string body;
  wire::JsonWriter w(body);
  w.open('[');
  for (const std::string& name : names) {
    LookupService query;
    query.service = ServiceName(std::string(name));
    query.passing = std::get<bool>(passing);
    ReplyBody reply = core::answer(views, query);
    const auto& result = std::get<ServiceResult>(reply);
    if (!result.sure && result.instances.empty())
      return failure(503, "unsure",
                     "the broker has just started and does not know yet who of \"" +
                         name.substr(0, 80) + "\" lives");
    // Best first is no stable order, and Prometheus knows targets by their place.
    auto instances = result.instances;
    std::sort(instances.begin(), instances.end(),
              [](const auto& a, const auto& b) { return a.instance < b.instance; });
    for (const InstanceDescription& instance : instances)
      if (instance.info.port != 0) append_target(w, name, instance);
  }
  w.close(']');
  return json_response(std::move(body));
}

}  // namespace muster::broker::http
