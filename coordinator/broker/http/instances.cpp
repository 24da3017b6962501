/// Instances of services: they register, beat, report, and go.
#include "body.hpp"
#include "door_parts.hpp"
#include "handlers.hpp"

#include <muster/core/view.hpp>

#include <json_writer.hpp>
#include <services_json.hpp>

#include <charconv>

namespace muster::broker::http {
namespace {

std::string quoted(const std::string& name) {
  return "\"" + name.substr(0, 80) + "\"";
}

bool has_instance(const Host& host, const std::string& service, const std::string& id) {
  const auto view = host.view(core::shard_of(service, host.shards()));
  const auto* const found = view->services.find(service);
  return found != nullptr && (*found)->instances.find(std::string_view{id}) != nullptr;
}

/// All services that have an instance of this id.
std::vector<std::string> services_with(const Host& host, const std::string& id) {
  std::vector<std::string> out;
  for (const auto& view : host.views())
    view->services.for_each([&](const std::string& name, const auto& service) {
      if (service->instances.find(std::string_view{id}) != nullptr) out.push_back(name);
    });
  return out;
}

/// The service of the instance in the path: as the parameter says, as it was the last time, or the
/// only one that has such an instance.
std::variant<std::string, Response> service_of(Call& call) {
  const std::string& id = call.captures.front();
  if (const std::string* const named = call.parameter("service")) return *named;
  if (const std::string* const known = call.loop.service_names.find(id, call.begun);
      known != nullptr && has_instance(call.host, *known, id))
    return *known;
  const std::vector<std::string> all = services_with(call.host, id);
  if (all.empty())
    return failure(Errc::unknown_instance,
                   "instance " + quoted(id) + " is not registered: register it");
  if (all.size() > 1)
    return failure(409, "ambiguous",
                   "instance " + quoted(id) + " is registered for " + all[0] + " and " + all[1] +
                       ": say which with ?service=");
  call.loop.service_names.put(id, all.front(), call.begun);
  return all.front();
}

std::variant<Incarnation, Response> incarnation_of(const Call& call) {
  return number_parameter(call, "incarnation", 0, 0, UINT64_MAX);
}

/// Whom the path and the parameters mean.
struct Who {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
};
std::variant<Who, Response> who_of(Call& call) {
  auto incarnation = incarnation_of(call);
  if (auto* const wrong = std::get_if<Response>(&incarnation)) return std::move(*wrong);
  auto service = service_of(call);
  if (auto* const wrong = std::get_if<Response>(&service)) return std::move(*wrong);
  return Who{ServiceName(std::get<std::string>(std::move(service))),
             InstanceId(std::string(call.captures.front())), std::get<Incarnation>(incarnation)};
}

std::string parameter_or(const Call& call, std::string_view name, const std::string& fallback) {
  const std::string* const value = call.parameter(name);
  return value == nullptr ? fallback : *value;
}

template <class Append>
Response told(Append append) {
  std::string body;
  wire::JsonWriter w(body);
  append(w);
  return json_response(std::move(body));
}

Response done(const ReplyBody&) {
  return json_response("{\"done\":true}");
}

}  // namespace

Outcome post_register(Call& call) {
  auto parsed = parse_register(call.request.body);
  if (const auto* const wrong = std::get_if<Error>(&parsed))
    return failure(wrong->code, wrong->message);
  Register request = std::get<Register>(std::move(parsed));
  if (request.info.address.empty()) request.info.address = call.peer.to_string();
  LoopDoor& loop = call.loop;
  return Submit{std::move(request), [&loop](const ReplyBody& reply) {
                  const auto& ok = std::get<RegisterOk>(reply);
                  loop.service_names.forget(ok.instance.value);  // it may be another's, too
                  return told([&](wire::JsonWriter& w) { wire::append_json(w, ok); });
                }};
}

Outcome put_heartbeat(Call& call) {
  auto found = who_of(call);
  if (auto* const wrong = std::get_if<Response>(&found)) return std::move(*wrong);
  Who& who = std::get<Who>(found);
  BeatInstance beat;
  beat.service = who.service;
  beat.instance = who.instance;
  beat.incarnation = who.incarnation;
  auto overloaded = truth_parameter(call, "overloaded");
  if (auto* const wrong = std::get_if<Response>(&overloaded)) return std::move(*wrong);
  if (std::get<bool>(overloaded)) beat.flags = beat_overloaded;
  return Submit{std::move(beat), [who = std::move(who)](const ReplyBody& reply) {
                  const auto& ok = std::get<HeartbeatOk>(reply);
                  return told([&](wire::JsonWriter& w) {
                    w.open('{');
                    w.field("service", who.service.value);
                    w.field("instance", who.instance.value);
                    w.field("session_timeout_ms", ok.session_timeout_ms);
                    w.field("heartbeat_interval_ms",
                            heartbeat_interval(Millis{ok.session_timeout_ms}).count());
                    w.close('}');
                  });
                }};
}

Outcome put_report(Call& call) {
  auto parsed = parse_report(call.request.body);
  if (const auto* const wrong = std::get_if<Error>(&parsed))
    return failure(wrong->code, wrong->message);
  auto found = who_of(call);
  if (auto* const wrong = std::get_if<Response>(&found)) return std::move(*wrong);
  Who& who = std::get<Who>(found);
  ReportBody& said = std::get<ReportBody>(parsed);
  Report report;
  report.service = std::move(who.service);
  report.instance = std::move(who.instance);
  report.incarnation = who.incarnation;
  report.status = said.status;
  report.detail = std::move(said.detail);
  return Submit{std::move(report), done};
}

Outcome put_deregister(Call& call) {
  auto found = who_of(call);
  if (auto* const wrong = std::get_if<Response>(&found)) return std::move(*wrong);
  Who& who = std::get<Who>(found);
  Deregister request;
  request.service = std::move(who.service);
  request.instance = std::move(who.instance);
  request.incarnation = who.incarnation;
  request.why = parameter_or(call, "why", "");
  return Submit{std::move(request), done};
}

Outcome put_maintenance(Call& call) {
  if (call.parameter("enable") == nullptr)
    return failure(Errc::invalid_request, "say enable=true or enable=false");
  auto enable = truth_parameter(call, "enable");
  if (auto* const wrong = std::get_if<Response>(&enable)) return std::move(*wrong);
  auto found = who_of(call);
  if (auto* const wrong = std::get_if<Response>(&found)) return std::move(*wrong);
  Who& who = std::get<Who>(found);
  SetMaintenance request;
  request.service = std::move(who.service);
  request.instance = std::move(who.instance);
  request.on = std::get<bool>(enable);
  request.why = parameter_or(call, "why", "");
  return Submit{std::move(request), done};
}

Outcome put_unprotect(Call& call) {
  EndProtection request;
  request.service = ServiceName(std::string(call.captures.front()));
  request.why = parameter_or(call, "why", "");
  return Submit{std::move(request), done};
}

}  // namespace muster::broker::http
