/// Nodes: the hosts that agents beat for, and what becomes of the instances that live with them.
#pragma once

#include "turn.hpp"

#include <muster/core/registry_record.hpp>

#include <optional>
#include <string>

namespace muster::core {

[[nodiscard]] inline RecordKey node_key(const std::string& node) {
  return {RecordKind::node, node, {}, {}, 0, 0};
}

/// As far as this shard knows, whichever shard it lives in; nothing: there is no such node.
[[nodiscard]] std::optional<Status> node_status(Turn& turn, const std::string& node);

/// What an instance has for a ladder that lives with a node of this status; nothing: it died.
struct Inherited {
  Status ladder = Status::critical;
  Reason reason = Reason::node_dead;
};
[[nodiscard]] Inherited inherited(std::optional<Status> node);

/// The node's edge reaches the instances of this shard that live with it: one event for all.
/// Nothing: it is gone.
void apply_node_edge(Turn& turn, const std::string& node, std::optional<Status> status);

/// Looks later whether this node is there; those that live with it go if it is not.
void expect_node(Turn& turn, const std::string& node);
/// Removes those whose node did not come (back) in time.
void remove_orphans(Turn& turn);

/// As heard_instance() and check_instance().
Revision heard_node(Turn& turn, std::uint32_t slot, Status says);
void check_node(Turn& turn, std::uint32_t slot);

/// Ends a node's registration, and with it that of those that live with it, in a while.
void remove_node(Turn& turn, const NodeRecord& node, Reason reason, std::string detail,
                 Status last);

}  // namespace muster::core
