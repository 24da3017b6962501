#include "damping.hpp"
#include "handle.hpp"
#include "instances.hpp"
#include "probes.hpp"

#include <muster/mutant.hpp>

#include <algorithm>
#include <limits>

namespace muster::core {
namespace {

constexpr std::uint8_t misses_to_critical = 2;
constexpr std::uint8_t misses_to_dead = 3;

InstanceKey key_of(const InstanceRecord& instance) {
  return {instance.service.value, instance.id.value};
}

void count(std::uint8_t& counter) {
  if (counter < std::numeric_limits<std::uint8_t>::max()) ++counter;
}

/// What this run knows of the instance's checks. After a restart it begins with what they had found
/// before, which a passing answer ends and a miss makes no better.
Probes& probes_of(Turn& turn, const InstanceRecord& instance) {
  Probes& probes = turn.registry().probes[key_of(instance)];
  const std::size_t checks = instance.info.checks.size();
  if (probes.incarnation == instance.incarnation && probes.checks.size() == checks) return probes;
  probes = {instance.incarnation, std::vector<Probes::One>(checks)};
  for (Probes::One& one : probes.checks) {
    one.status = instance.probed;
    if (instance.probed_reason != Reason::probes_missed) continue;
    one.missed = instance.probed == Status::dead       ? misses_to_dead
                 : instance.probed == Status::critical ? misses_to_critical
                                                       : 1;
  }
  return probes;
}

/// What the check says after this answer.
Status next_status(Probes::One& one, const Check& check, Probed::Result result) {
  if (result == Probed::Result::missed) {
    one.passed = 0;
    count(one.missed);
    const bool ends = one.missed >= misses_to_dead && !MUSTER_MUTANT(unanswered_is_well);
    if (ends) return Status::dead;
    return std::max(one.missed >= misses_to_critical ? Status::critical : Status::overloaded,
                    one.status);
  }
  one.missed = 0;
  if (result == Probed::Result::passed) {
    one.bad = 0;
    count(one.passed);
    return one.passed >= check.rises ? Status::healthy : std::min(one.status, Status::critical);
  }
  one.passed = 0;
  count(one.bad);
  const Status bad = result == Probed::Result::slow ? Status::overloaded : Status::critical;
  return one.bad >= check.falls ? bad : std::min(one.status, Status::critical);
}

Reason reason_of(Probed::Result result) {
  if (result == Probed::Result::passed) return Reason::probe_passed;
  return result == Probed::Result::missed ? Reason::probes_missed : Reason::probe_bad;
}

/// The worst that its checks say; what `newest` says comes first among equals.
Status worst(const Probes& probes) {
  Status status = Status::healthy;
  for (const Probes::One& one : probes.checks) status = std::max(status, one.status);
  return status;
}

}  // namespace

bool answers_probes(Turn& turn, const InstanceRecord& instance) {
  if (instance.probed == Status::dead) return false;
  const auto it = turn.registry().probes.find(key_of(instance));
  if (it == turn.registry().probes.end() || it->second.incarnation != instance.incarnation)
    return false;
  const auto& checks = instance.info.checks;
  for (std::size_t i = 0; i < std::min(checks.size(), it->second.checks.size()); ++i) {
    const SessionTime at = it->second.checks[i].answered;
    const Millis lately = 3 * checks[i].interval + checks[i].timeout;
    if (at != 0 && turn.time() - at <= lately.count()) return true;
  }
  return false;
}

void forget_probes(Turn& turn, const InstanceRecord& instance) {
  turn.registry().probes.erase(key_of(instance));
}

void handle(Turn& turn, const Probed& probed) {
  const InstanceView* view =
      turn.state().registry().instance(probed.service.value, probed.instance.value);
  // It may have changed while the probe was under way.
  if (view == nullptr || view->record->incarnation != probed.incarnation ||
      probed.check >= view->record->info.checks.size())
    return;
  const InstanceRecord before = *view->record;
  Probes& probes = probes_of(turn, before);
  Probes::One& one = probes.checks[probed.check];
  if (probed.result != Probed::Result::missed) one.answered = turn.time();
  one.status = next_status(one, before.info.checks[probed.check], probed.result);
  const Status found = worst(probes);
  if (found == before.probed) return;
  InstanceRecord after = before;
  after.probed = found;
  after.probed_reason = reason_of(probed.result);
  after.probe = probed.detail;
  if (found >= Status::critical && before.probed < Status::critical)
    after.degraded = fail_once(turn, before);
  const std::string detail = after.probe;
  const Reason reason = after.probed_reason;
  const std::uint32_t slot = view->slot;
  change_instance(turn, before, std::move(after), reason, detail);
  // Neither side says anything any more: the next Tick, before which all sockets are read, ends it.
  if (found == Status::dead && before.ladder == Status::zombie)
    turn.sessions().watch(slot, turn.time());
}

}  // namespace muster::core
