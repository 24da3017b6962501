/// The only file that includes CLI11, which costs ten seconds to compile.
#include "arguments.hpp"

#include "check_text.hpp"
#include "help.hpp"
#include "text.hpp"
#include "version.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <sstream>

namespace muster::cli {
namespace {

/// Adds an option whose text `parse` turns into the value; its nothing is a usage error.
template <class T, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& target, const std::string& help,
                        const std::string& expected, Parse parse) {
  const auto set = [&target, name, expected, parse](const std::string& text) {
    auto value = parse(text);
    if (!value) throw CLI::ValidationError(name, shown(text) + ": expected " + expected);
    target = std::move(*value);
  };
  return app.add_option_function<std::string>(name, set, help);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, Millis& target,
                          const std::string& help) {
  std::string with_default = help;
  if (target.count() > 0) with_default += " (default " + duration(target) + ")";
  return add_parsed(app, name, target, with_default,
                    "a number with its unit, as in 500ms, 3s, 5m, 1h", parse_duration)
      ->type_name("DURATION");
}

CLI::Option* add_topic_ranges(CLI::App& app, const std::string& name,
                              std::vector<TopicRanges>& target, bool with_offset) {
  const std::string expected = with_offset ? "TOPIC:RANGES=OFFSET, as in orders:0-15,20=0"
                                           : "TOPIC or TOPIC:RANGES, as in orders:0-15,20";
  const auto set = [&target, name, expected, with_offset](const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      auto part = parse_topic_ranges(text, with_offset);
      if (!part) throw CLI::ValidationError(name, shown(text) + ": expected " + expected);
      target.push_back(std::move(*part));
    }
  };
  return app.add_option_function<std::vector<std::string>>(
      name, set, "As " + expected.substr(0, expected.find(',')));
}

class Arguments {
 public:
  Arguments()
      : app_("See and steer a muster broker: topics, groups, members, offsets, services, events.",
             "muster") {
    app_.set_version_flag("--version", std::string("muster ") + version,
                          "Print the version and end");
    app_.set_help_flag("-h,--help", "Print this help and end");
    app_.set_help_all_flag("--help-all", "Print the help of all commands and end");
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(main_footer());
    add_parsed(app_, "--server", invocation_.connection.servers,
               "Servers, tried in this order (default 127.0.0.1:7400)", "HOST:PORT[,HOST:PORT...]",
               parse_servers)
        ->type_name("HOST:PORT,...")
        ->envname("MUSTER_SERVER");
    add_duration(app_, "--timeout", invocation_.connection.timeout,
                 "Time for reaching a server, and for each answer");
    app_.add_flag("--json", invocation_.json, "Print JSON for programs instead of tables");
    add_topics();
    add_groups();
    add_offsets();
    add_members();
    add_services();
    add_watching();
    add_join();
    add_agent();
    add_guard();
  }

