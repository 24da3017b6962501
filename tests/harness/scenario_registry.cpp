#include "scenario.hpp"

#include <gtest/gtest.h>

namespace muster::test {

using namespace core;

namespace {

Millis pace(const FakeInstance& instance) {
  return heartbeat_interval(instance.session_timeout);
}

}  // namespace

FakeInstance& Scenario::serve(const std::string& service, const std::string& id,
                              const RegisterAs& as) {
  FakeInstance& i = instances_[service + "/" + id];
  i = FakeInstance{};
  i.service = service;
  i.id = id;
  i.connection = ++next_connection_;
  i.beating = as.beating && as.session_timeout > Millis{0};
  Register request;
  request.service = ServiceName{service};
  request.instance = InstanceId{id};
  request.incarnation = as.incarnation;
  request.info = {"10.0.0.1", as.port, as.tags, {}, 1, as.zone, NodeName{as.node}, as.checks};
  request.session_timeout = as.session_timeout;
  request.owner = as.owner;
  const ReplyBody reply = this->request(request, i.connection);
  const auto* ok = std::get_if<RegisterOk>(&reply);
  EXPECT_NE(ok, nullptr) << outcome(reply);
  if (ok == nullptr) return i;
  i.session = ok->session;
  i.incarnation = ok->incarnation;
  i.session_timeout = ok->session_timeout;
  EXPECT_EQ(ok->heartbeat_interval, ok->session_timeout / 3);
  i.next_beat = now_;
  if (!as.checks.empty()) {
    i.probe_interval = as.checks.front().interval;
    i.answers = core::Probed::Result::passed;
    i.next_probe = now_;
  }
  if (i.beating) beat(i);
  return i;
}

FakeInstance& Scenario::serve_node(const std::string& node, const RegisterAs& as) {
  FakeInstance& i = instances_[node];
  i = FakeInstance{};
  i.id = node;
  i.connection = ++next_connection_;
  i.beating = as.beating;
  RegisterNode request;
  request.node = NodeName{node};
  request.incarnation = as.incarnation;
  request.zone = as.zone;
  request.session_timeout = as.session_timeout;
  const ReplyBody reply = this->request(request, i.connection);
  const auto* ok = std::get_if<NodeOk>(&reply);
  EXPECT_NE(ok, nullptr) << outcome(reply);
  if (ok == nullptr) return i;
  i.session = ok->session;
  i.incarnation = ok->incarnation;
  i.session_timeout = ok->session_timeout;
  i.next_beat = now_;
  if (i.beating) beat(i);
  return i;
}

ReplyBody Scenario::beat(FakeInstance& i) {
  i.next_beat = now_ + pace(i);
  if (!i.by_name) {
    Heartbeat beat;
    beat.session = i.session;
    beat.sequence = ++i.beats;
    beat.flags = i.flags;
    return request(beat, i.connection);
  }
  if (i.service.empty()) return request(BeatNode{NodeName{i.id}, i.incarnation, i.flags});
  return request(BeatInstance{ServiceName{i.service}, InstanceId{i.id}, i.incarnation, i.flags});
}

ReplyBody Scenario::report(FakeInstance& i, Status status, const std::string& detail) {
  return request(Report{ServiceName{i.service}, InstanceId{i.id}, i.incarnation, status, detail});
}

ReplyBody Scenario::deregister(FakeInstance& i) {
  i.beating = false;
  if (i.service.empty())
    return request(DeregisterNode{NodeName{i.id}, i.incarnation, "by hand"}, i.connection);
  return request(Deregister{ServiceName{i.service}, InstanceId{i.id}, i.incarnation, "by hand"},
                 i.connection);
}

void Scenario::probe(FakeInstance& i, core::Probed::Result result, std::uint32_t check) {
  i.next_probe = now_ + i.probe_interval;
  core::Probed probed;
  probed.service = ServiceName{i.service};
  probed.instance = InstanceId{i.id};
  probed.incarnation = i.incarnation;
  probed.check = check;
  probed.result = result;
  probed.detail = "probe " + std::to_string(static_cast<int>(result));
  step({.command = probed});
}

ServiceResult Scenario::look_up(const std::string& service, bool passing) {
  LookupService query;
  query.service = ServiceName{service};
  query.passing = passing;
  query.departed = true;
  const ReplyBody reply = this->query(query);
  return std::get<ServiceResult>(reply);
}

std::vector<std::string> Scenario::handed_out(const std::string& service) {
  std::vector<std::string> out;
  for (const InstanceDescription& i : look_up(service, true).instances)
    out.push_back(i.instance.value);
  return out;
}

std::optional<Status> Scenario::status(const std::string& service, const std::string& id) {
  for (const InstanceDescription& i : look_up(service).instances)
    if (i.instance.value == id) return i.status;
  return std::nullopt;
}

void Scenario::beat_due_instances() {
  for (auto& [name, i] : instances_)
    if (i.beating && i.next_beat <= now_) beat(i);
  for (auto& [name, i] : instances_)
    if (i.answers && i.next_probe <= now_) probe(i, *i.answers);
}

void Scenario::tell_instances(const Push& push) {
  for (auto& [name, i] : instances_) {
    if (i.connection != push.to.connection) continue;
    if (std::holds_alternative<Ping>(push.body)) ++i.pings;
    const auto* fenced = std::get_if<Fenced>(&push.body);
    if (fenced == nullptr) continue;
    i.fenced = *fenced;
    i.beating = false;
  }
}

}  // namespace muster::test
