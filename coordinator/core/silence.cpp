#include "silence.hpp"

#include <muster/mutant.hpp>

#include "ladder.hpp"

#include <algorithm>

namespace muster::core {
namespace {

SilenceRecord silence_of(const RecordKey& key, Millis budget) {
  return {GroupId{key.group}, MemberId{key.member}, budget};
}

/// Once a note has called it silent, every answer waits until that is withdrawn durably: else a
/// crash now would count it silent although it was told otherwise. Gives what to wait for.
Revision withdraw_note(Turn& turn, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  const bool any = !turn.state().silences().empty();
  if (!session.noted && !any) return 0;
  const RecordKey key = silence_key(turn.state().owner(slot));
  const bool recorded = turn.state().silence(key) != nullptr;
  if (!session.noted && !recorded) return 0;
  if (recorded) {
    session.noted = !MUSTER_MUTANT(answers_before_withdrawal);  // no beat is routine until then
    turn.erase(key);
    turn.sessions().set_withdrawal(slot, turn.revision());
  }
  const Revision after = turn.sessions().withdrawal(slot);
  if (after > turn.now().durable) return after;
  session.noted = false;
  turn.sessions().forget_withdrawal(slot);
  return 0;
}

}  // namespace

RecordKey silence_key(const SlotOwner& owner) {
  if (const InstanceRecord* instance = owner.instance())
    return member_key(RecordKind::instance_silence, instance->service.value, instance->id.value);
  if (const NodeRecord* node = owner.node())
    return {RecordKind::node_silence, node->name.value, {}, {}, 0, 0};
  return member_key(RecordKind::silence, owner.group_id().value, std::string{owner.member()->id()});
}

Millis budget_of(Turn& turn, std::uint32_t slot, Millis timeout, Millis last_run_age) {
  if (MUSTER_MUTANT(restart_halves_sessions)) return timeout / 2;
  const SilenceRecord* silence = turn.state().silence(silence_key(turn.state().owner(slot)));
  if (silence == nullptr) return timeout;
  return std::clamp(silence->budget - last_run_age, 2 * heartbeat_interval(timeout), timeout);
}

void expect_to_hear(Turn& turn, std::uint32_t slot, Millis budget, Unheard& unheard) {
  const RecordKey key = silence_key(turn.state().owner(slot));
  unheard.entries.push_back({slot, key, budget});
  const SilenceRecord* silence = turn.state().silence(key);
  if (silence == nullptr) return;
  turn.sessions()[slot].noted = true;
  if (budget != silence->budget) turn.emit(key, silence_of(key, budget));
}

Revision heard_session(Turn& turn, std::uint32_t slot) {
  Session& session = turn.sessions()[slot];
  session.last_heard = turn.time();
  session.ponged = false;
  session.heard = true;
  const Revision after = withdraw_note(turn, slot);
  wait_for_answer(turn, slot, after);
  return after;
}

void forget_silence(Turn& turn, std::uint32_t slot) {
  if (turn.state().silences().empty()) return;
  const RecordKey key = silence_key(turn.state().owner(slot));
  if (turn.state().silence(key) != nullptr) turn.erase(key);
}

void note_silence(Turn& turn, Unheard& unheard) {
  const Mono now = turn.now().mono;
  if (!unheard.note_at || now < *unheard.note_at) return;
  auto& entries = unheard.entries;
  const std::size_t end = std::min(entries.size(), unheard.next + turn.limits().notes_per_tick);
  for (; unheard.next < end; ++unheard.next) {
    const Unheard::Entry& entry = entries[unheard.next];
    Session& session = turn.sessions()[entry.slot];
    if (!session.used || session.heard || session.noted) continue;
    const SlotOwner& owner = turn.state().owner(entry.slot);
    if (owner.nobody() || silence_key(owner) != entry.key) continue;
    session.noted = true;
    turn.emit(entry.key, silence_of(entry.key, entry.budget));
  }
  if (unheard.next < entries.size()) return;  // the rest in the next Tick
  std::erase_if(entries, [&](const Unheard::Entry& entry) {
    const Session& session = turn.sessions()[entry.slot];
    return !session.used || session.heard;
  });
  unheard.next = 0;
  if (entries.empty()) {
    unheard.note_at.reset();
    return;
  }
  ShardMeta meta = turn.state().meta();
  meta.run_age = now - unheard.loaded_at;
  turn.emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
  unheard.note_at = now + turn.limits().note_interval;
}

}  // namespace muster::core