  std::variant<Invocation, Ending> parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
      if (invocation_.connection.timeout.count() == 0)
        return Ending{Exit::usage, "muster: --timeout: 0 ms leaves no time for an answer\n"};
      return invocation_;
    } catch (const CLI::ParseError& error) {
      std::ostringstream out;
      std::ostringstream err;
      if (app_.exit(error, out, err) == 0) return Ending{Exit::ok, out.str()};
      std::string what = error.what();
      const auto odd = app_.remaining(true);
      if (what.ends_with("subcommand is required"))
        what = odd.empty() ? "a command is missing" : "there is no command " + odd.front();
      return Ending{Exit::usage,
                    "muster: " + shown_lines(what) + "\nRun with --help for more information.\n"};
    }
  }

 private:
  CLI::App& family(const std::string& name, const std::string& help) {
    CLI::App& app = *app_.add_subcommand(name, help);
    app.require_subcommand(1);
    app.fallthrough();
    return app;
  }

  /// A command under `parent`, and the struct that its options fill.
  template <class C>
  std::pair<CLI::App&, C&> add(CLI::App& parent, const std::string& name, const std::string& help) {
    auto command = std::make_shared<C>();
    CLI::App& app = *parent.add_subcommand(name, help);
    app.fallthrough();
    const std::string own = footer(&parent == &app_ ? name : parent.get_name() + " " + name);
    app.footer(own + (own.empty() ? "" : "\n\n") +
               "Options of all commands, --server, --timeout and --json: see muster --help.");
    app.set_help_all_flag();
    app.final_callback([this, command] { invocation_.command = *command; });
    return {app, *command};
  }

  void add_topics() {
    CLI::App& topics = family("topics", "Declare, grow and delete topics");
    auto [create, to_create] =
        add<TopicsCreate>(topics, "create", "Declare a topic with its number of partitions");
    create.add_option("TOPIC", to_create.topic, "Letters, digits, '.', '_', '-'; at most 249")
        ->required();
    create.add_option("--partitions", to_create.partitions, "Number of partitions")->required();
    create.add_flag("--if-not-exists", to_create.if_not_exists,
                    "Succeed if it exists with this number of partitions");
    auto [list, to_list] = add<TopicsList>(topics, "list", "List the topics");
    list.add_option("--prefix", to_list.prefix, "Only names that start so");
    auto [describe, to_describe] = add<TopicsDescribe>(topics, "describe", "Show one topic");
    describe.add_option("TOPIC", to_describe.topic, "Its name")->required();
    auto [grow, to_grow] = add<TopicsGrow>(topics, "grow", "Give a topic more partitions");
    grow.add_option("TOPIC", to_grow.topic, "Its name")->required();
    grow.add_option("--partitions", to_grow.partitions,
                    "The new number of partitions, not the difference")
        ->required();
    auto [remove, to_remove] = add<TopicsDelete>(topics, "delete", "Delete a topic");
    remove.add_option("TOPIC", to_remove.topic, "Its name")->required();
    auto [follow, to_follow] = add<TopicsFollow>(
        topics, "follow", "Keep a topic at the number of partitions of a topic of Kafka");
    follow.add_option("TOPIC", to_follow.topic, "Its name")->required();
    follow.add_option("--kafka", to_follow.kafka, "HOST:PORT[,HOST:PORT...]")->required();
    follow.add_option("--kafka-topic", to_follow.kafka_topic,
                      "Kafka's topic, if it has another name");
    add_duration(follow, "--interval", to_follow.interval, "Time between two looks");
    follow.add_flag("--once", to_follow.once, "Look once, and end");
    add_kafka_settings(follow, to_follow);
  }

  template <class Command>
  static void add_kafka_settings(CLI::App& app, Command& command) {
    app.add_option("--kafka-property", command.kafka_properties,
                   "A librdkafka setting, NAME=VALUE; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--kafka-config", command.kafka_config,
                   "File of librdkafka settings, the place for passwords");
  }

  void add_groups() {
    CLI::App& groups = family("groups", "Show, explain, alter and delete groups");
    auto [list, to_list] = add<GroupsList>(groups, "list", "List the groups");
    list.add_option("--prefix", to_list.prefix, "Only names that start so");
    auto [describe, to_describe] =
        add<GroupsDescribe>(groups, "describe", "Show one group: state, epochs, who owns what");
    describe.add_option("GROUP", to_describe.group, "Its name")->required();
    describe.add_flag("--partitions", to_describe.partitions,
                      "One line per partition, with its token");
    auto [members, to_members] = add<GroupsMembers>(
        groups, "members", "List a group's members and what they said of themselves");
    members.add_option("GROUP", to_members.group, "Its name")->required();
    auto [offsets, to_offsets] =
        add<GroupsOffsets>(groups, "offsets", "List a group's committed offsets");
    offsets.add_option("GROUP", to_offsets.group, "Its name")->required();
    add_topic_ranges(offsets, "PARTITIONS", to_offsets.only, false);
    auto [why, to_why] =
        add<GroupsWhy>(groups, "why", "Tell the history of a group's epochs in words");
    why.add_option("GROUP", to_why.group, "Its name")->required();
    why.add_option("--epoch", to_why.epoch, "Only this epoch, with the list of its moves")
        ->check(CLI::PositiveNumber);
    why.add_option("--last", to_why.last, "At most so many, the newest")
        ->check(CLI::PositiveNumber);
    auto [alter, to_alter] = add<GroupsAlter>(groups, "alter", "Change a group's settings");
    add_group_settings(alter, to_alter);
    auto [remove, to_remove] =
        add<GroupsDelete>(groups, "delete", "Delete a group without members");
    remove.add_option("GROUP", to_remove.group, "Its name")->required();
  }

  static void add_group_settings(CLI::App& app, GroupsAlter& command) {
    app.add_option("GROUP", command.group, "Its name")->required();
    app.add_option("--assignor", command.assignor,
                   "uniform, range; empty: what the members prefer");
    add_parsed(app, "--first-assignment-delay", command.first_assignment_delay,
               "Wait so long after the first join of an empty group",
               "a number with its unit, as in 500ms, 3s", parse_duration)
        ->type_name("DURATION");
    app.parse_complete_callback([&command] {
      if (!command.assignor && !command.first_assignment_delay)
        throw CLI::RequiredError("--assignor or --first-assignment-delay");
    });
  }

  void add_offsets() {
    CLI::App& offsets = family("offsets", "Set and delete committed offsets");
    auto [set, to_set] =
        add<OffsetsSet>(offsets, "set", "Set committed offsets of a group without members");
    set.add_option("GROUP", to_set.group, "Its name; it is made if it does not exist")->required();
    add_topic_ranges(set, "PARTITION=OFFSET", to_set.offsets, true)->required();
    set.add_option("--metadata", to_set.metadata,
                   "Text to keep with each offset, at most 4096 bytes");
    auto [remove, to_remove] = add<OffsetsDelete>(
        offsets, "delete", "Delete committed offsets of a group without members");
    remove.add_option("GROUP", to_remove.group, "Its name")->required();
    add_topic_ranges(remove, "PARTITIONS", to_remove.partitions, false)->required();
  }

  void add_members() {
    CLI::App& members = family("members", "Steer members");
    auto [expel, to_expel] =
        add<MembersExpel>(members, "expel", "End a member's session and give its work to others");
    expel.add_option("GROUP", to_expel.group, "Its group")->required();
    expel.add_option("MEMBER", to_expel.member, "Its id")->required();
    expel.add_option("--why", to_expel.why, "In words, kept in the event; at most 1000 bytes");
  }

  void add_services() {
    CLI::App& services = family("services", "Register, look up and steer instances of services");
    auto [list, to_list] = add<ServicesList>(services, "list", "List the services");
    list.add_option("--prefix", to_list.prefix, "Only names that start so");
    auto [show, to_show] =
        add<ServicesShow>(services, "show", "Show a service's instances, and who is gone");
    show.add_option("SERVICE", to_show.service, "Its name")->required();
    auto [explain, to_explain] = add<ServicesExplain>(
        services, "explain", "Say why an instance is what it is: each side's word, and its edges");
    add_instance(explain, to_explain);
    auto [lookup, to_lookup] = add<ServicesLookup>(
        services, "lookup", "Print the addresses that a consumer should use, best first");
    lookup.add_option("SERVICE", to_lookup.service, "Its name")->required();
    lookup.add_option("--tag", to_lookup.tag, "Only instances with this tag");
    lookup.add_option("--zone", to_lookup.zone, "Only instances in this zone");
    auto [watch, to_watch] =
        add<ServicesWatch>(services, "watch", "Print a service, and again after each change");
    watch.add_option("SERVICE", to_watch.service, "Its name")->required();
    watch.add_option("--changes", to_watch.changes, "End after so many results")
        ->check(CLI::PositiveNumber);
    add_registering(services);
    add_service_steering(services);
    CLI::App& nodes = family("nodes", "Show nodes");
    auto [nodes_list, to_nodes] = add<NodesList>(nodes, "list", "List the nodes");
    nodes_list.add_option("--prefix", to_nodes.prefix, "Only names that start so");
    auto [health, to_health] =
        add<Health>(app_, "health",
                    "Tell by the exit code whether the broker, a service or an "
                    "instance is well: for probes");
    health.add_option("SERVICE", to_health.service, "Somebody of it is handed out");
    health.add_option("INSTANCE", to_health.instance, "This one is");
  }

  /// The service and the instance that a command is about.
  template <class Command>
  static void add_instance(CLI::App& app, Command& command) {
    app.add_option("SERVICE", command.service, "Its service")->required();
    app.add_option("INSTANCE", command.instance, "Its id")->required();
  }

  template <class Target>
  static CLI::Option* add_status(CLI::App& app, Target& target, const std::string& help) {
    const auto parse = [](const std::string& text) -> std::optional<Status> {
      for (const Status status : {Status::healthy, Status::overloaded, Status::critical})
        if (text == to_string(status)) return status;
      return std::nullopt;
    };
    return add_parsed(app, "--status", target, help, "healthy, overloaded or critical", parse)
        ->type_name("STATUS");
  }

  static void add_meta(CLI::App& app, std::vector<std::pair<std::string, std::string>>& meta) {
    const auto set = [&meta](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == std::string::npos || equals == 0)
          throw CLI::ValidationError("--meta", shown(text) + ": expected KEY=VALUE");
        meta.emplace_back(text.substr(0, equals), text.substr(equals + 1));
      }
    };
    app.add_option_function<std::vector<std::string>>("--meta", set, "KEY=VALUE; may be repeated")
        ->allow_extra_args(false);
  }

  static void add_checks(CLI::App& app, ServicesRegister& command) {
    const auto set = [&command](const std::vector<std::string>& texts) {
      for (const std::string& text : texts) {
        const auto check = parse_check(text);
        if (!check)
          throw CLI::ValidationError("--check",
                                     shown(text) +
                                         ": expected http:/PATH, http:PORT/PATH, tcp or tcp:PORT, "
                                         "and perhaps @INTERVAL, such as @5s");
        command.checks.push_back(*check);
      }
    };
    app.add_option_function<std::vector<std::string>>(
           "--check", set,
           "What the broker asks it: http:/PATH, http:PORT/PATH, tcp or tcp:PORT, with @INTERVAL "
           "after it; may be repeated")
        ->allow_extra_args(false);
  }

  void add_registering(CLI::App& services) {
    auto [app, to] = add<ServicesRegister>(services, "register", "Register an instance");
    app.add_option("SERVICE", to.service, "A DNS label in lower case")->required();
    app.add_option("--instance", to.instance, "Its id; else the broker makes one");
    app.add_option("--address", to.address, "Host name or IP address")->required();
    app.add_option("--port", to.port, "Port");
    app.add_option("--tag", to.tags, "A tag; may be repeated")->allow_extra_args(false);
    add_meta(app, to.meta);
    app.add_option("--weight", to.weight, "Relative to the others")->capture_default_str();
    app.add_option("--zone", to.zone, "Zone or rack");
    app.add_option("--node", to.node, "The host it runs on");
    app.add_option("--owner", to.owner, "Who registers on its behalf");
    app.add_option("--incarnation", to.incarnation, "Higher with each start of its process");
    add_duration(app, "--session-timeout", to.session_timeout,
                 "Silence after which it is dead; 0s: it lives with its node");
    add_status(app, to.status, "What it begins as; else starting, until its first heartbeat");
    add_checks(app, to);
    auto [beat, to_beat] = add<ServicesHeartbeat>(services, "heartbeat",
                                                  "Send one heartbeat, or what a check has found");
    add_instance(beat, to_beat);
    beat.add_option("--incarnation", to_beat.incarnation, "Only if it is this one");
    add_status(beat, to_beat.status, "What a check has found");
    beat.add_option("--detail", to_beat.detail, "The same in words");
  }

  void add_service_steering(CLI::App& services) {
    auto [gone, to_gone] = add<ServicesDeregister>(services, "deregister", "End a registration");
    add_instance(gone, to_gone);
    gone.add_option("--incarnation", to_gone.incarnation, "Only if it is this one");
    gone.add_option("--why", to_gone.why, "In words, kept in the event");
    auto [maintenance, to_maintenance] = add<ServicesMaintenance>(
        services, "maintenance", "Take an instance out of the answers, or let it back");
    add_instance(maintenance, to_maintenance);
    maintenance.add_flag("--end", to_maintenance.end, "Let it back");
    maintenance.add_option("--why", to_maintenance.why, "In words, kept with it");
    auto [unprotect, to_unprotect] = add<ServicesUnprotect>(
        services, "unprotect", "End a service's protection: who is silent goes now");
    unprotect.add_option("SERVICE", to_unprotect.service, "Its name")->required();
    unprotect.add_option("--why", to_unprotect.why, "In words, kept in the event");
  }

  void add_watching() {
    auto [events, to_events] =
        add<Events>(app_, "events", "Print what has happened, and follow what happens");
    events.add_flag("--follow,-f", to_events.follow, "Go on with what happens from now on");
    events.add_option("--group", to_events.group, "Only of this group");
    events.add_option("--last", to_events.last,
                      "Of what is kept only so many, the newest; 0 is none");
    events.add_option("--limit", to_events.limit, "End after so many events")
        ->check(CLI::PositiveNumber);
    add_parsed(events, "--after", to_events.after, "Only what came after these positions",
               "SHARD:NUMBER[,SHARD:NUMBER...]", parse_positions)
        ->type_name("SHARD:NUMBER,...");
    add_kafka_reading(events, to_events);
    auto [metrics, to_metrics] = add<MetricsShow>(app_, "metrics", "Print the broker's counters");
    metrics.add_option("--prefix", to_metrics.prefix, "Only names that start so");
    auto [top, to_top] = add<Top>(app_, "top", "Show an overview that refreshes itself");
    add_duration(top, "--interval", to_top.every, "Time between two looks");
    top.add_option("--rounds", to_top.rounds, "End after so many looks")
        ->check(CLI::PositiveNumber);
    top.add_option("--groups", to_top.groups, "Show at most so many groups, the largest")
        ->capture_default_str();
  }

  static void add_kafka_reading(CLI::App& app, Events& command) {
    CLI::Option* const from =
        app.add_option("--from-kafka", command.from_kafka,
                       "Read the mirror instead: kafka://HOST:PORT[,HOST:PORT...]/TOPIC");
    app.add_flag("--owners", command.owners,
                 "Of the mirror: print who owns what in the end, rebuilt from the events alone")
        ->needs(from);
    app.add_option("--until", command.until,
                   "Of the mirror: only what was up to this time, as in 2026-11-21T14:03:07.123Z")
        ->needs(from);
    add_kafka_settings(app, command);
  }

  void add_join() {
    auto [join, to_join] = add<JoinGroup>(
        app_, "join", "Be a member: print each change of the assignment, or run a command for it");
    join.add_option("GROUP", to_join.group, "The group; it is made if it does not exist")
        ->required();
    join.add_option("--topic", to_join.topics, "A topic to work on; may be repeated")
        ->required()
        ->allow_extra_args(false);
    join.add_option("--instance", to_join.instance,
                    "group.instance.id, kept with the member and shown");
    join.add_option("--client-id", to_join.client_id, "Name that tools show");
    join.add_option("--address", to_join.address, "HOST:PORT at which others reach this member");
    join.add_option("--zone", to_join.zone, "Zone or rack");
    join.add_option("--weight", to_join.weight, "Capacity relative to the others; 0 takes no work")
        ->capture_default_str();
    join.add_option("--assignor", to_join.assignor, "Preferred assignor");
    add_duration(join, "--session-timeout", to_join.session_timeout,
                 "Silence after which the member is dead");
    add_duration(join, "--rebalance-timeout", to_join.rebalance_timeout,
                 "Time to give up what is revoked");
    add_duration(join, "--max-poll-interval", to_join.max_poll_interval,
                 "Time without progress that makes a zombie");
    join.add_option("--changes", to_join.changes, "Leave after so many changes")
        ->check(CLI::PositiveNumber);
    join.add_option("COMMAND", to_join.command, "Command and its arguments, after --");
  }

  static CLI::Option* add_folder(CLI::App& app, std::string& target) {
    return app
        .add_option("--run-dir", target,
                    "Folder of the agent: its lock, its socket, its memory (default "
                    "$XDG_RUNTIME_DIR/muster-agent, /run/muster-agent for root)")
        ->envname("MUSTER_AGENT_DIR");
  }

  template <class Target>
  static void add_optional_duration(CLI::App& app, const std::string& name, Target& target,
                                    const std::string& help) {
    add_parsed(app, name, target, help, "a number with its unit, as in 500ms, 3s, 5m",
               parse_duration)
        ->type_name("DURATION");
  }

  void add_agent() {
    CLI::App& agent = *app_.add_subcommand(
        "agent", "Start programs, watch them, speak for them at the broker, and restart them");
    agent.fallthrough();
    agent.footer(footer("agent"));
    auto serve = std::make_shared<AgentServe>();
    agent.add_option("--config", serve->config, "TOML file of services; see docs/agent.md");
    add_folder(agent, serve->folder);
    agent.require_subcommand(0, 1);
    agent.final_callback([this, serve, &agent] {
      if (!agent.get_subcommands().empty()) return;
      if (serve->config.empty()) throw CLI::RequiredError("--config, or a command of agent,");
      invocation_.command = *serve;
    });
    add_agent_run(agent);
    add_agent_order(agent, "status", "Show what the agent supervises, and how it is");
    AgentOrder& restart =
        add_agent_order(agent, "restart", "Restart a service, drained, whole, and at once");
    agent.get_subcommand("restart")
        ->add_option("SERVICE", restart.name, "A service of this agent, or one of its instances")
        ->required();
    add_agent_order(agent, "reload", "Read the configuration again; only what changed is touched");
    add_agent_order(agent, "stop", "Drain and stop everything, deregister, and end");
  }

  AgentOrder& add_agent_order(CLI::App& agent, const std::string& name, const std::string& help) {
    auto [app, to] = add<AgentOrder>(agent, name, help);
    to.order = name;
    add_folder(app, to.folder);
    return to;
  }

  void add_agent_run(CLI::App& agent) {
    auto [app, to] =
        add<AgentRun>(agent, "run", "Run one command as a service, without a configuration file");
    app.add_option("--service", to.service, "A DNS label in lower case")->required();
    app.add_option("--instance", to.instance, "Its id; else SERVICE-HOST, or SERVICE-HOST-PORT");
    app.add_option("--address", to.address, "Host name or IP address")->capture_default_str();
    app.add_option("--port", to.port, "Port");
    app.add_option("--tag", to.tags, "A tag; may be repeated")->allow_extra_args(false);
    add_meta(app, to.meta);
    app.add_option("--weight", to.weight, "Relative to the others")
        ->check(CLI::Range(0, 65'535))
        ->capture_default_str();
    app.add_option("--zone", to.zone, "Zone or rack");
    app.add_option("--node", to.node, "Name this host so; else by its own name");
    add_duration(app, "--session-timeout", to.session_timeout, "Silence after which it is dead");
    app.add_option("--http", to.http, "Check: a path, or http://HOST:PORT/PATH; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--tcp", to.tcp, "Check: :PORT or HOST:PORT; may be repeated")
        ->allow_extra_args(false);
    app.add_option("--check", to.commands,
                   "Check: a command for sh; 0 passing, 1 overloaded, else critical")
        ->allow_extra_args(false);
    add_optional_duration(app, "--interval", to.interval, "Time between two checks (default 5 s)");
    add_optional_duration(app, "--check-timeout", to.check_timeout,
                          "Time for one check (default 2 s)");
    app.add_option("--restart", to.restart, "When it has ended")
        ->check(CLI::IsMember({"always", "on-failure", "never"}))
        ->capture_default_str();
    app.add_option("--restart-budget", to.restart_budget,
                   "So many restarts in the window (default 5), then it ends for good")
        ->check(CLI::Range(0, 1'000));
    add_optional_duration(app, "--restart-window", to.restart_window, "(default 5 min)");
    add_optional_duration(app, "--start-timeout", to.start_timeout,
                          "Until then no check need be well (default 1 min)");
    add_optional_duration(app, "--stop-grace", to.stop_grace,
                          "Between SIGTERM and SIGKILL (default 10 s)");
    add_optional_duration(app, "--drain", to.drain,
                          "Between the word that it goes, and SIGTERM (default 2 s)");
    add_folder(app, to.folder);
    app.add_option("COMMAND", to.command, "Command and its arguments, after --")->required();
  }

  void add_guard() {
    auto [app, to] = add<Guard>(
        app_, "guard", "Run a command only while this host's instance of a service is healthy");
    app.add_option("--service", to.service, "The service")->required();
    app.add_option("--instance", to.instance, "The instance; else this host's only one");
    app.add_option("--node", to.node, "This host's name at the broker; else its own");
    add_duration(app, "--grace", to.grace, "Between SIGTERM and SIGKILL when that ends");
    app.add_option("COMMAND", to.command, "Command and its arguments, after --")->required();
  }

  Invocation invocation_;
  CLI::App app_;
};

}  // namespace

std::variant<Invocation, Ending> parse_arguments(std::vector<std::string> arguments) {
  return Arguments().parse(std::move(arguments));
}

}  // namespace muster::cli
