#include "nodes.hpp"

#include <muster/mutant.hpp>

#include "instances.hpp"
#include "ladder.hpp"
#include "silence.hpp"

#include <set>
#include <utility>

namespace muster::core {
namespace {

Event event_of(EventKind kind, const NodeRecord& node) {
  Event event;
  event.kind = kind;
  event.node = node.name.value;
  event.incarnation = node.incarnation;
  return event;
}

void set_status(Turn& turn, std::uint32_t slot, Status to, Reason reason, std::string detail) {
  NodeRecord after = *turn.state().owner(slot).node();
  const Status from = after.status;
  const std::string name = after.name.value;
  set_status_of(turn.sessions()[slot], to);
  after.status = to;
  after.since = turn.now().wall;
  Event event = event_of(EventKind::node_status_changed, after);
  event.from = from;
  event.to = to;
  event.reason = reason;
  event.detail = std::move(detail);
  turn.emit(node_key(name), std::move(after));
  turn.publish(std::move(event));
  apply_node_edge(turn, name, to);
}

}  // namespace

std::optional<Status> node_status(Turn& turn, const std::string& node) {
  if (const NodeView* own = turn.state().registry().node(node)) return own->record->status;
  const auto it = turn.registry().nodes.find(node);
  if (it == turn.registry().nodes.end()) return std::nullopt;
  return it->second.status;
}

Inherited inherited(std::optional<Status> node) {
  if (!node) return {Status::critical, Reason::node_dead};
  return {*node, Reason::node_changed};
}

void apply_node_edge(Turn& turn, const std::string& node, std::optional<Status> status) {
  if (MUSTER_MUTANT(dead_node_changes_nothing) && !status) return;
  const auto [ladder, reason] = inherited(status);
  const auto dependents = turn.state().registry().dependents(node);  // changes as they are written
  if (!status && !dependents.empty()) expect_node(turn, node);
  std::size_t changed = 0;
  std::set<std::string> services;
  Status from = ladder;
  for (const auto& [service, id] : dependents) {
    const InstanceRecord before = *turn.state().registry().instance(service, id)->record;
    make_sure(turn, service);
    if (before.ladder == ladder && before.ladder_reason == reason) continue;
    InstanceRecord after = before;
    after.ladder = ladder;
    after.ladder_reason = reason;
    after.evidence =
        "node " + node + " is " + (status ? std::string{to_string(*status)} : std::string{"gone"});
    from = before.ladder;
    write_instance(turn, before, std::move(after));
    services.insert(service);
    ++changed;
  }
  if (changed == 0) return;
  Event event;
  event.kind = EventKind::node_instances_changed;
  event.node = node;
  event.from = from;
  event.to = ladder;
  event.reason = reason;
  event.detail =
      std::to_string(changed) + " instances of " + std::to_string(services.size()) + " services";
  turn.publish(std::move(event));
}

void expect_node(Turn& turn, const std::string& node) {
  turn.registry().orphans.emplace(turn.time() + turn.limits().orphan_time.count(), node);
}

void remove_orphans(Turn& turn) {
  auto& orphans = turn.registry().orphans;
  while (!orphans.empty() && orphans.begin()->first <= turn.time()) {
    const std::string node = orphans.begin()->second;
    orphans.erase(orphans.begin());
    if (node_status(turn, node)) continue;
    const auto dependents = turn.state().registry().dependents(node);
    for (const auto& [service, id] : dependents) {
      const auto record = turn.state().registry().instance(service, id)->record;
      remove_instance(turn, *record,
                      {Reason::node_dead, named("node", node) + " is not there", Status::dead});
    }
  }
}

Revision heard_node(Turn& turn, std::uint32_t slot, Status says) {
  const std::string silence = std::to_string(turn.time() - turn.sessions()[slot].last_heard);
  const Revision after = heard_session(turn, slot);
  turn.sessions()[slot].last_progress = turn.time();
  const Status status = turn.state().owner(slot).node()->status;
  if (status == says) return after;
  const bool overloaded = says == Status::overloaded;
  set_status(turn, slot, says, overloaded ? Reason::overload_reported : Reason::heartbeat_resumed,
             status == Status::starting ? std::string{} : "heard after " + silence + " ms");
  watch_instance(turn, slot);  // its next edge may be nearer than the last one
  return after;
}

void check_node(Turn& turn, std::uint32_t slot) {
  const Session& session = turn.sessions()[slot];
  const Edges edges = edges_of(session);
  const SessionTime now = turn.time();
  const auto status = static_cast<Status>(session.status);
  if (now >= edges.expired) {
    const NodeRecord gone = *turn.state().owner(slot).node();
    const Status last = session.ponged ? Status::zombie : Status::dead;
    return remove_node(turn, gone, Reason::session_expired, silence_in_words(turn, session), last);
  }
  if (now > edges.missed && status < Status::critical) {
    set_status(turn, slot, Status::critical, Reason::heartbeats_missed,
               silence_in_words(turn, session));
    ping(turn, slot);
  } else if (now > edges.late && status == Status::healthy) {
    set_status(turn, slot, Status::overloaded, Reason::heartbeat_late,
               silence_in_words(turn, session));
    ping(turn, slot);
  }
  watch_instance(turn, slot);
}

void remove_node(Turn& turn, const NodeRecord& node, Reason reason, std::string detail,
                 Status last) {
  const NodeRecord gone = node;
  const std::string& name = gone.name.value;
  const std::uint32_t slot = turn.state().registry().node(name)->slot;
  const std::uint64_t connection = turn.sessions()[slot].connection;
  forget_silence(turn, slot);
  turn.sessions().close(slot);
  turn.erase(node_key(name));
  if (connection != turn.from().connection)
    turn.push(connection, turn.revision(),
              Fenced{{}, {}, gone.name, gone.incarnation, reason, detail});
  Event event = event_of(EventKind::node_removed, gone);
  event.from = gone.status;
  event.to = last;
  event.reason = reason;
  event.detail = std::move(detail);
  turn.publish(std::move(event));
  apply_node_edge(turn, name, std::nullopt);
}

}  // namespace muster::core
