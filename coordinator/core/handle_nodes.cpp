#include "handle.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "nodes.hpp"
#include "registry_checks.hpp"
#include "silence.hpp"

#include <muster/core/view.hpp>
#include <muster/mutant.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace muster::core {
namespace {

std::shared_ptr<const NodeRecord> find_node(Turn& turn, const NodeName& name,
                                            Incarnation incarnation) {
  const NodeView* node = turn.state().registry().node(name.value);
  if (node == nullptr || incarnation > node->record->incarnation) {
    turn.refuse(Errc::unknown_node, named("node", name.value) + " is not registered: register it");
    return nullptr;
  }
  if (incarnation != 0 && incarnation < node->record->incarnation) {
    turn.refuse(Errc::stale_incarnation, "incarnation " + std::to_string(incarnation) + " of " +
                                             named("node", name.value) + " was replaced by " +
                                             std::to_string(node->record->incarnation));
    return nullptr;
  }
  return node->record;
}

/// Closes the present session; gives its connection.
std::uint64_t unseat(Turn& turn, const NodeView& present) {
  const std::uint64_t connection = turn.sessions()[present.slot].connection;
  forget_silence(turn, present.slot);
  turn.sessions().close(present.slot);
  return connection;
}

/// Tells the older incarnation, once the newer one is recorded.
void tell_replaced(Turn& turn, std::uint64_t connection, const NodeView& present, Incarnation by) {
  turn.push(connection, turn.revision(),
            Fenced{{},
                   {},
                   present.record->name,
                   present.record->incarnation,
                   Reason::replaced,
                   "incarnation " + std::to_string(by) + " took its place"});
}

/// Nodes that the other shard told of before, and which it has no more.
std::set<std::string> missing(Turn& turn, const NodesChange& change) {
  std::set<std::string> missing;
  if (!change.whole) return missing;
  for (const auto& [name, node] : turn.registry().nodes)
    if (node.from == change.from) missing.insert(name);
  for (const auto& one : change.nodes) missing.erase(one.node.value);
  return missing;
}

/// An earlier run ended after a node did there, and before that was told here: those that live with
/// it still have its last status. (Who waits for a node that never came is starting, and goes on.)
void bury_unheard_of(Turn& turn, const NodesChange& change) {
  if (!change.whole || change.shards == 0 || MUSTER_MUTANT(untold_end_stays_untold)) return;
  const auto& registry = turn.state().registry();
  const auto alive = [&](const std::pair<std::string, std::string>& key) {
    const InstanceRecord& record = *registry.instance(key.first, key.second)->record;
    return record.ladder != Status::starting && record.ladder_reason != Reason::node_dead;
  };
  for (const std::string& name : registry.depended_on()) {
    if (shard_of(name, change.shards) != change.from || node_status(turn, name)) continue;
    if (std::ranges::any_of(registry.dependents(name), alive))
      apply_node_edge(turn, name, std::nullopt);
  }
}

void put(Turn& turn, const RegisterNode& request, Incarnation incarnation,
         const NodeView* present) {
  const bool same = present != nullptr && present->record->incarnation == incarnation;
  NodeRecord record;
  if (same) record = *present->record;
  record.name = request.node;
  record.incarnation = incarnation;
  record.address = request.address;
  record.zone = request.zone;
  record.session_timeout = request.session_timeout;
  if (!same) record.since = turn.now().wall;
  if (same && record == *present->record) return;
  const std::uint64_t connection = present != nullptr ? unseat(turn, *present) : 0;
  turn.emit(node_key(request.node.value), record);
  if (present != nullptr && !same && !MUSTER_MUTANT(replaced_untold))
    tell_replaced(turn, connection, *present, incarnation);
  const std::uint32_t slot = turn.state().registry().node(request.node.value)->slot;
  open_plain_session(turn, slot, record.session_timeout, turn.time(), record.status).heard = true;
  watch_instance(turn, slot);
  Event event;
  event.kind = EventKind::node_registered;
  event.node = record.name.value;
  event.incarnation = incarnation;
  event.to = record.status;
  event.reason = present == nullptr ? Reason::registered
                 : same             ? Reason::reregistered
                                    : Reason::replaced;
  event.detail = record.address;
  turn.publish(std::move(event));
  if (!same) apply_node_edge(turn, record.name.value, record.status);
}

}  // namespace

void handle(Turn& turn, const RegisterNode& request) {
  if (!valid_registration(turn, request)) return;
  const std::string& name = request.node.value;
  const NodeView* known = turn.state().registry().node(name);
  const std::optional<NodeView> present =
      known == nullptr ? std::nullopt : std::optional<NodeView>{*known};
  const Incarnation had = present ? present->record->incarnation : 0;
  if (request.incarnation != 0 && request.incarnation < had)
    return turn.refuse(Errc::stale_incarnation, "incarnation " +
                                                    std::to_string(request.incarnation) + " of " +
                                                    named("node", name) + " is below " +
                                                    std::to_string(had) + ", which is registered");
  const Incarnation incarnation =
      request.incarnation != 0 ? request.incarnation : std::max<Incarnation>(had, 1);
  put(turn, request, incarnation, present ? &*present : nullptr);
  const std::uint32_t slot = turn.state().registry().node(name)->slot;
  const bool starting = turn.state().registry().node(name)->record->status == Status::starting;
  Revision after = starting ? heard_session(turn, slot) : heard_node(turn, slot, Status::healthy);
  NodeOk ok;
  ok.session = turn.sessions().bind(slot, turn.from());
  ok.node = request.node;
  ok.incarnation = incarnation;
  ok.session_timeout = request.session_timeout;
  ok.heartbeat_interval = heartbeat_interval(request.session_timeout);
  after = std::max(after, turn.revision());
  wait_for_answer(turn, slot, after);
  turn.reply_to(turn.input().id, after, std::move(ok));
}

void handle(Turn& turn, const BeatNode& beat) {
  const auto record = find_node(turn, beat.node, beat.incarnation);
  if (!record) return;
  const std::uint32_t slot = turn.state().registry().node(beat.node.value)->slot;
  const bool overloaded = (beat.flags & beat_overloaded) != 0;
  const Revision after = heard_node(turn, slot, overloaded ? Status::overloaded : Status::healthy);
  HeartbeatOk ok;
  ok.session_timeout_ms = static_cast<std::uint32_t>(record->session_timeout.count());
  turn.reply_to(turn.input().id, after, ok);
}

void handle(Turn& turn, const DeregisterNode& request) {
  if (!valid_words(turn, request.why)) return;
  const auto record = find_node(turn, request.node, request.incarnation);
  if (!record) return;
  remove_node(turn, *record, Reason::deregistered, request.why, record->status);
  turn.reply(Done{});
}

void handle(Turn& turn, const NodesChange& change) {
  auto& nodes = turn.registry().nodes;
  const auto gone = [&](const std::string& name) {
    if (nodes.erase(name) > 0) apply_node_edge(turn, name, std::nullopt);
  };
  for (const std::string& name : missing(turn, change)) gone(name);
  for (const NodesChange::Change& one : change.nodes) {
    const auto& [node, status] = one;
    if (status == Status::dead) {
      gone(node.value);
      continue;
    }
    nodes[node.value] = {change.from, status};
    apply_node_edge(turn, node.value, status);
  }
  bury_unheard_of(turn, change);
}

}  // namespace muster::core
