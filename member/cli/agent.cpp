/// `muster agent`: what the command line says, handed to member/agent.
#include "commands.hpp"
#include "table.hpp"
#include "text.hpp"
#include "version.hpp"

#include <agent/agent.hpp>
#include <agent/config.hpp>
#include <agent/control.hpp>
#include <agent/folder.hpp>
#include <agent/processes.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace muster::cli {
namespace {

std::string folder_of(const std::string& said) {
  return said.empty() ? agent::default_folder() : said;
}

agent::AgentOptions options_of(Context& context) {
  agent::AgentOptions out;
  for (const ServerAddress& server : context.connection.servers)
    out.servers.push_back(server.text());
  out.host = agent::host_name();
  out.client_name = std::string("muster agent ") + version;
  out.log = [&notes = context.notes](const std::string& sentence) {
    notes << clock_time(wall_now(), wall_now()) << "  " << shown(sentence) << std::endl;
  };
  return out;
}

int serve(agent::AgentOptions options) {
  try {
    return agent::run_agent(std::move(options));
  } catch (const agent::FolderError& error) {
    throw Failure(Exit::refused, error.what());
  } catch (const std::exception& error) {
    throw Failure(Exit::command_failed, error.what());
  }
}

Failure usage(const std::string& sentence) {
  return {Exit::usage, sentence};
}

void add_checks(const AgentRun& command, agent::ServiceSpec& spec) {
  const auto add = [&](agent::CheckSpec check) {
    check.interval = command.interval.value_or(check.interval);
    check.timeout = std::min(command.check_timeout.value_or(check.timeout), check.interval);
    check.slow = std::min(check.slow, check.timeout);
    spec.checks.push_back(std::move(check));
  };
  for (const std::string& text : command.http) {
    agent::CheckSpec check;
    if (!agent::parse_http_target(text, spec.info, check))
      throw usage("--http: " + shown(text) +
                  ": expected a path, if there is a --port, or http://HOST:PORT/PATH");
    add(check);
  }
  for (const std::string& text : command.tcp) {
    agent::CheckSpec check;
    if (!agent::parse_tcp_target(text, spec.info, check))
      throw usage("--tcp: " + shown(text) + ": expected :PORT or HOST:PORT");
    add(check);
  }
  for (const std::string& text : command.commands) {
    agent::CheckSpec check;
    check.kind = agent::CheckSpec::Kind::command;
    check.command = {"/bin/sh", "-c", text};
    add(check);
  }
}

void set_restart(const AgentRun& command, agent::ServiceSpec& spec) {
  for (const auto policy : {agent::RestartPolicy::always, agent::RestartPolicy::on_failure,
                            agent::RestartPolicy::never})
    if (command.restart == agent::to_string(policy)) spec.restart.policy = policy;
  spec.restart.budget = command.restart_budget.value_or(spec.restart.budget);
  spec.restart.window = command.restart_window.value_or(spec.restart.window);
  spec.start_timeout = command.start_timeout.value_or(spec.start_timeout);
  spec.stop_grace = command.stop_grace.value_or(spec.stop_grace);
  spec.drain = command.drain.value_or(spec.drain);
}

agent::ServiceSpec service_of(const AgentRun& command, const std::string& node) {
  agent::ServiceSpec out;
  out.service = ServiceName(command.service);
  if (const auto wrong = agent::wrong_label(command.service))
    throw usage("--service: " + shown(command.service) + ": " + *wrong);
  const std::string port = command.port == 0 ? "" : "-" + std::to_string(command.port);
  out.instance =
      InstanceId(command.instance.empty() ? command.service + "-" + node + port : command.instance);
  if (const auto wrong = agent::wrong_id(out.instance.value))
    throw usage("--instance: " + shown(out.instance.value) + ": " + *wrong);
  if (command.session_timeout < Millis{1'000} || command.session_timeout > Millis{1'800'000})
    throw usage("--session-timeout: " + duration(command.session_timeout) +
                ": expected 1 s to 30 min");
  out.command = command.command;
  out.info.address = command.address;
  out.info.port = command.port;
  out.info.tags = command.tags;
  std::sort(out.info.tags.begin(), out.info.tags.end());
  for (const auto& [key, value] : command.meta) out.info.meta.push_back({key, value});
  out.info.weight = command.weight;
  out.info.zone = command.zone;
  out.info.node = NodeName(node);
  out.session_timeout = command.session_timeout;
  set_restart(command, out);
  add_checks(command, out);
  return out;
}

// -------------------------------------------------------------------------------------------------

std::string text_of(const boost::json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  return value.is_null() ? std::string{} : boost::json::serialize(value);
}

void print_status(const boost::json::object& status, std::ostream& out) {
  const std::string trouble = text_of(status.at("trouble"));
  print_facts(out, {{"node", shown(text_of(status.at("node")))},
                    {"broker", status.at("connected").as_bool()
                                   ? "connected" + (trouble.empty() ? "" : ", " + shown(trouble))
                                   : "not connected: " + shown(trouble)},
                    {"cgroups", shown(text_of(status.at("cgroup")))}});
  out << '\n';
  Table table({{"SERVICE"},
               {"INSTANCE"},
               {"PHASE"},
               {"STATUS"},
               {"PID", Table::Align::right},
               {"STARTS", Table::Align::right},
               {"WHY"}});
  for (const boost::json::value& one : status.at("services").as_array()) {
    const auto& service = one.as_object();
    const std::string refused = text_of(service.at("refused"));
    const std::string pid = text_of(service.at("pid"));
    table.add({shown(text_of(service.at("service"))), shown(text_of(service.at("instance"))),
               text_of(service.at("phase")), shown_or_dash(text_of(service.at("status"))),
               pid == "0" ? "-" : pid, text_of(service.at("starts")),
               refused.empty() ? shown_or_dash(text_of(service.at("why")))
                               : "the broker refuses it: " + shown(refused)});
  }
  table.print(out);
}

}  // namespace

void run(const AgentServe& command, Context& context) {
  agent::AgentOptions options = options_of(context);
  try {
    options.spec = agent::read_config(command.config, options.host);
  } catch (const agent::ConfigError& error) {
    throw usage(error.what());
  }
  options.config_file = command.config;
  options.folder = folder_of(command.folder);
  static_cast<void>(serve(std::move(options)));
}

void run(const AgentRun& command, Context& context) {
  agent::AgentOptions options = options_of(context);
  const std::string node = command.node.empty() ? options.host : command.node;
  if (const auto wrong = agent::wrong_id(node))
    throw usage("--node: " + shown(node) + ": " + *wrong);
  options.spec.node = NodeName(node);
  // Several of them share a host: its agent, if there is one, beats for it.
  options.spec.beats_for_node = false;
  options.spec.one_liner = true;
  options.spec.session_timeout = command.session_timeout;
  options.spec.services.push_back(service_of(command, node));
  std::string name = options.spec.services.front().instance.value;
  std::replace(name.begin(), name.end(), '/', '_');
  options.folder = folder_of(command.folder) + "/" + name;
  throw PassedOn{serve(std::move(options))};
}

void run(const AgentOrder& command, Context& context) {
  const std::string line =
      command.name.empty() ? command.order : command.order + " " + command.name;
  if (line.find('\n') != std::string::npos) throw usage("SERVICE: a line feed is in no name");
  std::string text;
  try {
    text = agent::ask_agent(folder_of(command.folder), line,
                            static_cast<int>(context.connection.timeout.count()));
  } catch (const agent::FolderError& error) {
    throw Failure(Exit::unreachable, error.what());
  }
  boost::system::error_code bad;
  const boost::json::value answer = boost::json::parse(text, bad);
  const auto* fields = answer.if_object();
  if (bad || fields == nullptr)
    throw Failure(Exit::not_understood, "the agent's answer is none of ours");
  const auto* accepted = fields->if_contains("accepted");
  if (context.json)
    context.out << shown_json(text) << '\n';
  else if (accepted == nullptr)
    print_status(*fields, context.out);
  if (accepted == nullptr) return;
  const std::string words = shown(text_of(fields->at("words")));
  if (!accepted->as_bool()) throw Failure(Exit::refused, "refused: " + words);
  if (!context.json) context.out << words << '\n';
}

}  // namespace muster::cli
