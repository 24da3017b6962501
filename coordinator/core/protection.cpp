#include "protection.hpp"

#include <muster/mutant.hpp>

#include "instances.hpp"

#include <algorithm>
#include <vector>

namespace muster::core {
namespace {

bool implausible(const Limits& limits, const InstanceCounts& counts) {
  return counts.silent >= limits.protect_from &&
         std::uint64_t{counts.silent} * limits.protect_one_in >= counts.beating;
}

/// Fewer than half of the share that would begin it.
bool calm(const Limits& limits, const InstanceCounts& counts) {
  return counts.silent == 0 ||
         std::uint64_t{counts.silent} * limits.protect_one_in * 2 < counts.beating;
}

std::string share(const InstanceCounts& counts) {
  return std::to_string(counts.silent) + " of " + std::to_string(counts.beating) +
         " instances are silent";
}

Millis longest_timeout(const Service& service) {
  Millis longest{0};
  service.instances.for_each([&](std::string_view, const InstanceView& instance) {
    longest = std::max(longest, instance.record->session_timeout);
  });
  return longest;
}

/// Of what fell silent: the service, or a zone.
InstanceCounts counts_of(Turn& turn, const std::string& service) {
  const ServiceRecord& draft = turn.service(service);
  return draft.protected_for == Reason::zone_silent
             ? turn.state().registry().zone(draft.protected_zone)
             : turn.state().registry().service(service)->counts;
}

void begin(Turn& turn, const InstanceRecord& by, Reason reason, const InstanceCounts& counts) {
  const std::string& name = by.service.value;
  const Millis most = turn.limits().protect_timeouts * by.session_timeout;
  ServiceRecord& draft = turn.service(name);
  draft.protected_for = reason;
  draft.protected_zone = reason == Reason::zone_silent ? by.info.zone : std::string{};
  draft.protected_since = turn.now().wall;
  turn.result_changed(name);
  turn.registry().protections[name] = {turn.time() + most.count(), false};
  ++turn.stats().protections;
  Event event;
  event.kind = EventKind::protection_started;
  event.service = name;
  event.reason = reason;
  event.detail = share(counts);
  if (reason == Reason::zone_silent) event.detail += " in zone " + by.info.zone;
  event.detail += "; held for at most " + std::to_string(most.count()) + " ms";
  turn.publish(std::move(event));
}

}  // namespace

bool is_protected(Turn& turn, const std::string& service) {
  return turn.registry().protections.contains(service);
}

void consider_protection(Turn& turn, const InstanceRecord& instance) {
  const std::string& name = instance.service.value;
  if (is_protected(turn, name)) return;
  const InstanceCounts& counts = turn.state().registry().service(name)->counts;
  if (implausible(turn.limits(), counts))
    return begin(turn, instance, Reason::service_silent, counts);
  if (instance.info.zone.empty()) return;
  const InstanceCounts zone = turn.state().registry().zone(instance.info.zone);
  if (implausible(turn.limits(), zone)) begin(turn, instance, Reason::zone_silent, zone);
}

void settle_protection(Turn& turn, const std::string& service) {
  const auto it = turn.registry().protections.find(service);
  if (it == turn.registry().protections.end()) return;
  const InstanceCounts counts = counts_of(turn, service);
  if (counts.silent == 0) return end_protection(turn, service, Reason::heard_again, share(counts));
  if (it->second.ending || !calm(turn.limits(), counts)) return;
  // The last of a crowd that returns may still be on their way: they get one more timeout.
  it->second.ending = true;
  const Millis timeout = longest_timeout(*turn.state().registry().service(service));
  it->second.until = std::min(it->second.until, turn.time() + timeout.count());
}

void end_protection(Turn& turn, const std::string& service, Reason reason,
                    const std::string& detail) {
  turn.registry().protections.erase(service);
  ServiceRecord& draft = turn.service(service);
  draft.protected_for = Reason::none;
  draft.protected_zone.clear();
  draft.protected_since = {};
  turn.result_changed(service);
  Event event;
  event.kind = EventKind::protection_ended;
  event.service = service;
  event.reason = reason;
  event.detail = detail;
  turn.publish(std::move(event));
  std::vector<std::shared_ptr<const InstanceRecord>> dead;
  turn.state().registry().service(service)->instances.for_each(
      [&](std::string_view, const InstanceView& instance) {
        if (instance.record->ladder == Status::dead) dead.push_back(instance.record);
      });
  for (const auto& record : dead)
    remove_instance(turn, *record, {Reason::session_expired, record->evidence, Status::dead});
}

void end_due_protections(Turn& turn) {
  if (MUSTER_MUTANT(protection_never_ends)) return;
  std::vector<std::string> due;
  for (const auto& [service, protection] : turn.registry().protections)
    if (protection.until <= turn.time()) due.push_back(service);
  for (const std::string& service : due) {
    const InstanceCounts counts = counts_of(turn, service);
    end_protection(turn, service,
                   calm(turn.limits(), counts) ? Reason::heard_again : Reason::protection_expired,
                   share(counts));
  }
}

void restore_protection(Turn& turn, const std::string& service) {
  const Service& known = *turn.state().registry().service(service);
  if (!known.is_protected()) return;
  const Millis most = turn.limits().protect_timeouts * longest_timeout(known);
  turn.registry().protections[service] = {turn.time() + most.count(), false};
}

}  // namespace muster::core
