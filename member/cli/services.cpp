/// `muster services`, `muster nodes` and `muster health`: the registry.
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>
#include <ostream>

namespace muster::cli {
namespace {

/// While nothing changes, a connection that follows is asked again after so long.
constexpr std::chrono::hours quiet{1};

std::string words_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ",") + shown(text);
  return out.empty() ? "-" : out;
}

std::string where(const std::string& address, std::uint16_t port) {
  const bool bare_v6 = address.find(':') != std::string::npos;
  const std::string host = bare_v6 ? "[" + shown(address) + "]" : shown_or_dash(address);
  return port == 0 ? host : host + ":" + std::to_string(port);
}

std::string status_words(const InstanceDescription& instance) {
  std::string out{to_string(instance.status)};
  if (instance.is_protected) out += ", protected";
  if (instance.degraded) out += ", flapping";
  return out;
}

std::string why(Reason reason, const std::string& detail) {
  if (reason == Reason::none) return shown_or_dash(detail);
  const std::string words{in_words(reason)};
  return detail.empty() ? words : words + ": " + shown(detail);
}

void print_instances(const ServiceResult& result, std::ostream& out) {
  Table table({{"INSTANCE"},
               {"STATUS"},
               {"ADDRESS"},
               {"WEIGHT", Table::Align::right},
               {"ZONE"},
               {"TAGS"},
               {"SINCE"},
               {"WHY"}});
  for (const InstanceDescription& one : result.instances)
    table.add({shown(one.instance.value), status_words(one), where(one.info.address, one.info.port),
               std::to_string(one.info.weight), shown_or_dash(one.info.zone),
               words_of(one.info.tags), clock_time(one.since, wall_now()),
               why(one.reason, one.detail)});
  table.print(out);
}

void print_departed(const ServiceResult& result, std::ostream& out) {
  if (result.departed.empty()) return;
  Table table({{"GONE"}, {"AT"}, {"LAST"}, {"ADDRESS"}, {"WHY"}});
  for (const DepartedDescription& one : result.departed)
    table.add({shown(one.instance.value), clock_time(one.at, wall_now()),
               std::string(to_string(one.last)), where(one.address, one.port),
               why(one.reason, one.detail)});
  out << '\n';
  table.print(out);
}

/// What a reader must know before the list.
void print_warnings(const ServiceResult& result, std::ostream& out) {
  if (result.protected_for != Reason::none)
    out << "protected since " << clock_time(result.protected_since, wall_now()) << ": "
        << in_words(result.protected_for) << '\n';
  if (!result.sure) out << "not sure yet: nobody was heard since the broker started\n";
}

ServiceResult look_up(Client& client, LookupService query) {
  auto result = client.ask<ServiceResult>(Query{query});
  if (!result.known)
    throw Failure(Exit::refused, "there is no service " + shown(query.service.value));
  return result;
}

Failure unsure(const ServiceName& service) {
  return {Exit::no_answer, "the broker is not sure about service " + shown(service.value) +
                               " yet: nobody was heard since it started"};
}

LookupService all_of(const std::string& service) {
  LookupService query;
  query.service = ServiceName(service);
  query.departed = true;
  return query;
}

void print_done(const Done& done, const std::string& sentence, Context& context) {
  if (context.json)
    context.out << json(done) << '\n';
  else
    context.out << sentence << '\n';
}

std::string name_of(const std::string& service, const std::string& instance) {
  return "instance " + shown(instance) + " of " + shown(service);
}

}  // namespace

void run(const ServicesList& command, Context& context) {
  Client client(context.connection);
  const auto list = client.ask<ServiceList>(Query{ListServices{command.prefix, false}});
  if (context.json) {
    context.out << json(list) << '\n';
    return;
  }
  Table table({{"SERVICE"},
               {"INSTANCES", Table::Align::right},
               {"HEALTHY", Table::Align::right},
               {"HANDED OUT", Table::Align::right},
               {"TAGS"},
               {"NOTE"}});
  for (const ServiceSummary& one : list.services)
    table.add({shown(one.service.value), std::to_string(one.instances), std::to_string(one.healthy),
               std::to_string(one.handed_out), words_of(one.tags),
               one.is_protected ? "protected" : "-"});
  table.print(context.out);
}

