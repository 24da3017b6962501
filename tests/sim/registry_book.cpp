#include "registry_book.hpp"

#include <algorithm>

namespace muster::sim {

using core::InstanceRecord;
using core::NodeRecord;
using core::Record;
using core::RecordKind;
using core::ServiceRecord;

namespace {

template <class T>
std::shared_ptr<const T> value_of(const Record& record) {
  const auto* value = std::get_if<std::shared_ptr<const T>>(&record.value);
  return value == nullptr ? nullptr : *value;
}

/// With who goes, goes the note that it is silent.
bool removes(std::span<const Record> step, const core::RecordKey& note) {
  const RecordKind kind =
      note.kind == RecordKind::node_silence ? RecordKind::node : RecordKind::instance;
  return std::any_of(step.begin(), step.end(), [&](const Record& record) {
    return record.key.kind == kind && std::holds_alternative<std::monostate>(record.value) &&
           record.key.group == note.group && record.key.member == note.member;
  });
}

std::string edge_in_words(const Event& event) {
  return std::string{to_string(event.kind)} + " from " + std::string{to_string(event.from)} +
         " to " + std::string{to_string(event.to)};
}

}  // namespace

/// What one revision did.
struct RegistryBook::Step {
  std::set<std::string> touched;          // instances and nodes, by name
  std::set<std::string> changed;          // services: a reader sees another result
  std::set<std::string> moved;            // services: their index is this revision
  std::set<std::string> nodes_reached;    // whose edge one event tells of for all
  std::set<std::string> protection_over;  // services
};

std::string instance_name(const std::string& service, const std::string& id) {
  return service + "/" + id;
}
std::string node_name(const std::string& node) {
  return "@" + node;
}

const InstanceRecord* RegistryBook::instance(const std::string& service,
                                             const std::string& id) const {
  const auto known = services_.find(service);
  if (known == services_.end()) return nullptr;
  const auto it = known->second.instances.find(id);
  return it == known->second.instances.end() ? nullptr : it->second.get();
}

const NodeRecord* RegistryBook::node(const std::string& name) const {
  const auto it = nodes_.find(name);
  return it == nodes_.end() ? nullptr : it->second.get();
}

Incarnation RegistryBook::incarnation(const std::string& name) const {
  if (name[0] == '@') {
    const NodeRecord* record = node(name.substr(1));
    return record == nullptr ? 0 : record->incarnation;
  }
  const std::size_t slash = name.find('/');
  const InstanceRecord* record = instance(name.substr(0, slash), name.substr(slash + 1));
  return record == nullptr ? 0 : record->incarnation;
}

bool RegistryBook::is_protected(const std::string& service) const {
  const auto it = services_.find(service);
  return it != services_.end() && it->second.record &&
         it->second.record->protected_for != Reason::none;
}

void RegistryBook::begin_run() {
  for (auto& [name, service] : services_) service.touched = false;
}

void RegistryBook::fail(std::string_view invariant, const Record& record, const std::string& what) {
  witness_.fail(invariant, "revision " + std::to_string(record.revision) + ": " + what);
}

void RegistryBook::take_step(std::span<const Record> records) {
  const auto concerns = [](const Record& record) {
    switch (record.key.kind) {
      case RecordKind::service:
      case RecordKind::instance:
      case RecordKind::node:
      case RecordKind::instance_silence:
      case RecordKind::node_silence:
        return true;
      default:
        return false;
    }
  };
  if (std::none_of(records.begin(), records.end(), concerns)) return;
  Step step;
  protected_before_.clear();
  for (const auto& [name, service] : services_)
    if (is_protected(name)) protected_before_.insert(name);
  for (const Record& record : records) {
    const bool gone = std::holds_alternative<std::monostate>(record.value);
    switch (record.key.kind) {
      case RecordKind::service:
        take_service(record, step);
        break;
      case RecordKind::instance:
        take_instance(record, step);
        break;
      case RecordKind::node:
        take_node(record, step);
        break;
      case RecordKind::event:
        take_event(record, step);
        break;
      case RecordKind::instance_silence:
      case RecordKind::node_silence:
        witness_.mark(gone ? Mark::instance_silence_withdrawn : Mark::instance_silence_noted);
        witness_.say("silence of %s/%s %s", record.key.group.c_str(), record.key.member.c_str(),
                     gone ? "withdrawn" : "noted");
        if (gone && on_withdrawn && !removes(records, record.key))
          on_withdrawn(record.key.kind == RecordKind::node_silence
                           ? node_name(record.key.group)
                           : instance_name(record.key.group, record.key.member));
        break;
      default:
        break;
    }
  }
  check_told(records.back(), step);
  check_index(records.back(), step);
}

void RegistryBook::take_service(const Record& record, Step& step) {
  const std::string& name = record.key.group;
  const auto next = value_of<ServiceRecord>(record);
  if (!next) {
    if (!services_[name].instances.empty())
      fail("R2", record, "service " + name + " goes and has instances");
    services_.erase(name);
    return;
  }
  BookedService& service = services_[name];
  service.touched = true;
  std::uint64_t& highest = highest_index_[name];
  if (next->index < highest)
    fail("R2", record,
         "the index of service " + name + " falls from " + std::to_string(highest) + " to " +
             std::to_string(next->index));
  if (next->index == record.revision) step.moved.insert(name);
  if (next->index != highest && next->index != record.revision)
    fail("R2", record, "the index of service " + name + " is of no change");
  highest = std::max(highest, next->index);
  if (!service.record || service.record->protected_for != next->protected_for)
    step.changed.insert(name);
  service.record = next;
}

void RegistryBook::take_instance(const Record& record, Step& step) {
  const std::string& service = record.key.group;
  const std::string& id = record.key.member;
  const std::string name = instance_name(service, id);
  const auto known = services_.find(service);
  if (known == services_.end()) return fail("R2", record, name + " is an instance of no service");
  known->second.touched = true;
  step.touched.insert(name);
  step.changed.insert(service);
  const auto next = value_of<InstanceRecord>(record);
  if (!next) {
    known->second.instances.erase(id);
    return;
  }
  keep_incarnation(record, name, next->incarnation);
  const auto before = known->second.instances.find(id);
  if (before != known->second.instances.end() && before->second->incarnation < next->incarnation &&
      on_replaced)
    on_replaced(name, before->second->incarnation);
  known->second.instances[id] = next;
}

void RegistryBook::take_node(const Record& record, Step& step) {
  const std::string& id = record.key.group;
  step.touched.insert(node_name(id));
  const auto next = value_of<NodeRecord>(record);
  if (!next) {
    nodes_.erase(id);
    return;
  }
  keep_incarnation(record, node_name(id), next->incarnation);
  const auto before = nodes_.find(id);
  if (before != nodes_.end() && before->second->incarnation < next->incarnation && on_replaced)
    on_replaced(node_name(id), before->second->incarnation);
  nodes_[id] = next;
}

/// R4: an instance also not after the newer one has gone.
void RegistryBook::keep_incarnation(const Record& record, const std::string& name,
                                    Incarnation now) {
  Incarnation& highest = highest_[name];
  const bool of_node = name[0] == '@';  // unlike an instance, it is not remembered when it has gone
  const Incarnation before = of_node ? incarnation(name) : highest;
  if (now < before)
    fail("R4", record,
         name + " goes back from incarnation " + std::to_string(before) + " to " +
             std::to_string(now));
  highest = std::max(highest, now);
}

void RegistryBook::take_event(const Record& record, Step& step) {
  const auto event = value_of<Event>(record);
  if (!event) return;
  switch (event->kind) {
    case EventKind::instance_registered:
    case EventKind::instance_status_changed:
    case EventKind::instance_removed: {
      const std::string name = instance_name(event->service, event->instance);
      step.touched.insert(name);
      const bool silent = event->reason == Reason::session_expired;
      if (event->kind == EventKind::instance_removed && silent && was_protected(event->service) &&
          !step.protection_over.contains(event->service))
        fail("R5", record, name + " is removed for its silence, and its service is protected");
      return take_edge(record, *event, name);
    }
    case EventKind::node_registered:
    case EventKind::node_status_changed:
    case EventKind::node_removed:
      step.touched.insert(node_name(event->node));
      return take_edge(record, *event, node_name(event->node));
    case EventKind::node_instances_changed:
      step.nodes_reached.insert(event->node);
      return;
    case EventKind::protection_ended:
      step.protection_over.insert(event->service);
      return;
    default:
      return;
  }
}

/// Each event of somebody begins where the last one ended.
void RegistryBook::take_edge(const Record& record, const Event& event, const std::string& name) {
  const auto told = told_.find(name);
  const bool begins =
      event.kind == EventKind::instance_registered || event.kind == EventKind::node_registered;
  const bool ends =
      event.kind == EventKind::instance_removed || event.kind == EventKind::node_removed;
  if (!begins && (told == told_.end() || told->second != event.from))
    fail("R1", record,
         name + ": an event tells of " + edge_in_words(event) + ", and the last one of " +
             (told == told_.end() ? std::string{"its end"} : std::string{to_string(told->second)}));
  if (ends) {
    told_.erase(name);
  } else {
    told_[name] = event.to;
  }
}

/// What the events say of everybody that this step has touched is what is so; of those that live
/// with a node, one event tells for all.
void RegistryBook::check_told(const Record& last, const Step& step) {
  for (const std::string& name : step.touched) {
    const auto told = told_.find(name);
    std::optional<Status> is;
    if (name[0] == '@') {
      if (const NodeRecord* record = node(name.substr(1))) is = record->status;
    } else {
      const std::size_t slash = name.find('/');
      const InstanceRecord* record = instance(name.substr(0, slash), name.substr(slash + 1));
      if (record != nullptr) is = status_of(*record);
      if (record != nullptr && told != told_.end() && record->session_timeout == Millis{0} &&
          step.nodes_reached.contains(record->info.node.value))
        told->second = *is;
    }
    const std::optional<Status> says =
        told == told_.end() ? std::nullopt : std::optional<Status>{told->second};
    const auto text = [](const std::optional<Status>& status) {
      return status ? std::string{to_string(*status)} : std::string{"gone"};
    };
    if (is != says)
      fail("R1", last, name + " is " + text(is) + ", and its events say " + text(says));
  }
}

void RegistryBook::check_index(const Record& last, const Step& step) {
  for (const std::string& name : step.changed)
    if (services_.contains(name) && !step.moved.contains(name))
      fail("R2", last, "service " + name + " changes, and its index does not");
  for (const std::string& name : step.moved)
    if (!step.changed.contains(name))
      fail("R2", last, "the index of service " + name + " moves, and nothing has changed");
}

}  // namespace muster::sim
