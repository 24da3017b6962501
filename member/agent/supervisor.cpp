#include "supervisor.hpp"

#include "reload.hpp"

#include "../grant.hpp"

#include <algorithm>
#include <utility>

namespace muster::agent {

Supervisor::Supervisor(AgentSpec spec, Origin origin)
    : spec_(std::move(spec)),
      origin_(std::move(origin)),
      dice_(origin_.seed),
      desk_(spec_, origin_.node, dice_.next(), *this) {}

Unit* Supervisor::find(const InstanceId& instance) {
  const auto it = units_.find(instance.value);
  return it == units_.end() ? nullptr : &it->second;
}

Unit* Supervisor::find(const InstanceId& instance, Incarnation incarnation) {
  Unit* const unit = find(instance);
  return unit != nullptr && unit->incarnation() == incarnation ? unit : nullptr;
}

Unit& Supervisor::add(const ServiceSpec& spec) {
  const auto last = origin_.last.find(spec.instance.value);
  return units_
      .try_emplace(spec.instance.value, spec, last == origin_.last.end() ? 0 : last->second,
                   dice_.next())
      .first->second;
}

void Supervisor::begin(Instant now) {
  for (const ServiceSpec& service : spec_.services) add(service).start(now);
  settle(now);
}

void Supervisor::tick(Instant now) {
  for (auto& [name, unit] : units_) unit.tick(now);
  desk_.tick(now.mono);
  settle(now);
}

// ---------------------------------------------------------------------------------------------
// Processes

void Supervisor::spawned(Instant now, const InstanceId& instance, Incarnation incarnation,
                         int pid) {
  if (Unit* const unit = find(instance, incarnation)) unit->spawned(now, pid);
  settle(now);
}

void Supervisor::not_started(Instant now, const InstanceId& instance, Incarnation incarnation,
                             const std::string& why) {
  if (Unit* const unit = find(instance, incarnation)) unit->not_started(now, why);
  settle(now);
}

void Supervisor::exited(Instant now, const InstanceId& instance, Incarnation incarnation,
                        ProcessEnd end) {
  if (Unit* const unit = find(instance, incarnation)) unit->exited(now, end);
  settle(now);
}

void Supervisor::gone(Instant now, const InstanceId& instance, Incarnation incarnation) {
  if (Unit* const unit = find(instance, incarnation)) unit->gone(now);
  settle(now);
}

void Supervisor::checked(Instant now, const Task& task, Outcome outcome) {
  if (under_way_ > 0) --under_way_;
  if (Unit* const unit = find(task.instance))
    unit->checked(now, task.act.incarnation, task.act.check, std::move(outcome));
  settle(now);
}

// ---------------------------------------------------------------------------------------------
// The broker

void Supervisor::connected(Instant now) {
  desk_.connected(now.mono);
  settle(now);
}

void Supervisor::disconnected(Instant now) {
  desk_.disconnected();
  settle(now);
}

void Supervisor::answered(Instant now, std::uint64_t correlation, const ReplyBody& body) {
  now_ = now;
  desk_.answered(now.mono, correlation, body);
  settle(now);
}

void Supervisor::pushed(Instant now, const PushBody& body) {
  now_ = now;
  desk_.pushed(now.mono, body);
  settle(now);
}

void Supervisor::zombie(const InstanceId& instance, const std::string& why) {
  if (Unit* const unit = find(instance)) unit->zombie(now_, why);
}

void Supervisor::superseded(const InstanceId& instance, const std::string& why) {
  if (Unit* const unit = find(instance)) unit->supersede(now_, why);
}

void Supervisor::outdated(const InstanceId& instance, Incarnation newest) {
  if (Unit* const unit = find(instance)) unit->outdated(now_, newest);
}

// ---------------------------------------------------------------------------------------------
// Orders

Acknowledgement Supervisor::order_restart(Instant now, const std::string& name, OrderedBy by,
                                          const std::string& why) {
  if (shutting_down_) return {false, "the agent is being stopped"};
  Acknowledgement out{false, "there is no service or instance " + name + " here"};
  for (auto& [instance, unit] : units_) {
    if (instance != name && unit.spec().service.value != name) continue;
    const Acknowledgement one = unit.order_restart(now, by, why);
    const bool first = out.words.starts_with("there is no ");
    out.accepted = one.accepted && (first || out.accepted);
    out.words = first ? one.words : out.words + "; " + one.words;
  }
  settle(now);
  return out;
}

Acknowledgement Supervisor::reload(Instant now, AgentSpec spec) {
  if (shutting_down_) return {false, "the agent is being stopped"};
  if (const auto why = needs_new_start(spec_, spec)) return {false, *why};
  const Changes changes = changes_between(spec_.services, spec.services);
  for (const InstanceId& id : changes.removed)
    if (Unit* const unit = find(id)) unit->stop(now, true, "is no longer in the configuration");
  for (const ServiceSpec& one : changes.changed)
    if (Unit* const unit = find(one.instance)) unit->change(now, one);
  for (const ServiceSpec& one : changes.added) {
    Unit* const there = find(one.instance);
    if (there == nullptr)
      add(one).start(now);
    else if (there->spec().service == one.service)
      there->change(now, one);  // it was on its way out
    else
      comes_back_.insert_or_assign(one.instance.value, one);
  }
  spec_ = std::move(spec);
  settle(now);
  return {true, std::to_string(changes.added.size()) + " added, " +
                    std::to_string(changes.changed.size()) + " changed, " +
                    std::to_string(changes.removed.size()) + " removed"};
}

void Supervisor::shut_down(Instant now) {
  if (shutting_down_) return;
  shutting_down_ = true;
  comes_back_.clear();
  for (auto& [name, unit] : units_) unit.stop(now, true, "is stopped with its agent");
  settle(now);
}

void Supervisor::hurry(Instant now) {
  for (auto& [name, unit] : units_) unit.stop(now, false, "is stopped at once");
  settle(now);
}

// ---------------------------------------------------------------------------------------------

void Supervisor::settle(Instant now) {
  now_ = now;
  for (auto it = units_.begin(); it != units_.end();) {
    Unit& unit = it->second;
    if (spec_.one_liner && unit.phase() == Phase::crash_loop)
      unit.stop(now, false, "has ended for good: " + unit.words());
    for (Act& act : unit.acts()) {
      Task task{unit.spec().instance, act};
      (act.kind == Act::Kind::check ? static_cast<void>(waiting_.push_back(std::move(task)))
                                    : tasks_.push_back(std::move(task)));
    }
    unit.acts().clear();
    for (std::string& words : unit.notes()) notes_.push_back(it->first + ": " + words);
    unit.notes().clear();
    desk_.settle(now.mono, unit.spec(), unit.standing());
    const bool listed = std::any_of(spec_.services.begin(), spec_.services.end(), [&](auto& one) {
      return one.instance == unit.spec().instance && one.service == unit.spec().service;
    });
    if (listed || unit.phase() != Phase::stopped) {
      ++it;
      continue;
    }
    desk_.forget(unit.spec().instance);
    origin_.last[it->first] = std::max(origin_.last[it->first], unit.incarnation());
    it = units_.erase(it);
  }
  for (auto it = comes_back_.begin(); it != comes_back_.end();) {
    if (units_.contains(it->first) || desk_.registered(it->second.instance)) {
      ++it;
      continue;
    }
    const ServiceSpec spec = std::move(it->second);
    it = comes_back_.erase(it);
    add(spec).start(now);
    return settle(now);
  }
  if (shutting_down_ && at_rest()) desk_.close_node(now.mono);
  admit_checks();
}

void Supervisor::admit_checks() {
  while (!waiting_.empty() && under_way_ < spec_.most_checks) {
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    if (find(task.instance, task.act.incarnation) == nullptr) continue;
    ++under_way_;
    tasks_.push_back(std::move(task));
  }
}

Mono Supervisor::due() const {
  Mono out = desk_.due();
  for (const auto& [name, unit] : units_) out = std::min(out, unit.due());
  return out;
}

bool Supervisor::at_rest() const {
  return std::all_of(units_.begin(), units_.end(),
                     [](const auto& pair) { return pair.second.at_rest(); });
}

bool Supervisor::finished() const {
  return at_rest() && (shutting_down_ || spec_.one_liner) && desk_.all_said();
}

}  // namespace muster::agent