void run(const ServicesShow& command, Context& context) {
  Client client(context.connection);
  const ServiceResult result = look_up(client, all_of(command.service));
  if (context.json) {
    context.out << json(result) << '\n';
    return;
  }
  print_warnings(result, context.out);
  print_instances(result, context.out);
  print_departed(result, context.out);
}

void run(const ServicesLookup& command, Context& context) {
  Client client(context.connection);
  LookupService query;
  query.service = ServiceName(command.service);
  query.passing = true;
  query.tag = command.tag;
  query.zone = command.zone;
  const ServiceResult result = look_up(client, query);
  if (result.instances.empty() && !result.sure) throw unsure(result.service);
  if (context.json) {
    context.out << json(result) << '\n';
  } else {
    for (const InstanceDescription& one : result.instances)
      context.out << where(one.info.address, one.info.port) << '\n';
  }
  if (result.instances.empty())
    throw Failure(Exit::refused, "service " + shown(command.service) + " has nobody to hand out");
}

void run(const ServicesWatch& command, Context& context) {
  Client client(context.connection);
  LookupService query;
  query.service = ServiceName(command.service);
  query.follow = true;
  const std::uint64_t correlation = client.follow(Query{query});
  for (std::uint64_t told = 0; command.changes == 0 || told < command.changes;) {
    auto body = client.next(correlation, std::chrono::steady_clock::now() + quiet);
    if (!body) continue;
    const auto result = Client::as<ServiceResult>(std::move(*body));
    ++told;
    if (context.json) {
      context.out << json(result) << std::endl;
      continue;
    }
    const auto given = std::count_if(result.instances.begin(), result.instances.end(),
                                     [](const auto& one) { return one.handed_out; });
    context.out << clock_time(wall_now(), wall_now()) << "  " << shown(command.service)
                << "  index " << result.index << ", "
                << count_of(result.instances.size(), "instance") << ", " << given << " handed out"
                << '\n';
    print_warnings(result, context.out);
    print_instances(result, context.out);
    context.out << std::endl;
  }
}

void run(const ServicesRegister& command, Context& context) {
  Client client(context.connection);
  Register request;
  request.service = ServiceName(command.service);
  request.instance = InstanceId(command.instance);
  request.incarnation = command.incarnation;
  request.info.address = command.address;
  request.info.port = command.port;
  request.info.tags = command.tags;
  for (const auto& [key, value] : command.meta) request.info.meta.push_back({key, value});
  request.info.weight = command.weight;
  request.info.zone = command.zone;
  request.info.node = NodeName(command.node);
  request.info.checks = command.checks;
  request.session_timeout = command.session_timeout;
  request.owner = command.owner;
  request.status = command.status;
  const auto registered = client.ask<RegisterOk>(Request{request});
  if (context.json) {
    context.out << json(registered) << '\n';
    return;
  }
  context.out << name_of(command.service, registered.instance.value) << " registered";
  if (registered.session_timeout.count() > 0)
    context.out << "; a heartbeat is due every " << duration(registered.heartbeat_interval);
  context.out << '\n';
}

void run(const ServicesHeartbeat& command, Context& context) {
  Client client(context.connection);
  const ServiceName service(command.service);
  const InstanceId instance(command.instance);
  if (command.status) {
    const Report report{service, instance, command.incarnation, *command.status, command.detail};
    const auto done = client.ask<Done>(Request{report});
    return print_done(done,
                      name_of(command.service, command.instance) + " is reported " +
                          std::string(to_string(*command.status)),
                      context);
  }
  const BeatInstance beat{service, instance, command.incarnation, 0};
  const auto answer = client.ask<HeartbeatOk>(Request{beat});
  const Millis interval = heartbeat_interval(Millis{answer.session_timeout_ms});
  print_done(Done{},
             name_of(command.service, command.instance) + " heard; the next is due within " +
                 duration(interval),
             context);
}

