#include "inputs_text.hpp"

#include "flight_file.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace muster::broker::recorder {
namespace {

std::string topics_of(const std::vector<TopicName>& topics) {
  std::string out;
  for (const TopicName& topic : topics) out += (out.empty() ? "" : ", ") + topic.value;
  return out;
}

std::string session(SessionHandle handle) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(handle.value));
  return text.data();
}

std::string of_member(const MemberId& member, const GroupId& group) {
  return " " + member.value + " of group " + group.value;
}

std::string of_service(const InstanceId& instance, const ServiceName& service) {
  return " " + instance.value + " of service " + service.value;
}

struct Words {
  std::string operator()(const Heartbeat& r) const {
    return "heartbeat " + std::to_string(r.sequence) + " of session " + session(r.session) +
           ", progress " + std::to_string(r.progress);
  }
  std::string operator()(const Pong& r) const { return "pong of session " + session(r.session); }
  std::string operator()(const Join& r) const {
    return "join" + of_member(r.member, r.group) + ", topics " + topics_of(r.topics) + ", S " +
           std::to_string(r.session_timeout.count()) + " ms";
  }
  std::string operator()(const Resume& r) const {
    return "resume" + of_member(r.member, r.group) +
           (r.fenced_itself ? ", which fenced itself" : "");
  }
  std::string operator()(const Update& r) const {
    return "update of session " + session(r.session);
  }
  std::string operator()(const Leave& r) const { return "leave of session " + session(r.session); }
  std::string operator()(const Release& r) const {
    return "release of step " + std::to_string(r.step) + " by session " + session(r.session);
  }
  std::string operator()(const Commit& r) const {
    return "commit of " + std::to_string(r.offsets.size()) + " offsets";
  }
  std::string operator()(const CreateTopic& r) const {
    return "create topic " + r.topic.value + " of " + std::to_string(r.partitions) + " partitions";
  }
  std::string operator()(const GrowTopic& r) const {
    return "grow topic " + r.topic.value + " to " + std::to_string(r.partitions) + " partitions";
  }
  std::string operator()(const DeleteTopic& r) const { return "delete topic " + r.topic.value; }
  std::string operator()(const ExpelMember& r) const {
    return "expel" + of_member(r.member, r.group) + ": " + r.why;
  }
  std::string operator()(const DeleteGroup& r) const { return "delete group " + r.group.value; }
  std::string operator()(const AlterGroup& r) const { return "alter group " + r.group.value; }
  std::string operator()(const AlterOffsets& r) const {
    return "alter offsets of group " + r.group.value;
  }

  std::string operator()(const Register& r) const {
    return "register" + of_service(r.instance, r.service) + ", incarnation " +
           std::to_string(r.incarnation) + ", S " + std::to_string(r.session_timeout.count()) +
           " ms";
  }
  std::string operator()(const BeatInstance& r) const {
    return "heartbeat" + of_service(r.instance, r.service);
  }
  std::string operator()(const Report& r) const {
    return "report" + of_service(r.instance, r.service) + ": " + std::string{to_string(r.status)};
  }
  std::string operator()(const Deregister& r) const {
    return "deregister" + of_service(r.instance, r.service) + ": " + r.why;
  }
  std::string operator()(const SetMaintenance& r) const {
    return std::string{"maintenance "} + (r.on ? "on" : "off") + of_service(r.instance, r.service) +
           ": " + r.why;
  }
  std::string operator()(const EndProtection& r) const {
    return "end protection of service " + r.service.value + ": " + r.why;
  }
  std::string operator()(const RegisterNode& r) const {
    return "register node " + r.node.value + ", S " + std::to_string(r.session_timeout.count()) +
           " ms";
  }
  std::string operator()(const BeatNode& r) const { return "heartbeat of node " + r.node.value; }
  std::string operator()(const DeregisterNode& r) const {
    return "deregister node " + r.node.value + ": " + r.why;
  }

  std::string operator()(const Request& r) const { return std::visit(*this, r); }
  std::string operator()(const core::Woke& w) const {
    return "woke; the loop last ran at " + std::to_string(w.last_ran.ms) + " ms";
  }
  std::string operator()(const core::Tick&) const { return "tick"; }
  std::string operator()(const core::Loaded&) const { return "loaded"; }
  std::string operator()(const core::ConnectionClosed&) const { return "closed"; }
  std::string operator()(const core::PushStalled&) const { return "does not read"; }
  std::string operator()(const core::Stopping&) const { return "the host stops"; }
  std::string operator()(const core::CatalogueChange& c) const {
    return "catalogue version " + std::to_string(c.version);
  }
  std::string operator()(const core::NodesChange& c) const {
    return std::to_string(c.nodes.size()) + " nodes of shard " + std::to_string(c.from);
  }
  std::string operator()(const core::Probed& p) const {
    return "check " + std::to_string(p.check) + of_service(p.instance, p.service) + ": " +
           (p.result == core::Probed::Result::passed ? "passes" : p.detail);
  }
};

}  // namespace

std::string words(const core::Input& input) {
  std::string out = std::visit(Words{}, input.command);
  if (input.from.connection != 0)
    out += " (connection " + std::to_string(input.from.connection) + ")";
  return out;
}

std::string words(Wall at) {
  const std::time_t seconds = at.ms / 1'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> day{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%s.%03dZ", day.data(), static_cast<int>(at.ms % 1'000));
  return text.data();
}

Wall time_of(const std::string& text) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  unsigned millis = 0;
  int used = 0;
  if (rest != nullptr && std::sscanf(rest, ".%3u%n", &millis, &used) == 1) rest += used;
  if (rest != nullptr && *rest == 'Z') ++rest;
  if (rest == nullptr || *rest != '\0')
    throw FlightFileError("'" + text + "' is no time such as 2026-11-21T12:03:07Z");
  return {static_cast<std::int64_t>(::timegm(&parts)) * 1'000 + millis};
}

}  // namespace muster::broker::recorder
