// Replies about services, instances and nodes.
#include "parts.hpp"
#include "replies.hpp"

namespace muster::wire {

At<fb::RegisterOk> build(Builder& b, const RegisterOk& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_present(b, m.instance.value);
  return fb::CreateRegisterOk(b, m.session.value, service, instance, m.incarnation,
                              m.session_timeout.count(), m.heartbeat_interval.count(), m.index);
}

RegisterOk read(Reader& r, const fb::RegisterOk& t) {
  return {.session = {t.session()},
          .service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .session_timeout = Millis{t.session_timeout_ms()},
          .heartbeat_interval = Millis{t.heartbeat_interval_ms()},
          .index = t.index()};
}

At<fb::NodeOk> build(Builder& b, const NodeOk& m) {
  return fb::CreateNodeOk(b, m.session.value, build_present(b, m.node.value), m.incarnation,
                          m.session_timeout.count(), m.heartbeat_interval.count());
}

NodeOk read(Reader& r, const fb::NodeOk& t) {
  return {.session = {t.session()},
          .node = r.name<NodeName>(t.node()),
          .incarnation = t.incarnation(),
          .session_timeout = Millis{t.session_timeout_ms()},
          .heartbeat_interval = Millis{t.heartbeat_interval_ms()}};
}

namespace {

At<fb::ServiceSummary> build_summary(Builder& b, const ServiceSummary& m) {
  const auto service = build_present(b, m.service.value);
  const auto tags = build_texts(b, m.tags);
  return fb::CreateServiceSummary(b, service, m.index, m.instances, m.healthy, m.handed_out,
                                  m.is_protected, tags);
}

ServiceSummary read_summary(Reader& r, const fb::ServiceSummary& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .index = t.index(),
          .instances = t.instances(),
          .healthy = t.healthy(),
          .handed_out = t.handed_out(),
          .is_protected = t.is_protected(),
          .tags = r.texts(t.tags())};
}

At<fb::InstanceDescription> build_instance(Builder& b, const InstanceDescription& m) {
  const auto instance = build_present(b, m.instance.value);
  const auto info = build_info(b, m.info);
  const auto owner = build_text(b, m.owner);
  const auto detail = build_text(b, m.detail);
  const auto beats = build_text(b, m.beats_detail);
  const auto reported = build_text(b, m.reported_detail);
  const auto probed = build_text(b, m.probed_detail);
  return fb::CreateInstanceDescription(
      b, instance, m.incarnation, info, m.session_timeout.count(), owner,
      static_cast<std::uint8_t>(m.status), static_cast<std::uint8_t>(m.reason), detail, m.since.ms,
      m.registered_at.ms, m.handed_out, m.is_protected, m.degraded,
      static_cast<std::uint8_t>(m.beats), beats, static_cast<std::uint8_t>(m.reported), reported,
      static_cast<std::uint8_t>(m.probed), probed);
}

InstanceDescription read_instance(Reader& r, const fb::InstanceDescription& t) {
  return {.instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .info = read_info(r, *t.info()),
          .session_timeout = Millis{t.session_timeout_ms()},
          .owner = r.text(t.owner()),
          .status = static_cast<Status>(t.status()),
          .reason = static_cast<Reason>(t.reason()),
          .detail = r.text(t.detail()),
          .since = {t.since_ms()},
          .registered_at = {t.registered_at_ms()},
          .handed_out = t.handed_out(),
          .is_protected = t.is_protected(),
          .degraded = t.degraded(),
          .beats = static_cast<Status>(t.beats()),
          .beats_detail = r.text(t.beats_detail()),
          .reported = static_cast<Status>(t.reported()),
          .reported_detail = r.text(t.reported_detail()),
          .probed = static_cast<Status>(t.probed()),
          .probed_detail = r.text(t.probed_detail())};
}

At<fb::DepartedDescription> build_departed(Builder& b, const DepartedDescription& m) {
  const auto instance = build_present(b, m.instance.value);
  const auto address = build_text(b, m.address);
  const auto detail = build_text(b, m.detail);
  return fb::CreateDepartedDescription(b, instance, m.incarnation, address, m.port, m.at.ms,
                                       static_cast<std::uint8_t>(m.last),
                                       static_cast<std::uint8_t>(m.reason), detail);
}

DepartedDescription read_departed(Reader& r, const fb::DepartedDescription& t) {
  return {.instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .address = r.text(t.address()),
          .port = t.port(),
          .at = {t.at_ms()},
          .last = static_cast<Status>(t.last()),
          .reason = static_cast<Reason>(t.reason()),
          .detail = r.text(t.detail())};
}

At<fb::NodeDescription> build_node(Builder& b, const NodeDescription& m) {
  const auto node = build_present(b, m.node.value);
  const auto address = build_text(b, m.address);
  const auto zone = build_text(b, m.zone);
  return fb::CreateNodeDescription(b, node, m.incarnation, address, zone,
                                   static_cast<std::uint8_t>(m.status), m.since.ms,
                                   m.session_timeout.count());
}

NodeDescription read_node(Reader& r, const fb::NodeDescription& t) {
  return {.node = r.name<NodeName>(t.node()),
          .incarnation = t.incarnation(),
          .address = r.text(t.address()),
          .zone = r.text(t.zone()),
          .status = static_cast<Status>(t.status()),
          .since = {t.since_ms()},
          .session_timeout = Millis{t.session_timeout_ms()}};
}

}  // namespace

At<fb::ServiceList> build(Builder& b, const ServiceList& m) {
  return fb::CreateServiceList(b, m.index, build_list(b, m.services, build_summary));
}

ServiceList read(Reader& r, const fb::ServiceList& t) {
  return {.index = t.index(), .services = r.list(t.services(), read_summary)};
}

At<fb::ServiceResult> build(Builder& b, const ServiceResult& m) {
  const auto service = build_present(b, m.service.value);
  const auto instances = build_list(b, m.instances, build_instance);
  const auto departed = build_list(b, m.departed, build_departed);
  return fb::CreateServiceResult(b, service, m.known, m.sure, m.index,
                                 static_cast<std::uint8_t>(m.protected_for), m.protected_since.ms,
                                 instances, departed);
}

ServiceResult read(Reader& r, const fb::ServiceResult& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .known = t.known(),
          .sure = t.sure(),
          .index = t.index(),
          .protected_for = static_cast<Reason>(t.protected_for()),
          .protected_since = {t.protected_since_ms()},
          .instances = r.list(t.instances(), read_instance),
          .departed = r.list(t.departed(), read_departed)};
}

At<fb::NodeList> build(Builder& b, const NodeList& m) {
  return fb::CreateNodeList(b, build_list(b, m.nodes, build_node));
}

NodeList read(Reader& r, const fb::NodeList& t) {
  return {.nodes = r.list(t.nodes(), read_node)};
}

}  // namespace muster::wire
