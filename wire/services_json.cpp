#include "services_json.hpp"

#include "event_json.hpp"
#include "json_writer.hpp"

#include <string>

namespace muster::wire {
namespace {

void append_time(JsonWriter& w, std::string_view name, Wall at) {
  w.field_or_null(name, at.ms == 0 ? std::string{} : utc_time(at));
}

void append_reason(JsonWriter& w, std::string_view name, Reason reason) {
  w.field_or_null(name, reason == Reason::none ? std::string_view{} : to_string(reason));
}

/// Beyond 2^53 other languages' numbers are not exact.
void append_incarnation(JsonWriter& w, Incarnation incarnation) {
  w.field("incarnation", std::to_string(incarnation));
}

void append_truth(JsonWriter& w, std::string_view name, bool value) {
  w.key(name);
  w.truth(value);
}

void append_tags(JsonWriter& w, const std::vector<std::string>& tags) {
  w.each("tags", tags, [&](const std::string& tag) { w.text(tag); });
}

}  // namespace

void append_service_summary(JsonWriter& w, const ServiceSummary& service) {
  w.open('{');
  w.field("service", service.service.value);
  w.field("index", service.index);
  w.field("instances", service.instances);
  w.field("healthy", service.healthy);
  w.field("handed_out", service.handed_out);
  append_truth(w, "protected", service.is_protected);
  append_tags(w, service.tags);
  w.close('}');
}

namespace {

void append_check(JsonWriter& w, const Check& check) {
  w.open('{');
  w.field("kind", to_string(check.kind));
  w.field("port", check.port);
  w.field("path", check.path);
  w.field("interval_ms", check.interval.count());
  w.field("timeout_ms", check.timeout.count());
  w.field("slow_ms", check.slow.count());
  w.field("falls", check.falls);
  w.field("rises", check.rises);
  w.close('}');
}

void append_side(JsonWriter& w, std::string_view name, Status status, const std::string& detail) {
  w.key(name);
  w.open('{');
  w.field("status", to_string(status));
  w.field("detail", detail);
  w.close('}');
}

/// What the status is the verdict of.
void append_evidence(JsonWriter& w, const InstanceDescription& instance) {
  w.key("evidence");
  w.open('{');
  append_side(w, "heartbeats", instance.beats, instance.beats_detail);
  append_side(w, "reports", instance.reported, instance.reported_detail);
  append_side(w, "checks", instance.probed, instance.probed_detail);
  w.close('}');
}

}  // namespace

void append_instance(JsonWriter& w, const InstanceDescription& instance) {
  w.open('{');
  w.field("instance", instance.instance.value);
  append_incarnation(w, instance.incarnation);
  w.field("address", instance.info.address);
  w.field("port", instance.info.port);
  append_tags(w, instance.info.tags);
  w.key("meta");
  w.open('{');
  for (const MetaEntry& entry : instance.info.meta) {
    w.free_key(entry.key);
    w.text(entry.value);
  }
  w.close('}');
  w.field("weight", instance.info.weight);
  w.field("zone", instance.info.zone);
  w.field_or_null("node", instance.info.node.value);
  w.field_or_null("owner", instance.owner);
  w.field("session_timeout_ms", instance.session_timeout.count());
  w.field("status", to_string(instance.status));
  append_reason(w, "reason", instance.reason);
  w.field("detail", instance.detail);
  append_time(w, "since", instance.since);
  append_time(w, "registered_at", instance.registered_at);
  append_truth(w, "handed_out", instance.handed_out);
  append_truth(w, "protected", instance.is_protected);
  append_truth(w, "degraded", instance.degraded);
  w.each("checks", instance.info.checks, [&](const Check& check) { append_check(w, check); });
  append_evidence(w, instance);
  w.close('}');
}

void append_departed(JsonWriter& w, const DepartedDescription& departed) {
  w.open('{');
  w.field("instance", departed.instance.value);
  append_incarnation(w, departed.incarnation);
  w.field("address", departed.address);
  w.field("port", departed.port);
  append_time(w, "at", departed.at);
  w.field("last", to_string(departed.last));
  append_reason(w, "reason", departed.reason);
  w.field("detail", departed.detail);
  w.close('}');
}

void append_node(JsonWriter& w, const NodeDescription& node) {
  w.open('{');
  w.field("node", node.node.value);
  append_incarnation(w, node.incarnation);
  w.field("address", node.address);
  w.field("zone", node.zone);
  w.field("status", to_string(node.status));
  append_time(w, "since", node.since);
  w.field("session_timeout_ms", node.session_timeout.count());
  w.close('}');
}

void append_service_fields(JsonWriter& w, const ServiceResult& result) {
  w.field("service", result.service.value);
  w.field("index", result.index);
  append_truth(w, "sure", result.sure);
  append_reason(w, "protected_for", result.protected_for);
  append_time(w, "protected_since", result.protected_since);
}

void append_json(JsonWriter& w, const ServiceList& list) {
  w.open('{');
  w.field("index", list.index);
  w.each("services", list.services,
         [&](const ServiceSummary& service) { append_service_summary(w, service); });
  w.close('}');
}

void append_json(JsonWriter& w, const ServiceResult& result) {
  w.open('{');
  append_service_fields(w, result);
  w.each("instances", result.instances,
         [&](const InstanceDescription& instance) { append_instance(w, instance); });
  w.each("departed", result.departed,
         [&](const DepartedDescription& departed) { append_departed(w, departed); });
  w.close('}');
}

void append_json(JsonWriter& w, const RegisterOk& registered) {
  w.open('{');
  w.field("service", registered.service.value);
  w.field("instance", registered.instance.value);
  append_incarnation(w, registered.incarnation);
  w.field("session_timeout_ms", registered.session_timeout.count());
  w.field("heartbeat_interval_ms", registered.heartbeat_interval.count());
  w.field("index", registered.index);
  w.close('}');
}

void append_json(JsonWriter& w, const NodeList& list) {
  w.open('{');
  w.each("nodes", list.nodes, [&](const NodeDescription& node) { append_node(w, node); });
  w.close('}');
}

}  // namespace muster::wire
