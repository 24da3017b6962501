#include "turn.hpp"

#include <muster/mutant.hpp>

#include "assert.hpp"
#include "names.hpp"

#include <algorithm>

namespace muster::core {

void Turn::append(RecordKey&& key, RecordValue&& value) {
  revision_ = step_revision();
  const auto index = static_cast<std::uint32_t>(out_.records.size() - first_record_);
  out_.records.emplace_back(revision_, index, 0U, std::move(key), std::move(value));
  const auto applied = parts_.replay.apply(out_.records.back());
  MUSTER_ASSERT(applied.has_value(), "what a handler emits can be replayed");
}

Revision Turn::step_revision() const {
  return revision_ != 0 ? revision_ : std::max(parts_.state.revision(), parts_.revision_floor) + 1;
}

GroupRecord& Turn::group(const std::string& id) {
  if (last_group_ != nullptr && last_group_->id.value == id) return *last_group_;
  const auto found = groups_.find(id);
  if (found != groups_.end()) return *(last_group_ = &found->second);
  GroupRecord draft;
  if (const Group* present = state().group(id)) {
    draft = *present->record;
  } else {
    draft.id = GroupId{id};
    draft.epoch = draft.assignment_epoch = state().meta().epoch_floor;
  }
  return *(last_group_ = &groups_.emplace(id, std::move(draft)).first->second);
}

void Turn::emit_groups() {
  for (auto& [id, draft] : groups_) {
    const Group* present = state().group(id);
    if (present == nullptr || *present->record != draft) emit(group_key(id), draft);
  }
}

ServiceRecord& Turn::service(const std::string& name) {
  const auto [it, fresh] = services_.try_emplace(name);
  if (!fresh) return it->second;
  const Service* present = state().registry().service(name);
  if (present != nullptr) it->second = *present->record;
  it->second.name = ServiceName{name};
  return it->second;
}

void Turn::emit_services() {
  for (const auto& [name, draft] : services_) {
    const Service* present = state().registry().service(name);
    if (present == nullptr || *present->record != draft)
      emit(RecordKey{RecordKind::service, name, {}, {}, 0, 0}, draft);
  }
}

void Turn::emit_names_index() {
  if (state().registry().names_version() == names_version_) return;
  ShardMeta meta = state().meta();
  meta.names_index = step_revision();
  emit(RecordKey{RecordKind::meta, {}, {}, {}, 0, 0}, meta);
}

Token Turn::next_token() {
  MUSTER_ASSERT(parts_.token_counter < max_token_counter, "a term has 2^40 tokens");
  if (MUSTER_MUTANT(token_used_twice) && parts_.token_counter % 16 == 15)
    return make_token(state().meta().term, parts_.token_counter++);
  return make_token(state().meta().term, ++parts_.token_counter);
}

std::pair<std::uint64_t, std::uint64_t> Turn::random_id() {
  // Mixing as in SplitMix64, so that each id of a step has bits of its own from the one draw.
  const auto mix = [](std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  };
  const std::uint64_t step = ++ids_ * 0x9e3779b97f4a7c15ULL;
  return {mix(now_.entropy[0] + step), mix(now_.entropy[1] + step + 1)};
}

void Turn::refuse(Errc code, std::string message) {
  ++parts_.stats.refusals;
  reply(Refusal{code, std::move(message)});
}

void Turn::publish(std::shared_ptr<Event> event) {
  event->shard = shard();
  event->number = state().last_event() + 1;
  if (MUSTER_MUTANT(event_number_skipped) && event->number % 64 == 63) ++event->number;
  event->at = now_.wall;
  event->term = state().meta().term;
  event->revision = step_revision();
  if (!event->service.empty()) event->sequence = ++service(event->service).event_sequence;
  if (!event->group.empty()) event->sequence = ++group(event->group).event_sequence;
  std::shared_ptr<const Event> told = std::move(event);
  append({RecordKind::event, {}, {}, {}, 0, told->number}, told);
  out_.events.push_back(std::move(told));
  ++parts_.stats.events;
  if (limits().outbox) return parts_.replay.bound_events(parts_.ring_bytes());
  while (state().event_bytes() > parts_.ring_bytes() && state().events().size() > 1) {
    erase({RecordKind::event, {}, {}, {}, 0, state().oldest_event()->number});
    ++parts_.stats.events_dropped;
  }
}

void Turn::finish() {
  emit_groups();
  groups_.clear();
  last_group_ = nullptr;
  emit_services();
  services_.clear();
  emit_names_index();
  const auto count = static_cast<std::uint32_t>(out_.records.size() - first_record_);
  for (std::size_t i = first_record_; i < out_.records.size(); ++i) out_.records[i].count = count;
}

std::string named(std::string_view kind, std::string_view name) {
  return std::string{kind} + " " + quoted(name);
}

}  // namespace muster::core
