#include "registry_judge.hpp"

#include "world.hpp"

#include <muster/core/limits.hpp>
#include <muster/core/view.hpp>

#include <algorithm>

namespace muster::sim {
namespace {

/// Whom a request of this server's is about.
std::string name_of(const Asked& asked, const ServerNode& server) {
  if (!asked.rest) return server.name().text();
  return std::visit(
      [](const auto& request) -> std::string {
        if constexpr (requires { request.service.value, request.instance.value; }) {
          return instance_name(request.service.value, request.instance.value);
        } else if constexpr (requires { request.node.value; }) {
          return node_name(request.node.value);
        } else {
          return {};
        }
      },
      *asked.rest);
}

bool registers(const Asked& asked) {
  return asked.rest && (std::holds_alternative<Register>(*asked.rest) ||
                        std::holds_alternative<RegisterNode>(*asked.rest));
}

std::uint64_t index_of(const core::View& view, const std::string& service) {
  const auto* found = view.services.find(service);
  return found == nullptr ? view.absent_index : (*found)->record->index;
}

std::string content_of(const ServiceResult& result) {
  std::string text = std::to_string(static_cast<int>(result.protected_for));
  for (const InstanceDescription& i : result.instances)
    text += " " + i.instance.value + ":" + std::to_string(i.incarnation) + ":" +
            std::string{to_string(i.status)} + (i.handed_out ? "+" : "-") +
            (i.is_protected ? "p" : "") + (i.degraded ? "d" : "") + std::to_string(i.info.port);
  return text;
}

}  // namespace

RegistryJudge::RegistryJudge(World& world) : world_(world) {
  world_.book.on_replaced = [this](const std::string& name, Incarnation older) {
    expect_fenced(name, older);
  };
  world_.book.on_withdrawn = [this](const std::string& name) {
    tenures_[name].told = world_.broker.instant();
  };
}

void RegistryJudge::begin_run() {
  untold_.clear();
  for (auto& [name, tenure] : tenures_) tenure.unanswered = 0;
}

void RegistryJudge::cap(std::uint32_t run, std::int64_t session) {
  const auto lower = [&](Instant& at) {
    if (at.run == run) at.session = std::min(at.session, session);
  };
  for (auto& [name, tenure] : tenures_) {
    lower(tenure.taken);
    lower(tenure.told);
  }
}

// At the broker's border
// -----------------------------------------------------------------------------------------

void RegistryJudge::take(const Line& line, const Asked& asked) {
  const ServerNode& server = world_.server(line.server);
  const std::string name = name_of(asked, server);
  if (name.empty()) return;
  const bool present =
      server.name().text() == name && world_.book.incarnation(name) <= server.incarnation();
  if (!present) return;
  Tenure& tenure = tenures_[name];
  tenure.taken = asked.taken;
  if (asked.rest) ++tenure.unanswered;
}

/// The broker has said yes: from when it took this, it was heard.
void RegistryJudge::accept(const Asked& asked, const std::string& name) {
  Tenure& tenure = tenures_[name];
  const Instant now = world_.broker.instant();
  tenure.taken = now;
  if (asked.rest && tenure.unanswered > 0) --tenure.unanswered;
  world_.witness.say("registry: %s accepted, kind %zu, taken %lld", name.c_str(), asked.kind,
                     static_cast<long long>(asked.at));
  tenure.heard.push_back({asked.arrived, asked.taken, now.mono});
  if (tenure.heard.size() > heard_kept) tenure.heard.pop_front();
}

void RegistryJudge::answer(Line& line, const Asked& asked, const ReplyBody& body) {
  ServerNode& server = world_.server(line.server);
  const std::string name = name_of(asked, server);
  const RegistryBook& book = world_.book;
  // On a connection that it has left, an earlier process of the same name may have asked.
  const bool of_now = server.line() == line.number;
  if (const auto* refusal = std::get_if<Refusal>(&body)) {
    Tenure& tenure = tenures_[name];
    if (asked.rest && tenure.unanswered > 0) --tenure.unanswered;
    if (refusal->code == Errc::store_full) world_.witness.mark(Mark::refused_store_full);
    if (refusal->code == Errc::stale_incarnation) {
      world_.witness.mark(Mark::older_incarnation_refused);
      if (of_now && book.highest(name) <= server.incarnation())
        world_.witness.fail("D3", name + " is told that it was replaced, and that is not durable");
    }
    const bool says_gone =
        refusal->code == Errc::unknown_instance || refusal->code == Errc::unknown_node;
    if (!says_gone) return;
    world_.witness.mark(Mark::beat_of_nobody);
    if (of_now && tenure.there_since >= 0 && tenure.there_since < asked.at &&
        book.incarnation(name) == server.incarnation())
      world_.witness.fail("D3", name + " is told that it is not there, and durably it is");
    return;
  }
  const bool own = name == server.name().text();
  if (registers(asked)) {
    const auto* instance = std::get_if<RegisterOk>(&body);
    const auto* node = std::get_if<NodeOk>(&body);
    const Incarnation as = instance != nullptr ? instance->incarnation : node->incarnation;
    if (book.highest(name) < as)
      world_.witness.fail("D3", "a registration of " + name + " is answered before it is durable");
    if (instance != nullptr) {
      const std::string& service = instance->service.value;
      const auto view = world_.broker.shared().views->of(
          core::shard_of(service, world_.broker.shared().shards()));
      if (index_of(*view, service) < instance->index)
        world_.witness.fail("E4",
                            "a registration of " + name + " is answered before readers see it");
    }
    if (world_.now() - asked.at > 100 * ms) world_.witness.mark(Mark::registration_held_by_disk);
    if (!own) return;
    server.bound_line = line.number;
    server.bound_run = world_.broker.instant().run;
    server.bound_as = as;
    return accept(asked, name);
  }
  const bool removes = asked.rest && (std::holds_alternative<Deregister>(*asked.rest) ||
                                      std::holds_alternative<DeregisterNode>(*asked.rest));
  if (removes) {
    if (tenures_[name].there_since >= 0 && tenures_[name].there_since < asked.at)
      world_.witness.fail("D3", "the end of " + name + " is answered before it is durable");
    return;
  }
  if (!own) return;
  const auto replaced = replaced_at_.find(name);
  if (of_now && replaced != replaced_at_.end() && asked.at > replaced->second &&
      server.incarnation() < book.incarnation(name))
    world_.witness.fail("R4", "incarnation " + std::to_string(server.incarnation()) + " of " +
                                  name + " beats after a newer one has taken its place");
  accept(asked, name);
}

void RegistryJudge::push(Line& line, const PushBody& body) {
  const auto* fenced = std::get_if<Fenced>(&body);
  if (fenced == nullptr) return;
  const ServerNode& server = world_.server(line.server);
  const std::string name = fenced->service.value.empty()
                               ? node_name(fenced->node.value)
                               : instance_name(fenced->service.value, fenced->instance.value);
  const Tenure& tenure = tenures_[name];
  if (fenced->reason == Reason::replaced) {
    world_.witness.mark(Mark::replaced_one_told);
    if (world_.book.highest(name) <= fenced->incarnation)
      world_.witness.fail("D3", name + " is told of a newer incarnation before that is durable");
  } else if (tenure.ends == 0) {
    world_.witness.fail("D3", name + " is told of its end before that is durable");
  }
  const auto it = untold_.find(server.number());
  if (it != untold_.end() && it->second.incarnation == fenced->incarnation) untold_.erase(it);
}

/// Whoever was bound on a connection that is still there has to hear that it is over.
void RegistryJudge::expect_fenced(const std::string& name, Incarnation older) {
  world_.witness.mark(Mark::replaced);
  replaced_at_[name] = world_.now();
  const std::uint32_t run = world_.broker.instant().run;
  for (auto& server : world_.servers()) {
    if (server->name().text() != name || server->bound_as != older || server->bound_run != run)
      continue;
    if (server->line() != server->bound_line) continue;
    untold_[server->number()] = {world_.now(), server->bound_line, older};
  }
}

// Events
// -----------------------------------------------------------------------------------------

void RegistryJudge::hear_event(ShardIndex shard, const Event& event) {
  const bool of_node = event.service.empty();
  const std::string name =
      of_node ? node_name(event.node) : instance_name(event.service, event.instance);
  const auto decided = world_.broker.decided(shard, event.revision);
  Witness& witness = world_.witness;
  witness.say("registry: %s %s to %s", name.c_str(), to_string(event.kind).data(),
              to_string(event.to).data());
  switch (event.kind) {
    case EventKind::instance_registered:
    case EventKind::node_registered: {
      witness.mark(of_node ? Mark::node_registered : Mark::instance_registered);
      Tenure& tenure = tenures_[name];
      tenure.session_ms =
          of_node ? world_.book.node(event.node)->session_timeout.count()
                  : world_.book.instance(event.service, event.instance)->session_timeout.count();
      tenure.told = world_.broker.instant();
      if (tenure.there_since < 0 || event.reason == Reason::replaced)
        tenure.there_since = world_.now();
      return;
    }
    case EventKind::instance_status_changed:
    case EventKind::node_status_changed:
      if (event.reason == Reason::heartbeat_resumed && event.from >= Status::critical &&
          event.from <= Status::dead)
        witness.mark(Mark::instance_back);
      if (event.reason == Reason::heartbeat_late) witness.mark(Mark::instance_late);
      if (event.reason == Reason::heartbeats_missed) witness.mark(Mark::instance_critical);
      if (event.reason == Reason::session_expired) witness.mark(Mark::dead_while_protected);
      if (event.reason == Reason::status_reported) witness.mark(Mark::status_reported);
      if (event.reason == Reason::maintenance_began) witness.mark(Mark::maintenance_began);
      if (event.detail.find("it flaps") != std::string::npos) witness.mark(Mark::flapping);
      if (decided) judge_edge(tenures_[name], event, *decided, name, false);
      return;
    case EventKind::instance_removed:
    case EventKind::node_removed: {
      Tenure& tenure = tenures_[name];
      tenure.there_since = -1;
      ++tenure.ends;
      const bool expired =
          event.reason == Reason::session_expired || event.reason == Reason::answers_without_beats;
      witness.mark(!expired ? event.reason == Reason::node_dead ? Mark::orphan_removed
                                                                : Mark::deregistered
                   : event.to == Status::zombie ? Mark::instance_zombie
                   : of_node                    ? Mark::node_dead
                                                : Mark::instance_expired);
      if (expired && decided)
        judge_edge(tenure, event, *decided, name,
                   !of_node && world_.book.was_protected(event.service));
      return;
    }
    case EventKind::node_instances_changed:
      return witness.mark(event.to == Status::critical ? Mark::dependents_critical
                                                       : Mark::dependents_changed);
    case EventKind::protection_started:
      witness.mark(event.reason == Reason::zone_silent ? Mark::zone_protected
                                                       : Mark::service_protected);
      protected_[event.service] = decided.value_or(world_.broker.instant());
      return;
    case EventKind::protection_ended:
      witness.mark(event.reason == Reason::heard_again          ? Mark::crowd_is_back
                   : event.reason == Reason::protection_expired ? Mark::protection_expired
                                                                : Mark::protection_ended_by_hand);
      protected_.erase(event.service);
      return;
    default:
      return;
  }
}

/// B1 and B2 for every rung of the ladder: no earlier than so long after the last beat that was
/// accepted had arrived, no later than that and ε after it was taken, in time that the broker did
/// not miss.
void RegistryJudge::judge_edge(const Tenure& tenure, const Event& event, const Instant& decided,
                               const std::string& name, bool by_protection) {
  const Millis timeout{tenure.session_ms};
  const std::int64_t s = timeout.count();
  const std::int64_t i = heartbeat_interval(timeout).count();
  const std::int64_t g = heartbeat_grace(timeout).count();
  const std::int64_t bound =
      event.reason == Reason::heartbeat_late      ? i + g
      : event.reason == Reason::heartbeats_missed ? 2 * i + g
      : event.reason == Reason::session_expired || event.reason == Reason::answers_without_beats
          ? s
          : 0;
  if (bound == 0 || s == 0) return;
  const auto text = [&](std::int64_t was) {
    return name + " becomes " + std::string{to_string(event.to)} + " (" +
           std::string{to_string(event.reason)} + ") after " + std::to_string(was) +
           " ms of silence, of " + std::to_string(bound) + ", S " + std::to_string(s);
  };
  if (by_protection) return;  // judged when it died; what held its removal has ended
  const Instant& opened = world_.broker.opened();
  const Tenure::Heard* newest = nullptr;
  bool heard_last_time = false;
  for (const Tenure::Heard& heard : tenure.heard) {
    if (heard.taken.run == decided.run && heard.answered < decided.mono) newest = &heard;
    if (heard.taken.run + 1 == decided.run) heard_last_time = true;
  }
  if (newest != nullptr) {
    const std::int64_t raw = decided.mono - newest->arrived.mono;
    if (newest->arrived.run == decided.run && raw < bound) world_.witness.fail("B1", text(raw));
  } else if (tenure.told.run != decided.run) {
    // Nobody has heard it in this run: it has what it had left, at least two intervals.
    const std::int64_t given = heard_last_time ? s : 2 * i;
    const std::int64_t least = bound - (s - given);
    const std::int64_t since = decided.session - opened.session;
    if (since < least) world_.witness.fail("B1", text(since) + " since the broker's start");
  }
  if (tenure.told.run == decided.run && decided.mono - tenure.told.mono < bound)
    world_.witness.fail("B1",
                        text(decided.mono - tenure.told.mono) + " since its answer could leave");
  if (tenure.unanswered > 0 || world_.knobs.per_tick < 4'096) return;
  // A zombie stays as long as it answers its checks; maintenance hides that it is one.
  const bool may_answer = world_.knobs.checks > 0 && event.from == Status::maintenance;
  if (event.from == Status::zombie || may_answer) return;
  std::int64_t since = opened.session;
  for (const Instant* at : {&tenure.taken, &tenure.told})
    if (at->run == decided.run) since = std::max(since, at->session);
  const std::int64_t slack =
      std::max<std::int64_t>(20, s / 200) + 60 + 6 * world_.knobs.turn_us / 1'000;
  if (decided.session - since > bound + slack)
    world_.witness.fail("B2", text(decided.session - since));
}

// Now and then
// -----------------------------------------------------------------------------------------

void RegistryJudge::look() {
  if (!world_.broker.up()) return;
  for (const auto& [name, service] : world_.book.services()) look_up(name);
  if (!world_.broker.fresh()) return;
  look_at_untold();
  if (!world_.broker.quiet()) return;  // else something that has happened may wait for the disk
  look_at_protections();
  look_at_dependents();
}

void RegistryJudge::look_up(const std::string& service) {
  LookupService query;
  query.service = ServiceName{service};
  const auto views = world_.broker.host().views();
  const auto result = std::get<ServiceResult>(core::answer(views, query));
  Witness& witness = world_.witness;
  const BookedService& booked = world_.book.services().at(service);
  Seen& seen = seen_[service];
  if (result.index < seen.index) witness.fail("R2", "a reader's index of " + service + " falls");
  if (result.known && result.sure && !result.instances.empty() && !booked.touched)
    witness.fail("R3", "service " + service +
                           " is said to be sure, and none of it was heard since the start");
  if (!result.sure) witness.mark(Mark::read_unsure);
  std::string content = content_of(result);
  if (content.find('p') != std::string::npos) witness.mark(Mark::read_protected);
  if (result.index == seen.index && content != seen.content)
    witness.fail("R2", "a reader sees another result of " + service + " under the same index");
  seen = {result.index, std::move(content)};
  if (!world_.broker.quiet()) return;
  if (booked.record && result.index != booked.record->index)
    witness.fail("E4", "readers see index " + std::to_string(result.index) + " of " + service +
                           ", and the disk has " + std::to_string(booked.record->index));
  if (result.instances.size() != booked.instances.size())
    witness.fail("E4", "readers see " + std::to_string(result.instances.size()) + " instances of " +
                           service + ", and the disk has " +
                           std::to_string(booked.instances.size()));
}

/// R5: held for no longer than ten session timeouts.
void RegistryJudge::look_at_protections() {
  const Instant now = world_.broker.instant();
  const Knobs& k = world_.knobs;
  const std::int64_t most =
      core::Limits{}.protect_timeouts * k.session_ms * std::max<std::int64_t>(1, k.session_spread);
  for (const auto& [service, since] : protected_) {
    const Instant& from = since.run == now.run ? since : world_.broker.opened();
    if (now.session - from.session > most + 1'000)
      world_.witness.fail("R5", "service " + service + " is protected for " +
                                    std::to_string(now.session - from.session) + " ms, of " +
                                    std::to_string(most));
  }
}

/// R6: who lives with a node is as it is, in every shard, as soon as nothing is under way.
void RegistryJudge::look_at_dependents() {
  for (const auto& [name, service] : world_.book.services())
    for (const auto& [id, record] : service.instances) {
      if (record->session_timeout > Millis{0}) continue;
      const std::string why = unrest_of(name, *record);
      if (!why.empty()) return world_.witness.fail("R6", why + " is not as that");
    }
}

void RegistryJudge::look_at_untold() {
  for (auto it = untold_.begin(); it != untold_.end();) {
    const Untold& untold = it->second;
    const ServerNode& server = world_.server(static_cast<std::int32_t>(it->first));
    const Line& line = world_.network.line(untold.line);
    const bool gone = server.line() != untold.line || line.connection == 0 || line.closing;
    if (!gone && world_.now() - untold.since < 1'000 * ms) {
      ++it;
      continue;
    }
    if (!gone)
      world_.witness.fail("R4", server.state() + " is not told that a newer one took its place");
    it = untold_.erase(it);
  }
}

std::string RegistryJudge::unrest() {
  for (const auto& server : world_.servers()) {
    if (!server->wants_to_be()) continue;
    const std::string name = server->name().text();
    if (!server->well() || world_.book.incarnation(name) != server->incarnation())
      return server->state() + ", the broker has incarnation " +
             std::to_string(world_.book.incarnation(name));
  }
  for (const auto& [name, service] : world_.book.services())
    for (const auto& [id, record] : service.instances) {
      std::string why = unrest_of(name, *record);
      if (!why.empty()) return why;
    }
  for (const auto& [name, record] : world_.book.nodes()) {
    const bool there = world_.is_served(node_name(name));
    if (there ? record->status != Status::healthy : true)
      return node_name(name) + " is " + std::string{to_string(record->status)};
  }
  return {};
}

std::string RegistryJudge::unrest_of(const std::string& service,
                                     const core::InstanceRecord& record) {
  const std::string name = instance_name(service, record.id.value);
  const auto text = [&] { return name + " is " + std::string{to_string(record.ladder)}; };
  if (record.session_timeout == Millis{0}) {
    const core::NodeRecord* node = world_.book.node(record.info.node.value);
    // One that came when its node had just gone was never handed out.
    const bool out = record.ladder == Status::critical || record.ladder == Status::starting;
    return (node == nullptr ? out : record.ladder == node->status)
               ? ""
               : text() + ", its node " + record.info.node.value;
  }
  if (world_.is_served(name)) return record.ladder == Status::healthy ? "" : text();
  return world_.book.is_protected(service) ? "" : text() + ", and nobody beats for it";
}

}  // namespace muster::sim
