// muster-load: plays a fleet over the native door.
//
//   muster-load heartbeats --server 127.0.0.1:7400 --in-flight 16 --broker-pid $(pidof musterd)
//   muster-load registrations --instances 100000
//   muster-load join --members 10000 --partitions 10000
//   muster-load deaths --members 1000 --silent 100 --session-timeout 3000
//   muster-load steady --members 10000 --session-timeout 3000 --seconds 10
#include "scenarios.hpp"

#include <socket.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <stdexcept>
#include <variant>

namespace {

using namespace muster::load;

using Scenario = std::variant<std::monostate, Heartbeats, Registrations, Steady, JoinStorm, Deaths>;

void add_shape(CLI::App& app, FleetShape& shape) {
  app.add_option("--connections", shape.connections, "Connections that the members share")
      ->capture_default_str();
  app.add_option("--groups", shape.groups, "Groups, all of one topic")->capture_default_str();
  app.add_option("--members", shape.members, "Members over all groups")->capture_default_str();
  app.add_option("--partitions", shape.partitions, "Partitions of the topic")
      ->capture_default_str();
  app.add_option_function<std::int64_t>(
         "--session-timeout",
         [&shape](const std::int64_t& ms) { shape.session_timeout = muster::Millis{ms}; },
         "S, in milliseconds (default 3000)")
      ->check(CLI::Range(1'000, 1'800'000));
}

template <class S>
S& add(CLI::App& app, const char* name, const char* help, Scenario& chosen, S& scenario) {
  CLI::App& command = *app.add_subcommand(name, help)->fallthrough();
  if constexpr (requires { scenario.shape; }) add_shape(command, scenario.shape);
  command.final_callback([&chosen, &scenario] { chosen = scenario; });
  return scenario;
}

Target target_of(const std::string& server, pid_t broker, bool json) {
  const auto servers = muster::cli::parse_servers(server);
  if (!servers || servers->size() != 1) throw std::runtime_error(server + " is no HOST:PORT");
  return {servers->front().host, static_cast<std::uint16_t>(std::stoi(servers->front().port)),
          broker, json};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plays a fleet of members over the native door and measures the broker.",
               "muster-load");
  app.require_subcommand(1);
  std::string server = "127.0.0.1:7400";
  pid_t broker = 0;
  bool json = false;
  app.add_option("--server", server, "HOST:PORT, an IPv4 address")
      ->envname("MUSTER_SERVER")
      ->capture_default_str();
  app.add_option("--broker-pid", broker,
                 "Process id of the broker on this machine: its CPU time is measured");
  app.add_flag("--json", json, "One JSON object for each result");

  Scenario chosen;
  Heartbeats heartbeats;
  Registrations registrations;
  Steady steady;
  JoinStorm storm;
  Deaths deaths;
  std::int64_t seconds = 10;
  add(app, "heartbeats", "As many heartbeats as the broker answers", chosen, heartbeats);
  CLI::App& beats = *app.get_subcommand("heartbeats");
  beats.add_option("--connections", heartbeats.connections, "Connections")->capture_default_str();
  beats.add_option("--groups", heartbeats.groups, "Groups; a connection's members are in one")
      ->capture_default_str();
  beats.add_option("--members", heartbeats.members,
                   "Members over all connections (default: one on each)");
  beats.add_option("--in-flight", heartbeats.in_flight,
                   "Heartbeats in flight on each connection; one run for each value");
  beats.add_option("--beats", heartbeats.beats, "Heartbeats of a run (default: about a second's)");
  beats.add_flag("--instances", heartbeats.instances, "Of services' instances instead of members");
  add(app, "registrations", "As many registrations as become durable", chosen, registrations);
  CLI::App& registers = *app.get_subcommand("registrations");
  registers.add_option("--connections", registrations.connections, "Connections")
      ->capture_default_str();
  registers
      .add_option("--in-flight", registrations.in_flight,
                  "Registrations in flight on each connection")
      ->capture_default_str();
  registers.add_option("--services", registrations.services, "Services that they are spread over")
      ->capture_default_str();
  registers.add_option("--instances", registrations.instances, "Instances over all services")
      ->capture_default_str();
  add(app, "steady", "Heartbeats at a fixed rate", chosen, steady);
  app.get_subcommand("steady")->add_option("--rate", steady.rate,
                                           "Beats per second in all (default: members * 3 / S)");
  app.get_subcommand("steady")->add_option("--seconds", seconds, "How long")->capture_default_str();
  add(app, "join", "All join at once: time until everything is settled", chosen, storm);
  add(app, "deaths", "Some fall silent: time until they are expelled and their work is owned again",
      chosen, deaths);
  app.get_subcommand("deaths")
      ->add_option("--silent", deaths.silent, "How many fall silent")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    if (auto* it = std::get_if<Heartbeats>(&chosen); it != nullptr && it->in_flight.empty())
      it->in_flight = {1, 16, 256};
    if (auto* it = std::get_if<Steady>(&chosen)) it->time = std::chrono::seconds(seconds);
    const Target target = target_of(server, broker, json);
    std::visit(
        [&](const auto& scenario) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(scenario)>, std::monostate>)
            play(target, scenario);
        },
        chosen);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "muster-load: " << error.what() << '\n';
    return 1;
  }
}
