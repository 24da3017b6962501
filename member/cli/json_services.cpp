#include "json.hpp"
#include "text.hpp"

#include <event_json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace muster::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string written(const value& document) {
  return shown_json(boost::json::serialize(document));
}
value text(std::string_view from) {
  return value(as_utf8(from));
}
value text_or_null(std::string_view from) {
  return from.empty() ? value(nullptr) : text(from);
}

template <class List, class Make>
array each(const List& list, Make make) {
  array out;
  out.reserve(list.size());
  for (const auto& item : list) out.emplace_back(make(item));
  return out;
}

value time_or_null(Wall at) {
  return at.ms == 0 ? value(nullptr) : value(utc_time(at));
}

/// Beyond 2^53 other languages' numbers are not exact.
value number_text(std::uint64_t number) {
  return value(std::to_string(number));
}

value reason_or_null(Reason reason) {
  return reason == Reason::none ? value(nullptr) : value(to_string(reason));
}

object summary_object(const ServiceSummary& service) {
  object out;
  out["service"] = text(service.service.value);
  out["index"] = service.index;
  out["instances"] = service.instances;
  out["healthy"] = service.healthy;
  out["handed_out"] = service.handed_out;
  out["protected"] = service.is_protected;
  out["tags"] = each(service.tags, [](const std::string& tag) { return text(tag); });
  return out;
}

object instance_object(const InstanceDescription& instance) {
  object meta;
  for (const MetaEntry& entry : instance.info.meta) meta[as_utf8(entry.key)] = text(entry.value);
  object out;
  out["instance"] = text(instance.instance.value);
  out["incarnation"] = number_text(instance.incarnation);
  out["address"] = text(instance.info.address);
  out["port"] = instance.info.port;
  out["tags"] = each(instance.info.tags, [](const std::string& tag) { return text(tag); });
  out["meta"] = std::move(meta);
  out["weight"] = instance.info.weight;
  out["zone"] = text(instance.info.zone);
  out["node"] = text_or_null(instance.info.node.value);
  out["owner"] = text_or_null(instance.owner);
  out["session_timeout_ms"] = instance.session_timeout.count();
  out["status"] = to_string(instance.status);
  out["reason"] = reason_or_null(instance.reason);
  out["detail"] = text(instance.detail);
  out["since"] = time_or_null(instance.since);
  out["registered_at"] = time_or_null(instance.registered_at);
  out["handed_out"] = instance.handed_out;
  out["protected"] = instance.is_protected;
  out["degraded"] = instance.degraded;
  return out;
}

object departed_object(const DepartedDescription& departed) {
  object out;
  out["instance"] = text(departed.instance.value);
  out["incarnation"] = number_text(departed.incarnation);
  out["address"] = text(departed.address);
  out["port"] = departed.port;
  out["at"] = time_or_null(departed.at);
  out["last"] = to_string(departed.last);
  out["reason"] = reason_or_null(departed.reason);
  out["detail"] = text(departed.detail);
  return out;
}

object node_object(const NodeDescription& node) {
  object out;
  out["node"] = text(node.node.value);
  out["incarnation"] = number_text(node.incarnation);
  out["address"] = text(node.address);
  out["zone"] = text(node.zone);
  out["status"] = to_string(node.status);
  out["since"] = time_or_null(node.since);
  out["session_timeout_ms"] = node.session_timeout.count();
  return out;
}

}  // namespace

std::string json(const ServiceList& list) {
  object out;
  out["index"] = list.index;
  out["services"] = each(list.services, summary_object);
  return written(out);
}

std::string json(const ServiceResult& result) {
  object out;
  out["service"] = text(result.service.value);
  out["index"] = result.index;
  out["sure"] = result.sure;
  out["protected_for"] = reason_or_null(result.protected_for);
  out["protected_since"] = time_or_null(result.protected_since);
  out["instances"] = each(result.instances, instance_object);
  out["departed"] = each(result.departed, departed_object);
  return written(out);
}

std::string json(const RegisterOk& registered) {
  object out;
  out["service"] = text(registered.service.value);
  out["instance"] = text(registered.instance.value);
  out["incarnation"] = number_text(registered.incarnation);
  out["session_timeout_ms"] = registered.session_timeout.count();
  out["heartbeat_interval_ms"] = registered.heartbeat_interval.count();
  out["index"] = registered.index;
  return written(out);
}

std::string json(const NodeList& list) {
  object out;
  out["nodes"] = each(list.nodes, node_object);
  return written(out);
}

}  // namespace muster::cli
