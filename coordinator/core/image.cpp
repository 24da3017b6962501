#include "image.hpp"

#include <muster/core/pack.hpp>

#include "instances.hpp"

#include <map>
#include <string_view>
#include <utility>

namespace muster::core {
namespace {

// Records -----------------------------------------------------------------------------------------

class Records {
 public:
  explicit Records(const State& state) : state_(state) {}

  std::vector<Record> all() && {
    put({RecordKind::meta, {}, {}, {}, 0, 0}, std::make_shared<const ShardMeta>(state_.meta()));
    state_.topics().for_each([&](const std::string&, const auto& topic) {
      put({RecordKind::topic, {}, {}, topic->id, 0, 0}, topic);
    });
    for (const auto& [id, group] : state_.groups()) put(group_key(id), group.record);
    for (const auto& [name, service] : state_.registry().services())
      put(service_key(name), service.record);
    put_sessions();
    for (const auto& [name, service] : state_.registry().services()) put_rest(name, service);
    for (const auto& [id, group] : state_.groups()) put_rest(id, group);
    for (const auto& [key, silence] : state_.silences()) put(key, silence);
    state_.events().for_each([&](std::uint64_t number, const auto& event) {
      put({RecordKind::event, {}, {}, {}, 0, number}, event);
    });
    return std::move(records_);
  }

 private:
  void put(RecordKey key, RecordValue value) {
    records_.push_back({state_.revision(), 0, 1, std::move(key), std::move(value)});
  }

  /// By slot, so that they get their slots again.
  void put_sessions() {
    for (std::uint32_t slot = 0; slot < state_.slots(); ++slot) {
      const SlotOwner& owner = state_.owner(slot);
      if (const InstanceRecord* instance = owner.instance()) {
        put_instance(*instance);
      } else if (const NodeRecord* node = owner.node()) {
        put({RecordKind::node, node->name.value, {}, {}, 0, 0},
            state_.registry().node(node->name.value)->record);
      } else if (owner.member() != nullptr) {
        MemberRecord record = owner.member()->record(owner.group_id());
        RecordKey key = member_key(RecordKind::member, record.group.value, record.id.value);
        put(std::move(key), std::make_shared<const MemberRecord>(std::move(record)));
      }
    }
  }

  void put_instance(const InstanceRecord& record) {
    const std::string& service = record.service.value;
    put(member_key(RecordKind::instance, service, record.id.value),
        state_.registry().instance(service, record.id.value)->record);
  }

  /// What has no session.
  void put_rest(const std::string& name, const Service& service) {
    service.instances.for_each([&](std::string_view, const InstanceView& instance) {
      if (instance.slot == no_slot) put_instance(*instance.record);
    });
    service.departed.for_each([&](const std::string& id, const auto& departed) {
      put(member_key(RecordKind::departed, name, id), departed);
    });
  }

  void put_rest(const std::string& id, const Group& group) {
    group.members.for_each([&](std::string_view name, const MemberView& member) {
      const std::string text(name);
      if (member.target) put(member_key(RecordKind::target, id, text), member.target);
      if (member.current) put(member_key(RecordKind::current, id, text), member.current);
    });
    group.offsets.for_each([&](const TopicPartition& at, const auto& offset) {
      put({RecordKind::offset, id, {}, at.topic, at.partition, 0}, offset);
    });
    group.history.for_each([&](Epoch epoch, const auto& history) {
      put({RecordKind::history, id, {}, {}, 0, static_cast<std::uint64_t>(epoch)}, history);
    });
  }

  const State& state_;
  std::vector<Record> records_;
};

// Rebalances --------------------------------------------------------------------------------------

void pack(Packer& out, const Gather& gather) {
  out.put(gather.first), out.put(gather.window), out.put(gather.due);
  out.put(gather.reason), out.put(gather.trigger), out.put(gather.changes);
}

Gather unpack_gather(Unpacker& in) {
  Gather gather;
  gather.first = in.get<Mono>(), gather.window = in.get<Millis>(), gather.due = in.get<Mono>();
  gather.reason = in.get<Reason>(), gather.trigger = in.text();
  gather.changes = in.get<std::uint32_t>();
  return gather;
}

void pack(Packer& out, const TargetRecord& target) {
  out.put(target.group.value), out.put(target.member.value);
  out.put(std::uint64_t{target.partitions.size()});
  for (const TopicPartitions& topic : target.partitions) {
    out.put(topic.topic);
    out.put(std::span<const PartitionIndex>(topic.partitions));
  }
}

std::shared_ptr<const TargetRecord> unpack_target(Unpacker& in) {
  TargetRecord target;
  target.group.value = in.text(), target.member.value = in.text();
  target.partitions.resize(in.count(sizeof(TopicId)));
  for (TopicPartitions& topic : target.partitions) {
    topic.topic = in.get<TopicId>();
    topic.partitions = in.list<PartitionIndex>();
  }
  return std::make_shared<const TargetRecord>(std::move(target));
}

void pack(Packer& out, const Rebalance& rebalance) {
  out.put(rebalance.gather.has_value());
  if (rebalance.gather) pack(out, *rebalance.gather);
  out.put(std::uint64_t{rebalance.unsettled.size()});
  for (const std::string& member : rebalance.unsettled) out.put(member);
  out.put(rebalance.revoking), out.put(rebalance.open_epoch), out.put(rebalance.target_at);
  out.put(rebalance.revoked.has_value());
  out.put(rebalance.revoked.value_or(Millis{0}));
  out.put(std::uint64_t{rebalance.departed.size()});
  for (const auto& target : rebalance.departed) pack(out, *target);
  out.put(rebalance.held_back);
}

void unpack(Unpacker& in, Rebalance& rebalance) {
  if (in.truth()) rebalance.gather = unpack_gather(in);
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) rebalance.unsettled.insert(in.text());
  rebalance.revoking = in.get<std::uint32_t>();
  rebalance.open_epoch = in.get<Epoch>();
  rebalance.target_at = in.get<Mono>();
  const bool revoked = in.truth();
  const auto after = in.get<Millis>();
  if (revoked) rebalance.revoked = after;
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n)
    rebalance.departed.push_back(unpack_target(in));
  rebalance.held_back = in.truth();
}

