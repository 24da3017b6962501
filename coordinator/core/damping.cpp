#include "damping.hpp"

#include "instances.hpp"

#include <limits>

namespace muster::core {
namespace {

constexpr std::uint32_t one_failure = 1'000;
/// Less than this is as good as nothing.
constexpr std::uint32_t forgotten = 100;

InstanceKey key_of(const InstanceRecord& instance) {
  return {instance.service.value, instance.id.value};
}

/// The entry of this instance, made if it is not there.
Damping& entry_of(Turn& turn, const InstanceKey& key) {
  Registry& registry = turn.registry();
  const auto [it, fresh] = registry.damping.try_emplace(key);
  if (fresh) {
    it->second.halves_at = turn.time() + turn.limits().flap_half_life.count();
    registry.halvings.emplace(it->second.halves_at, key);
  }
  return it->second;
}

void end_flapping(Turn& turn, const InstanceKey& key) {
  const InstanceView* view = turn.state().registry().instance(key.first, key.second);
  if (view == nullptr || !view->record->degraded) return;
  const InstanceRecord before = *view->record;
  InstanceRecord after = before;
  after.degraded = false;
  change_instance(turn, before, std::move(after), Reason::steady, "");
}

}  // namespace

bool fail_once(Turn& turn, const InstanceRecord& instance) {
  Damping& entry = entry_of(turn, key_of(instance));
  entry.rising_since = 0;
  if (entry.score <= std::numeric_limits<std::uint32_t>::max() / 2) entry.score += one_failure;
  return instance.degraded || entry.score >= turn.limits().flap_limit;
}

bool flaps(Turn& turn, const ServiceName& service, const InstanceId& id) {
  const auto it = turn.registry().damping.find({service.value, id.value});
  return it != turn.registry().damping.end() && it->second.score >= turn.limits().flap_limit;
}

void restore_score(Turn& turn, const InstanceRecord& instance) {
  if (!instance.degraded) return;
  entry_of(turn, key_of(instance)).score = turn.limits().flap_limit;
}

void start_rising(Turn& turn, const InstanceRecord& instance) {
  entry_of(turn, key_of(instance)).rising_since = turn.time();
}

bool is_rising(Turn& turn, const InstanceRecord& instance, Millis interval) {
  if (instance.ladder != Status::overloaded || instance.ladder_reason != Reason::heartbeat_resumed)
    return false;
  const auto it = turn.registry().damping.find(key_of(instance));
  return it != turn.registry().damping.end() && it->second.rising_since != 0 &&
         turn.time() - it->second.rising_since < interval.count() / 2;
}

void decay_scores(Turn& turn) {
  Registry& registry = turn.registry();
  const SessionTime now = turn.time();
  while (!registry.halvings.empty() && registry.halvings.begin()->first <= now) {
    const InstanceKey key = registry.halvings.begin()->second;
    registry.halvings.erase(registry.halvings.begin());
    Damping& entry = registry.damping[key];
    entry.score /= 2;
    if (entry.score < turn.limits().flap_steady) end_flapping(turn, key);
    if (entry.score < forgotten) {
      registry.damping.erase(key);
      continue;
    }
    entry.halves_at = now + turn.limits().flap_half_life.count();
    registry.halvings.emplace(entry.halves_at, key);
  }
}

}  // namespace muster::core
