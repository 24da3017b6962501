/// Every command of the program as a plain struct: what arguments.cpp makes of the command line,
/// and what run.cpp carries out. One file per family implements them.
#pragma once

#include "client.hpp"

#include <muster/types.hpp>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster::cli {

// topics.cpp
struct TopicsCreate {
  std::string topic;
  std::int32_t partitions = 0;
  bool if_not_exists = false;
};
struct TopicsList {
  std::string prefix;
};
struct TopicsDescribe {
  std::string topic;
};
struct TopicsGrow {
  std::string topic;
  std::int32_t partitions = 0;
};
struct TopicsDelete {
  std::string topic;
};
// follow.cpp
struct TopicsFollow {
  std::string topic;
  std::string kafka;        ///< HOST:PORT[,HOST:PORT...]
  std::string kafka_topic;  ///< Empty: of the same name.
  Millis interval{5'000};
  bool once = false;
  std::vector<std::string> kafka_properties;
  std::string kafka_config;
};

// groups.cpp
struct GroupsList {
  std::string prefix;
};
struct GroupsDescribe {
  std::string group;
  bool partitions = false;  ///< One line per partition, with its token.
};
struct GroupsMembers {
  std::string group;
};
struct GroupsDelete {
  std::string group;
};
struct GroupsAlter {
  std::string group;
  std::optional<std::string> assignor;
  std::optional<Millis> first_assignment_delay;
};
struct MembersExpel {
  std::string group;
  std::string member;
  std::string why;
};

// why.cpp
struct GroupsWhy {
  std::string group;
  Epoch epoch = 0;       ///< 0: all that are kept.
  std::size_t last = 0;  ///< At most so many; 0: all.
};

// offsets.cpp
/// Partitions of one topic, by name: "orders" is all of it, "orders:0-15,20" some.
struct TopicRanges {
  std::string topic;
  std::optional<std::vector<PartitionIndex>> partitions;
  Offset offset = -1;  ///< Of OffsetsSet.
  friend bool operator==(const TopicRanges&, const TopicRanges&) = default;
};
/// Nothing if it is malformed. `with_offset`: "orders:0-15=100" (or "orders=0" for all of it).
[[nodiscard]] std::optional<TopicRanges> parse_topic_ranges(std::string_view text,
                                                            bool with_offset);

struct GroupsOffsets {
  std::string group;
  std::vector<TopicRanges> only;  ///< Empty: all that are committed.
};
struct OffsetsSet {
  std::string group;
  std::vector<TopicRanges> offsets;
  std::string metadata;
};
struct OffsetsDelete {
  std::string group;
  std::vector<TopicRanges> partitions;
};

// events.cpp
struct Events {
  std::optional<std::string> group;
  std::vector<std::uint64_t> after;   ///< Per shard, exclusive; shorter: from the first kept.
  std::optional<std::uint64_t> last;  ///< Of what is kept: so many, the newest; absent: all.
  std::uint64_t limit = 0;            ///< End after so many; 0: no bound.
  bool follow = false;
  std::string from_kafka = {};  ///< The mirror, as kafka://…; empty: the broker.
  std::vector<std::string> kafka_properties = {};
  std::string kafka_config = {};
  bool owners = false;     ///< Of the mirror: print who owns what in the end, not the events.
  std::string until = {};  ///< Of the mirror: only what was up to this time, as in the JSON.
};

/// "0:120,3:7" (shard:number). Nothing if it is malformed.
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_positions(std::string_view text);

// metrics.cpp
struct MetricsShow {
  std::string prefix;
};

// top.cpp
struct Top {
  Millis every{1'000};
  std::uint64_t rounds = 0;  ///< 0: until interrupted.
  std::size_t groups = 20;   ///< At most so many are shown.
};

// join.cpp
struct JoinGroup {
  std::string group;
  std::vector<std::string> topics;
  std::string instance;  ///< group.instance.id; empty: a dynamic member.
  std::string client_id;
  std::string address;
  std::string zone;
  std::string assignor;
  std::uint32_t weight = 1;
  Millis session_timeout{45'000};
  Millis rebalance_timeout{300'000};
  Millis max_poll_interval{300'000};
  std::uint64_t changes = 0;         ///< Leave after so many changes; 0: until interrupted.
  std::vector<std::string> command;  ///< Run once per change; empty: print the change.
};

// services.cpp
struct ServicesList {
  std::string prefix;
};
struct ServicesShow {
  std::string service;
};
struct ServicesExplain {  // explain.cpp
  std::string service;
  std::string instance;
};
struct ServicesLookup {
  std::string service;
  std::string tag;
  std::string zone;
};
struct ServicesWatch {
  std::string service;
  std::uint64_t changes = 0;  ///< End after so many results; 0: until interrupted.
};
struct ServicesRegister {
  std::string service;
  std::string instance;
  std::string address;
  std::uint16_t port = 0;
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> meta;
  std::uint32_t weight = 1;
  std::string zone;
  std::string node;
  std::string owner;
  Incarnation incarnation = 0;
  Millis session_timeout{15'000};
  Status status = Status::starting;
  std::vector<Check> checks;
};
struct ServicesHeartbeat {
  std::string service;
  std::string instance;
  Incarnation incarnation = 0;
  std::optional<Status> status;  ///< A check's word; none: a plain heartbeat.
  std::string detail;
};
struct ServicesDeregister {
  std::string service;
  std::string instance;
  Incarnation incarnation = 0;
  std::string why;
};
struct ServicesMaintenance {
  std::string service;
  std::string instance;
  bool end = false;
  std::string why;
};
struct ServicesUnprotect {
  std::string service;
  std::string why;
};
struct NodesList {
  std::string prefix;
};
struct Health {
  std::string service;   ///< Empty: the broker itself.
  std::string instance;  ///< Empty: any of the service.
};

// agent.cpp
struct AgentServe {
  std::string config;
  std::string folder;  ///< Empty: agent::default_folder().
};
struct AgentRun {
  std::string service;
  std::string instance;  ///< Empty: made of the service, the host and the port.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> meta;
  std::uint32_t weight = 1;
  std::string zone;
  std::string node;
  Millis session_timeout{15'000};
  std::vector<std::string> http;      ///< Path or URL of a check.
  std::vector<std::string> tcp;       ///< HOST:PORT or :PORT.
  std::vector<std::string> commands;  ///< For a shell.
  std::optional<Millis> interval;
  std::optional<Millis> check_timeout;
  std::string restart = "on-failure";
  std::optional<std::uint32_t> restart_budget;
  std::optional<Millis> restart_window;
  std::optional<Millis> start_timeout;
  std::optional<Millis> stop_grace;
  std::optional<Millis> drain;
  std::string folder;
  std::vector<std::string> command;
};
/// "status", "restart", "reload" and "stop", for the agent of a folder.
struct AgentOrder {
  std::string order;
  std::string name;  ///< Of restart: a service or an instance.
  std::string folder;
};

// guard.cpp
struct Guard {
  std::string service;
  std::string instance;  ///< Empty: this host's only one.
  std::string node;      ///< Empty: this machine's name.
  Millis grace{2'000};
  std::vector<std::string> command;
};

using Command =
    std::variant<TopicsCreate, TopicsList, TopicsDescribe, TopicsGrow, TopicsDelete, TopicsFollow,
                 GroupsList, GroupsDescribe, GroupsMembers, GroupsDelete, GroupsAlter, MembersExpel,
                 GroupsWhy, GroupsOffsets, OffsetsSet, OffsetsDelete, Events, MetricsShow, Top,
                 JoinGroup, ServicesList, ServicesShow, ServicesLookup, ServicesWatch,
                 ServicesRegister, ServicesHeartbeat, ServicesDeregister, ServicesMaintenance,
                 ServicesUnprotect, NodesList, Health, AgentServe, AgentRun, AgentOrder, Guard,
                 ServicesExplain>;

/// The whole command line.
struct Invocation {
  ClientOptions connection;
  bool json = false;
  Command command;
};

/// Where a command finds the broker and leaves its words.
struct Context {
  const ClientOptions& connection;
  std::ostream& out;
  std::ostream& notes;  ///< Standard error: what is no part of the result.
  bool json = false;
  bool terminal = false;  ///< `out` is one: it may be redrawn.
};

/// From the mirror: kafka_events.cpp, or without_kafka.cpp where librdkafka is missing.
void run_from_kafka(const Events& command, Context& context);
void run(const TopicsCreate& command, Context& context);
void run(const TopicsList& command, Context& context);
void run(const TopicsDescribe& command, Context& context);
void run(const TopicsGrow& command, Context& context);
void run(const TopicsDelete& command, Context& context);
void run(const TopicsFollow& command, Context& context);
void run(const GroupsList& command, Context& context);
void run(const GroupsDescribe& command, Context& context);
void run(const GroupsMembers& command, Context& context);
void run(const GroupsDelete& command, Context& context);
void run(const GroupsAlter& command, Context& context);
void run(const MembersExpel& command, Context& context);
void run(const GroupsWhy& command, Context& context);
void run(const GroupsOffsets& command, Context& context);
void run(const OffsetsSet& command, Context& context);
void run(const OffsetsDelete& command, Context& context);
void run(const Events& command, Context& context);
void run(const MetricsShow& command, Context& context);
void run(const Top& command, Context& context);
void run(const JoinGroup& command, Context& context);
void run(const ServicesList& command, Context& context);
void run(const ServicesShow& command, Context& context);
void run(const ServicesExplain& command, Context& context);
void run(const ServicesLookup& command, Context& context);
void run(const ServicesWatch& command, Context& context);
void run(const ServicesRegister& command, Context& context);
void run(const ServicesHeartbeat& command, Context& context);
void run(const ServicesDeregister& command, Context& context);
void run(const ServicesMaintenance& command, Context& context);
void run(const ServicesUnprotect& command, Context& context);
void run(const NodesList& command, Context& context);
void run(const Health& command, Context& context);
void run(const AgentServe& command, Context& context);
void run(const AgentRun& command, Context& context);
void run(const AgentOrder& command, Context& context);
void run(const Guard& command, Context& context);

/// Carries the command out. Gives the exit code; a failure is one sentence in `notes`.
[[nodiscard]] Exit run(const Invocation& invocation, std::ostream& out, std::ostream& notes,
                       bool terminal);

}  // namespace muster::cli