void run(const ServicesDeregister& command, Context& context) {
  Client client(context.connection);
  const Deregister request{ServiceName(command.service), InstanceId(command.instance),
                           command.incarnation, command.why};
  print_done(client.ask<Done>(Request{request}),
             name_of(command.service, command.instance) + " deregistered", context);
}

void run(const ServicesMaintenance& command, Context& context) {
  Client client(context.connection);
  const SetMaintenance request{ServiceName(command.service), InstanceId(command.instance),
                               !command.end, command.why};
  print_done(client.ask<Done>(Request{request}),
             name_of(command.service, command.instance) +
                 (command.end ? " is out of maintenance" : " is in maintenance"),
             context);
}

void run(const ServicesUnprotect& command, Context& context) {
  Client client(context.connection);
  const EndProtection request{ServiceName(command.service), command.why};
  print_done(client.ask<Done>(Request{request}),
             "the protection of " + shown(command.service) + " has ended", context);
}

void run(const NodesList& command, Context& context) {
  Client client(context.connection);
  const auto list = client.ask<NodeList>(Query{ListNodes{command.prefix}});
  if (context.json) {
    context.out << json(list) << '\n';
    return;
  }
  Table table({{"NODE"}, {"STATUS"}, {"ADDRESS"}, {"ZONE"}, {"SINCE"}});
  for (const NodeDescription& one : list.nodes)
    table.add({shown(one.node.value), std::string(to_string(one.status)),
               shown_or_dash(one.address), shown_or_dash(one.zone),
               clock_time(one.since, wall_now())});
  table.print(context.out);
}

namespace {

/// Who is not handed out is no failure of his while the broker cannot know.
[[noreturn]] void not_well(const ServiceResult& result, const std::string& sentence) {
  if (!result.sure) throw unsure(result.service);
  throw Failure(Exit::refused, sentence);
}

std::string health_of(const ServiceResult& result) {
  const auto& all = result.instances;
  const auto given = static_cast<std::uint64_t>(
      std::count_if(all.begin(), all.end(), [](const auto& one) { return one.handed_out; }));
  const std::string name = shown(result.service.value);
  if (given > 0)
    return std::to_string(given) + " of " + count_of(all.size(), "instance") + " of " + name +
           " handed out";
  if (all.empty()) not_well(result, "service " + name + " has no instances");
  not_well(result, "none of " + count_of(all.size(), "instance") + " of " + name +
                       " is handed out: " + shown(all[0].instance.value) + " is " +
                       status_words(all[0]) + ", " + why(all[0].reason, all[0].detail));
}

std::string health_of(const ServiceResult& result, const std::string& instance) {
  const std::string what = name_of(result.service.value, instance);
  const auto found =
      std::find_if(result.instances.begin(), result.instances.end(),
                   [&](const InstanceDescription& one) { return one.instance.value == instance; });
  if (found == result.instances.end()) throw Failure(Exit::refused, what + " is not registered");
  if (!found->handed_out)
    not_well(result, what + " is " + status_words(*found) +
                         " and not handed out: " + why(found->reason, found->detail));
  return what + " is " + status_words(*found);
}

}  // namespace

void run(const Health& command, Context& context) {
  Client client(context.connection);
  std::string sentence = client.server().text() + " answers";
  if (command.service.empty()) {
    static_cast<void>(client.ask<TopicList>(Query{ListTopics{"-"}}));
  } else {
    const ServiceResult result = look_up(client, all_of(command.service));
    sentence = command.instance.empty() ? health_of(result) : health_of(result, command.instance);
  }
  print_done(Done{}, sentence, context);
}

}  // namespace muster::cli
