/// The messages of the registry: services, their instances, and nodes.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster {

// ---------------------------------------------------------------------------------------------
// Requests of services' instances, of nodes, and of those who act for them

struct MetaEntry {
  std::string key;
  std::string value;
  friend bool operator==(const MetaEntry&, const MetaEntry&) = default;
};

/// How the broker asks an instance whether it serves: the other way of its heartbeat. A passing
/// answer clears what was counted; the first that does not come makes it overloaded, the second
/// critical, the third ends it or unmasks it (docs/discovery.md).
struct Check {
  enum class Kind : std::uint8_t {
    tcp = 1,   ///< A connection is taken: passing.
    http = 2,  ///< GET: 2xx passing; 429 or a body that says "degraded" overloaded; else critical.
  };
  Kind kind = Kind::tcp;
  std::uint16_t port = 0;  ///< 0: the instance's.
  std::string path;        ///< Of http: begins with '/'; empty: "/". At most 256 bytes.
  Millis interval{5'000};  ///< 100 ms - 1 h.
  Millis timeout{2'000};   ///< An answer that takes longer did not come; at most the interval.
  Millis slow{1'000};      ///< One that takes longer is overloaded; 0: never.
  std::uint8_t falls = 1;  ///< Bad answers in a row before they count, 1-100.
  std::uint8_t rises = 1;  ///< Passing ones in a row before they count, 1-100.
  friend bool operator==(const Check&, const Check&) = default;
};
[[nodiscard]] std::string_view to_string(Check::Kind kind);

/// What an instance says about itself: where it is reached, and by what it is chosen.
struct InstanceInfo {
  std::string address;            ///< Host name or IP address, at most 253 bytes.
  std::uint16_t port = 0;         ///< 0: it has none.
  std::vector<std::string> tags;  ///< Sorted by the core, duplicates dropped.
  std::vector<MetaEntry> meta;    ///< Sorted by key; each key once.
  std::uint32_t weight = 1;       ///< Relative to the others of the service.
  std::string zone;
  NodeName node;              ///< The host it runs on; empty: it names none.
  std::vector<Check> checks;  ///< By the broker. Needs an IP address.
  friend bool operator==(const InstanceInfo&, const InstanceInfo&) = default;
};

/// Registers an instance, or registers it again. Answered by RegisterOk.
///
/// A higher incarnation than the present one replaces it at once, and its connection is told
/// (Fenced); a lower one is refused with stale_incarnation; the same one changes what is said about
/// it. 0 is the present one, or, if there is none, one above the last that is known.
struct Register {
  ServiceName service;
  InstanceId instance;  ///< Empty: the broker makes one.
  Incarnation incarnation = 0;
  InstanceInfo info;
  Millis session_timeout{15'000};  ///< S; 0: it does not beat for itself but lives with its node.
  std::string owner;               ///< Who registers on its behalf; empty: it does so itself.
  /// What it begins as: starting (until its first heartbeat), healthy, overloaded or critical.
  Status status = Status::starting;
};

/// A heartbeat for who knows its instance by name instead of by a session handle on its connection.
/// Answered by HeartbeatOk; unknown_instance tells to register again.
struct BeatInstance {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;  ///< 0: whichever is present.
  std::uint32_t flags = 0;      ///< beat_* bits.
};

/// What a check found: the instance is no better than this, until another report. A heartbeat, too.
struct Report {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
  Status status = Status::healthy;  ///< healthy, overloaded or critical.
  std::string detail;               ///< In words, at most 1000 bytes.
};

/// The instance is gone, by its own word or that of somebody who may say so.
struct Deregister {
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;  ///< 0: whichever is present.
  std::string why;              ///< In words; kept in the event. At most 1000 bytes.
};

/// Registers the host that an agent beats for; rules as for Register. Answered by NodeOk.
struct RegisterNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::string address;
  std::string zone;
  Millis session_timeout{15'000};
};
struct BeatNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::uint32_t flags = 0;
};
struct DeregisterNode {
  NodeName node;
  Incarnation incarnation = 0;
  std::string why;
};

/// An operator takes an instance out of the answers, or lets it back; its own status goes on below.
struct SetMaintenance {
  ServiceName service;
  InstanceId instance;
  bool on = true;
  std::string why;  ///< In words, at most 1000 bytes.
};
/// An operator ends a service's protection: who is dead goes now. Refused with not_protected.
struct EndProtection {
  ServiceName service;
  std::string why;
};

// ---------------------------------------------------------------------------------------------
// Queries: answered from a View

/// All services. With `follow` more answers come, each after the names or their tags have changed.
struct ListServices {
  std::string prefix;
  bool follow = false;
};
/// One service. With `follow` more answers come, each after its result has changed.
struct LookupService {
  ServiceName service;
  bool passing = false;   ///< Only those that are handed out.
  std::string tag;        ///< Only those with it; empty: all.
  std::string zone;       ///< Only those in it; empty: all.
  bool departed = false;  ///< Also those that are gone, as long as they are remembered.
  bool follow = false;
};
struct ListNodes {
  std::string prefix;
};

// ---------------------------------------------------------------------------------------------
// Replies to requests

struct RegisterOk {
  SessionHandle session;  ///< 0 if it does not beat for itself.
  ServiceName service;
  InstanceId instance;
  Incarnation incarnation = 0;
  Millis session_timeout{0};     ///< S.
  Millis heartbeat_interval{0};  ///< S / 3.
  std::uint64_t index = 0;       ///< Of the service's result that has it.
};
struct NodeOk {
  SessionHandle session;
  NodeName node;
  Incarnation incarnation = 0;
  Millis session_timeout{0};
  Millis heartbeat_interval{0};
};

// ---------------------------------------------------------------------------------------------
// Replies to queries

/// How many instances a service has, and in which status.
struct ServiceSummary {
  ServiceName service;
  std::uint64_t index = 0;
  std::uint32_t instances = 0;
  std::uint32_t healthy = 0;
  std::uint32_t handed_out = 0;
  bool is_protected = false;
  std::vector<std::string> tags;  ///< Of all its instances, sorted.
};
struct ServiceList {
  std::uint64_t index = 0;               ///< Rises with the names and their tags only.
  std::vector<ServiceSummary> services;  ///< Sorted by name.
};
struct InstanceDescription {
  InstanceId instance;
  Incarnation incarnation = 0;
  InstanceInfo info;
  Millis session_timeout{0};  ///< 0: it lives with its node.
  std::string owner;          ///< Who registered it on its behalf; empty: itself.
  Status status = Status::starting;
  Reason reason = Reason::none;  ///< Of that status.
  std::string detail;            ///< The same in words: evidence, a check's or an operator's words.
  Wall since;                    ///< Since when it has that status.
  Wall registered_at;
  bool handed_out = false;    ///< Whether a consumer should be given it.
  bool is_protected = false;  ///< It is handed out though it is critical or dead, as a last choice.
  bool degraded = false;      ///< It flaps: a last choice while it is so.
  // What each side says, of which the status is the verdict.
  Status beats = Status::starting;    ///< Its own heartbeats, or its node's.
  std::string beats_detail;           ///< In words; so are the next two.
  Status reported = Status::healthy;  ///< What it, or an agent, reports of it.
  std::string reported_detail;
  Status probed = Status::healthy;  ///< What its checks find: healthy to critical, or dead.
  std::string probed_detail;
};
/// An instance that is gone.
struct DepartedDescription {
  InstanceId instance;
  Incarnation incarnation = 0;
  std::string address;
  std::uint16_t port = 0;
  Wall at;
  Status last = Status::starting;  ///< The status that it went with.
  Reason reason = Reason::none;
  std::string detail;
};
struct ServiceResult {
  ServiceName service;
  bool known = false;  ///< It has instances, or had some lately.
  bool sure = true;    ///< False: after a restart none of it has been heard or judged yet.
  std::uint64_t index = 0;
  Reason protected_for = Reason::none;  ///< Why removal is held; none: it is not.
  Wall protected_since;
  std::vector<InstanceDescription> instances;  ///< `passing`: best first; else sorted by id.
  std::vector<DepartedDescription> departed;   ///< Newest first.
};
struct NodeDescription {
  NodeName node;
  Incarnation incarnation = 0;
  std::string address;
  std::string zone;
  Status status = Status::starting;
  Wall since;
  Millis session_timeout{0};
};
struct NodeList {
  std::vector<NodeDescription> nodes;  ///< Sorted by name.
};

// ---------------------------------------------------------------------------------------------
// Pushes

/// An instance's or node's session has ended by another's word, and why; the handle is void.
struct Fenced {
  ServiceName service;  ///< Empty for a node.
  InstanceId instance;
  NodeName node;
  Incarnation incarnation = 0;  ///< Of the one that has ended.
  Reason reason = Reason::none;
  std::string detail;
};

}  // namespace muster
