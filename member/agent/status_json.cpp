#include "status_json.hpp"

#include <json_writer.hpp>

namespace muster::agent {
namespace {

std::string_view to_string(Health health) {
  switch (health) {
    case Health::well:
      return "passing";
    case Health::overloaded:
      return "overloaded";
    case Health::unknown:
      return "unknown";
    case Health::critical:
      return "critical";
    case Health::dead:
      return "dead";
  }
  return "?";
}

void append(wire::JsonWriter& w, const Unit& unit, const Desk& desk) {
  const ServiceSpec& spec = unit.spec();
  const Standing standing = unit.standing();
  w.open('{');
  w.field("service", spec.service.value);
  w.field("instance", spec.instance.value);
  w.field("phase", to_string(unit.phase()));
  if (standing.wanted)
    w.field("status", to_string(standing.status));
  else
    w.field_or_null("status", "");
  w.field("pid", unit.pid());
  w.key("incarnation");
  w.token(unit.incarnation());
  w.field("starts", unit.starts());
  w.field("why", unit.phase() == Phase::running || unit.phase() == Phase::starting ? standing.words
                                                                                   : unit.words());
  w.key("registered");
  w.truth(desk.registered(spec.instance));
  w.field_or_null("refused", desk.trouble(spec.instance));
  w.each("checks", unit.checks(), [&](const CheckHealth& check) {
    w.open('{');
    w.field("check", in_words(check.spec()));
    w.field("health", to_string(check.health()));
    w.field("misses", check.misses());
    w.field("last", check.words());
    w.close('}');
  });
  w.close('}');
}

}  // namespace

std::string status_json(const Supervisor& supervisor, const Surroundings& around) {
  std::string out;
  wire::JsonWriter w(out);
  w.open('{');
  w.field("node", supervisor.spec().node.value);
  w.field("pid", around.pid);
  w.field("folder", around.folder);
  w.key("connected");
  w.truth(supervisor.desk().up());
  w.field_or_null("trouble", around.server_trouble.empty() ? supervisor.desk().node_trouble()
                                                           : around.server_trouble);
  w.field("cgroup", around.cgroup);
  w.field("checks_waiting", supervisor.checks_waiting());
  w.key("stopping");
  w.truth(supervisor.shutting_down());
  w.key("services");
  w.open('[');
  for (const auto& [name, unit] : supervisor.units()) append(w, unit, supervisor.desk());
  w.close(']');
  w.close('}');
  return out;
}

std::string acknowledgement_json(const Acknowledgement& answer) {
  std::string out;
  wire::JsonWriter w(out);
  w.open('{');
  w.key("accepted");
  w.truth(answer.accepted);
  w.field("words", answer.words);
  w.close('}');
  return out;
}

}  // namespace muster::agent
