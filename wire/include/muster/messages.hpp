/// Every message between a member, an operator and the broker, as plain structs.
///
/// `Request`s go to the core and may change state. `Query`s are answered by the door from a View
/// and never enter the core. `ReplyBody` answers either; `PushBody` comes unasked. A field that a
/// message does not need has its default. The bytes are codec.hpp's business, not this file's.
#pragma once

#include <muster/errc.hpp>
#include <muster/events.hpp>
#include <muster/group_messages.hpp>
#include <muster/service_messages.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace muster {

/// Everything that the core handles, in one type. A new alternative goes to the end.
using Request = std::variant<Heartbeat, Pong, Release, Commit, Join, Resume, Update, Leave,
                             CreateTopic, GrowTopic, DeleteTopic, AlterOffsets, DeleteGroup,
                             ExpelMember, AlterGroup, Register, BeatInstance, Report, Deregister,
                             RegisterNode, BeatNode, DeregisterNode, SetMaintenance, EndProtection>;

struct ReadMetrics {};

using Query = std::variant<ListTopics, ListGroups, DescribeGroup, FetchOffsets, GroupHistory,
                           ReadEvents, ReadMetrics, ListServices, LookupService, ListNodes>;

struct Done {                           ///< Done, nothing to tell.
  std::uint64_t catalogue_version = 0;  ///< For changes of topics: the version that has it.
};
struct Metrics {
  std::string text;  ///< Prometheus text format.
};

/// The refusal of any request: typed, with a sentence that names the value and the bound.
struct Refusal {
  Errc code = Errc::ok;
  std::string message;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

using ReplyBody =
    std::variant<HeartbeatOk, Refusal, Done, JoinOk, ResumeOk, TopicChanged, TopicList, GroupList,
                 GroupDescription, OffsetList, HistoryList, EventList, Metrics, RegisterOk, NodeOk,
                 ServiceList, ServiceResult, NodeList>;

using PushBody = std::variant<Step, Ping, Expelled, Fenced>;

}  // namespace muster