void pack(Packer& out, const Rebalances& rebalances) {
  out.put(std::uint64_t{rebalances.groups.size()});
  // By name: the order of a hash table must not show.
  std::map<std::string_view, const Rebalance*> groups;
  for (const auto& [group, rebalance] : rebalances.groups) groups.emplace(group, &rebalance);
  for (const auto& [group, rebalance] : groups) out.put(group), pack(out, *rebalance);
  out.put(std::uint64_t{rebalances.due.size()});
  for (const auto& [at, group] : rebalances.due) out.put(at), out.put(group);
  out.put(std::uint64_t{rebalances.revocation_of.size()});
  for (const auto& [slot, revocation] : rebalances.revocation_of)
    out.put(slot), out.put(revocation);
}

void unpack(Unpacker& in, Rebalances& rebalances) {
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    Rebalance& rebalance = rebalances.groups[in.text()];
    unpack(in, rebalance);
  }
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    const auto at = in.get<Mono>();
    rebalances.due.emplace(at, in.text());
  }
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    const auto slot = in.get<std::uint32_t>();
    const auto revocation = in.get<Revocation>();
    rebalances.revocation_of[slot] = revocation;
    rebalances.revocations.emplace(revocation.at, slot);
  }
}

// The rest ----------------------------------------------------------------------------------------

void pack(Packer& out, const Unheard& unheard) {
  out.put(std::uint64_t{unheard.entries.size()});
  for (const Unheard::Entry& entry : unheard.entries) {
    out.put(entry.slot), out.put(entry.key.kind), out.put(entry.key.group);
    out.put(entry.key.member), out.put(entry.budget);
  }
  out.put(std::uint64_t{unheard.next}), out.put(unheard.loaded_at);
  out.put(unheard.note_at.has_value()), out.put(unheard.note_at.value_or(Mono{}));
}

void unpack(Unpacker& in, Unheard& unheard) {
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    Unheard::Entry entry;
    entry.slot = in.get<std::uint32_t>(), entry.key.kind = in.get<RecordKind>();
    entry.key.group = in.text(), entry.key.member = in.text();
    entry.budget = in.get<Millis>();
    unheard.entries.push_back(std::move(entry));
  }
  unheard.next = in.get<std::uint64_t>();
  unheard.loaded_at = in.get<Mono>();
  const bool noting = in.truth();
  const auto at = in.get<Mono>();
  if (noting) unheard.note_at = at;
}

std::vector<std::uint32_t> used_slots(const State& state) {
  std::vector<std::uint32_t> used;
  for (std::uint32_t slot = 0; slot < state.slots(); ++slot)
    if (!state.owner(slot).nobody()) used.push_back(slot);
  return used;
}

}  // namespace

Image image_of(Parts& parts) {
  for (auto& [group, rebalance] : parts.rebalances.groups) rebalance.cache.reset();
  Image image;
  image.records = Records(parts.state).all();
  for (const Parked& parked : parts.waiting.joins)
    image.parked.push_back({parked.until, parked.version, parked.input});
  Packer out(image.run);
  out.put(parts.state.revision()), out.put(parts.state.last_event());
  out.put(std::uint64_t{parts.state.slots()});
  out.put(std::span<const std::uint32_t>(used_slots(parts.state)));
  out.put(std::span<const std::uint32_t>(parts.state.free_slots()));
  parts.sessions.pack(out, parts.state.slots());
  pack(out, parts.rebalances);
  pack(out, parts.unheard);
  parts.registry.pack(out);
  out.put(parts.stats), out.put(parts.token_counter);
  out.put(parts.revision_floor), out.put(parts.exhausted);
  return image;
}

Result<void> restore(Parts& parts, const Image& image) {
  Unpacker in(image.run);
  const auto revision = in.get<Revision>();
  const auto last_event = in.get<std::uint64_t>();
  const auto slots = in.get<std::uint64_t>();
  const auto used = in.list<std::uint32_t>();
  const auto free = in.list<std::uint32_t>();
  if (!in.ok() || slots != used.size() + free.size()) return Errc::store_corrupt;
  parts.replay.expect(revision, last_event, used, free);
  for (const Record& record : image.records)
    if (const auto applied = parts.replay.apply(record); !applied) return applied;
  if (!parts.sessions.unpack(in)) return Errc::store_corrupt;
  unpack(in, parts.rebalances);
  unpack(in, parts.unheard);
  parts.registry.unpack(in);
  parts.stats = in.get<ShardStats>();
  parts.token_counter = in.get<std::uint64_t>();
  parts.revision_floor = in.get<Revision>();
  parts.exhausted = in.truth();
  for (const Image::Parked& parked : image.parked)
    parts.waiting.joins.push_back({parked.until, parked.version, parked.input});
  if (!in.done()) return Errc::store_corrupt;
  return {};
}

}  // namespace muster::core
