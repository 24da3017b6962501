// What instances of services and nodes ask, and those who act for them.
#include "parts.hpp"
#include "requests.hpp"

namespace muster::wire {

At<fb::Register> build(Builder& b, const Register& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_text(b, m.instance.value);
  const auto info = build_info(b, m.info);
  const auto owner = build_text(b, m.owner);
  return fb::CreateRegister(b, service, instance, m.incarnation, info, m.session_timeout.count(),
                            owner, static_cast<std::uint8_t>(m.status));
}

Register read(Reader& r, const fb::Register& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .info = read_info(r, *t.info()),
          .session_timeout = Millis{t.session_timeout_ms()},
          .owner = r.text(t.owner()),
          .status = static_cast<Status>(t.status())};
}

At<fb::BeatInstance> build(Builder& b, const BeatInstance& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_present(b, m.instance.value);
  return fb::CreateBeatInstance(b, service, instance, m.incarnation, m.flags);
}

BeatInstance read(Reader& r, const fb::BeatInstance& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .flags = t.flags()};
}

At<fb::Report> build(Builder& b, const Report& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_present(b, m.instance.value);
  const auto detail = build_text(b, m.detail);
  return fb::CreateReport(b, service, instance, m.incarnation, static_cast<std::uint8_t>(m.status),
                          detail);
}

Report read(Reader& r, const fb::Report& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .status = static_cast<Status>(t.status()),
          .detail = r.text(t.detail())};
}

At<fb::Deregister> build(Builder& b, const Deregister& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_present(b, m.instance.value);
  const auto why = build_text(b, m.why);
  return fb::CreateDeregister(b, service, instance, m.incarnation, why);
}

Deregister read(Reader& r, const fb::Deregister& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .incarnation = t.incarnation(),
          .why = r.text(t.why())};
}

At<fb::RegisterNode> build(Builder& b, const RegisterNode& m) {
  const auto node = build_present(b, m.node.value);
  const auto address = build_text(b, m.address);
  const auto zone = build_text(b, m.zone);
  return fb::CreateRegisterNode(b, node, m.incarnation, address, zone, m.session_timeout.count());
}

RegisterNode read(Reader& r, const fb::RegisterNode& t) {
  return {.node = r.name<NodeName>(t.node()),
          .incarnation = t.incarnation(),
          .address = r.text(t.address()),
          .zone = r.text(t.zone()),
          .session_timeout = Millis{t.session_timeout_ms()}};
}

At<fb::BeatNode> build(Builder& b, const BeatNode& m) {
  return fb::CreateBeatNode(b, build_present(b, m.node.value), m.incarnation, m.flags);
}

BeatNode read(Reader& r, const fb::BeatNode& t) {
  return {.node = r.name<NodeName>(t.node()), .incarnation = t.incarnation(), .flags = t.flags()};
}

At<fb::DeregisterNode> build(Builder& b, const DeregisterNode& m) {
  const auto node = build_present(b, m.node.value);
  const auto why = build_text(b, m.why);
  return fb::CreateDeregisterNode(b, node, m.incarnation, why);
}

DeregisterNode read(Reader& r, const fb::DeregisterNode& t) {
  return {
      .node = r.name<NodeName>(t.node()), .incarnation = t.incarnation(), .why = r.text(t.why())};
}

At<fb::SetMaintenance> build(Builder& b, const SetMaintenance& m) {
  const auto service = build_present(b, m.service.value);
  const auto instance = build_present(b, m.instance.value);
  const auto why = build_text(b, m.why);
  return fb::CreateSetMaintenance(b, service, instance, m.on, why);
}

SetMaintenance read(Reader& r, const fb::SetMaintenance& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .on = t.on(),
          .why = r.text(t.why())};
}

At<fb::EndProtection> build(Builder& b, const EndProtection& m) {
  const auto service = build_present(b, m.service.value);
  const auto why = build_text(b, m.why);
  return fb::CreateEndProtection(b, service, why);
}

EndProtection read(Reader& r, const fb::EndProtection& t) {
  return {.service = r.name<ServiceName>(t.service()), .why = r.text(t.why())};
}

}  // namespace muster::wire
