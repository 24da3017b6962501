#include "record_buffers.hpp"
#include "record_key.hpp"
#include "store.hpp"

#include <algorithm>

namespace muster::store {
namespace {

using core::RecordKey;
using core::RecordKind;
using flatbuffers::Offset;
using flatbuffers::String;

struct Written {
  RecordKind kind;
  stored::Value type;
  Offset<void> value;
};

/// Writes one value into the builder. Texts and lists that are empty are left out: absent reads as
/// empty.
class ValueWriter {
 public:
  ValueWriter(flatbuffers::FlatBufferBuilder& builder, const RecordKey& key)
      : b_(builder), key_(key) {}

  Written operator()(std::monostate) const {
    throw StoreError(Errc::store_failed, describe(key_) + " is a tombstone and has no value");
  }
  template <class T>
  Written operator()(const std::shared_ptr<const T>& value) {
    if (value == nullptr)
      throw StoreError(Errc::store_failed, describe(key_) + " has a null value");
    return write(*value);
  }

 private:
  Written write(const core::ShardMeta& v) {
    return {RecordKind::meta, stored::Value::Meta,
            stored::CreateMeta(b_, v.term, v.epoch_floor, v.catalogue_version, v.run_age.count(),
                               v.names_index, v.service_floor)
                .Union()};
  }

  Written write(const core::TopicRecord& v) {
    same("topic id", v.id == key_.topic);
    const auto name = text(v.name.value);
    const auto from = text(v.followed_from);
    return {RecordKind::topic, stored::Value::Topic,
            stored::CreateTopic(b_, name, v.partitions, v.version, from).Union()};
  }

  Written write(const core::GroupRecord& v) {
    same("group", v.id.value == key_.group);
    const auto wanted = text(v.settings.assignor);
    const auto assignor = text(v.assignor);
    return {
        RecordKind::group, stored::Value::Group,
        stored::CreateGroup(b_, number(v.type), wanted, v.settings.first_assignment_delay.count(),
                            v.epoch, v.assignment_epoch, assignor, v.event_sequence)
            .Union()};
  }

  Written write(const core::MemberRecord& v) {
    same_member(v.group, v.id);
    const auto instance = v.instance ? b_.CreateString(v.instance->value) : Offset<String>{};
    const auto client_id = text(v.client.client_id);
    const auto host = text(v.client.host);
    const auto address = text(v.client.address);
    const auto software_name = text(v.client.software_name);
    const auto software_version = text(v.client.software_version);
    const auto topics = names(v.topics);
    const auto zone = text(v.zone);
    const auto assignor = text(v.assignor);
    return {RecordKind::member, stored::Value::Member,
            stored::CreateMember(b_, instance, client_id, host, address, software_name,
                                 software_version, topics, v.session_timeout.count(),
                                 v.rebalance_timeout.count(), v.max_poll_interval.count(), v.weight,
                                 zone, assignor, number(v.status))
                .Union()};
  }

  Written write(const core::TargetRecord& v) {
    same_member(v.group, v.member);
    const auto list = each<stored::Partitions>(v.partitions);
    return {RecordKind::target, stored::Value::Target, stored::CreateTarget(b_, list).Union()};
  }

  Written write(const core::CurrentRecord& v) {
    same_member(v.group, v.member);
    const auto assigned = each<stored::Granted>(v.assigned);
    const auto revoking = each<stored::Granted>(v.revoking);
    return {RecordKind::current, stored::Value::Current,
            stored::CreateCurrent(b_, v.step, v.member_epoch, v.previous_epoch, assigned, revoking)
                .Union()};
  }

  Written write(const core::OffsetRecord& v) {
    same("group", v.group.value == key_.group);
    same("topic id", v.partition.topic == key_.topic);
    same("partition", v.partition.partition == key_.partition);
    const auto metadata = text(v.metadata);
    return {RecordKind::offset, stored::Value::Offset,
            stored::CreateOffset(b_, v.offset, v.leader_epoch, metadata, v.committed_at.ms, v.token,
                                 v.sequence)
                .Union()};
  }

  Written write(const core::HistoryRecord& v) {
    const EpochHistory& e = v.epoch;
    same("group", v.group.value == key_.group);
    same("epoch", e.epoch >= 0 && static_cast<std::uint64_t>(e.epoch) == key_.number);
    return {RecordKind::history, stored::Value::History, write_part(e).Union()};
  }

  Written write(const core::SilenceRecord& v) {
    same_member(v.group, v.member);
    return {silence_kind(), stored::Value::Silence,
            stored::CreateSilence(b_, v.budget.count()).Union()};
  }

  /// Three kinds of records have this value, told apart by their keys.
  [[nodiscard]] RecordKind silence_kind() const {
    const bool others =
        key_.kind == RecordKind::instance_silence || key_.kind == RecordKind::node_silence;
    return others ? key_.kind : RecordKind::silence;
  }

  Written write(const core::ServiceRecord& v) {
    same("name", v.name.value == key_.group);
    const auto zone = text(v.protected_zone);
    return {RecordKind::service, stored::Value::Service,
            stored::CreateService(b_, v.index, v.event_sequence, number(v.protected_for), zone,
                                  v.protected_since.ms)
                .Union()};
  }

  Written write(const core::InstanceRecord& v) {
    same("service", v.service.value == key_.group);
    same("instance", v.id.value == key_.member);
    const auto address = text(v.info.address);
    const auto tags = texts(v.info.tags);
    const auto meta = each<stored::MetaEntry>(v.info.meta);
    const auto zone = text(v.info.zone);
    const auto node = text(v.info.node.value);
    const auto owner = text(v.owner);
    const auto evidence = text(v.evidence);
    const auto report = text(v.report);
    const auto why = text(v.maintenance_why);
    const auto checks = each<stored::Check>(v.info.checks);
    const auto probe = text(v.probe);
    return {RecordKind::instance, stored::Value::Instance,
            stored::CreateInstance(
                b_, v.incarnation, address, v.info.port, tags, meta, v.info.weight, zone, node,
                v.session_timeout.count(), owner, number(v.ladder), number(v.ladder_reason),
                evidence, number(v.reported), report, v.maintenance, why, v.degraded, v.since.ms,
                v.registered_at.ms, checks, number(v.probed), number(v.probed_reason), probe)
                .Union()};
  }

  Written write(const core::NodeRecord& v) {
    same("name", v.name.value == key_.group);
    const auto address = text(v.address);
    const auto zone = text(v.zone);
    return {RecordKind::node, stored::Value::Node,
            stored::CreateNode(b_, v.incarnation, address, zone, v.session_timeout.count(),
                               number(v.status), v.since.ms)
                .Union()};
  }

  Written write(const core::DepartedRecord& v) {
    same("service", v.service.value == key_.group);
    same("instance", v.id.value == key_.member);
    const auto address = text(v.address);
    const auto detail = text(v.detail);
    return {RecordKind::departed, stored::Value::Departed,
            stored::CreateDeparted(b_, v.incarnation, address, v.port, v.at.ms, v.number,
                                   number(v.last), number(v.reason), detail)
                .Union()};
  }

  Written write(const Event& v) {
    same("number", v.number == key_.number);
    const auto group = text(v.group);
    const auto member = text(v.member);
    const auto topic = text(v.topic);
    const auto detail = text(v.detail);
    const auto assigned = each<stored::Owned>(v.assigned);
    const auto revoked = each<stored::Owned>(v.revoked);
    const auto released = each<stored::Owned>(v.released);
    const auto topic_id = stored_id(v.topic_id);
    const auto rebalance = v.rebalance ? write_part(*v.rebalance) : Offset<stored::History>{};
    const auto service = text(v.service);
    const auto instance = text(v.instance);
    const auto node = text(v.node);
    const Epoch rebalance_epoch = v.rebalance ? v.rebalance->epoch : 0;
    return {RecordKind::event, stored::Value::Event,
            stored::CreateEvent(b_, v.shard, number(v.kind), v.at.ms, v.term, v.revision, group,
                                v.sequence, member, topic, v.epoch, number(v.reason), detail,
                                number(v.from), number(v.to), assigned, revoked, v.partitions,
                                v.took.count(), released, v.step,
                                v.topic_id == TopicId{} ? nullptr : &topic_id, rebalance_epoch,
                                rebalance, v.first_lost, service, instance, node, v.incarnation)
                .Union()};
  }

  Offset<stored::History> write_part(const EpochHistory& e) {
    const auto trigger = text(e.trigger);
    const auto assignor = text(e.assignor);
    const auto moves = each<stored::Move>(e.moves);
    return stored::CreateHistory(b_, number(e.reason), trigger, e.changes, assignor,
                                 e.started_at.ms, e.gathered.count(), e.revoked.count(),
                                 e.settled.count(), e.members, e.moved, moves);
  }
  Offset<stored::MetaEntry> write_part(const MetaEntry& v) {
    const auto key = text(v.key);
    const auto value = text(v.value);
    return stored::CreateMetaEntry(b_, key, value);
  }
  Offset<stored::Check> write_part(const Check& v) {
    const auto path = text(v.path);
    return stored::CreateCheck(b_, number(v.kind), v.port, path, v.interval.count(),
                               v.timeout.count(), v.slow.count(), v.falls, v.rises);
  }
  Offset<stored::Partitions> write_part(const TopicPartitions& v) {
    const auto id = stored_id(v.topic);
    const auto partitions = numbers(v.partitions);
    return stored::CreatePartitions(b_, &id, partitions);
  }
  Offset<stored::Owned> write_part(const OwnedPartitions& v) {
    same("list of tokens", v.tokens.size() == v.partitions.size());
    const auto id = stored_id(v.topic);
    const auto partitions = numbers(v.partitions);
    const auto tokens = numbers(v.tokens);
    return stored::CreateOwned(b_, &id, partitions, tokens);
  }
  Offset<stored::Granted> write_part(const core::Granted& v) {
    same("list of tokens", v.tokens.size() == v.partitions.size());
    same("list of epochs", v.epochs.size() == v.partitions.size());
    const auto id = stored_id(v.topic);
    const auto partitions = numbers(v.partitions);
    const auto tokens = numbers(v.tokens);
    const auto epochs = numbers(v.epochs);
    return stored::CreateGranted(b_, &id, partitions, tokens, epochs);
  }
  Offset<stored::Move> write_part(const Move& v) {
    const auto from = text(v.from.value);
    const auto to = text(v.to.value);
    const auto partitions = write_part(v.partitions);
    return stored::CreateMove(b_, from, to, partitions);
  }

  template <class Stored, class Part>
  Offset<flatbuffers::Vector<Offset<Stored>>> each(const std::vector<Part>& parts) {
    if (parts.empty()) return {};
    std::vector<Offset<Stored>> written;
    written.reserve(parts.size());
    for (const Part& part : parts) written.push_back(write_part(part));
    return b_.CreateVector(written);
  }
  Offset<flatbuffers::Vector<Offset<String>>> names(const std::vector<TopicName>& names) {
    if (names.empty()) return {};
    std::vector<Offset<String>> written;
    written.reserve(names.size());
    for (const TopicName& name : names) written.push_back(b_.CreateString(name.value));
    return b_.CreateVector(written);
  }
  Offset<flatbuffers::Vector<Offset<String>>> texts(const std::vector<std::string>& texts) {
    return texts.empty() ? Offset<flatbuffers::Vector<Offset<String>>>{}
                         : b_.CreateVectorOfStrings(texts);
  }
  template <class T>
  Offset<flatbuffers::Vector<T>> numbers(const std::vector<T>& list) {
    return list.empty() ? Offset<flatbuffers::Vector<T>>{} : b_.CreateVector(list);
  }
  Offset<String> text(const std::string& s) {
    return s.empty() ? Offset<String>{} : b_.CreateString(s);
  }
  static stored::Id stored_id(const TopicId& id) {
    return stored::Id(flatbuffers::span<const std::uint8_t, 16>(id.bytes));
  }
  template <class Enum>
  static std::uint8_t number(Enum e) {
    return static_cast<std::uint8_t>(e);
  }

  void same_member(const GroupId& group, const MemberId& member) const {
    same("group", group.value == key_.group);
    same("member", member.value == key_.member);
  }
  /// What the key holds is not stored again, so it must not differ; nor may parallel lists.
  void same(const char* field, bool is_same) const {
    if (!is_same)
      throw StoreError(Errc::store_failed,
                       "the value of " + describe(key_) + " has another " + field);
  }

  flatbuffers::FlatBufferBuilder& b_;
  const RecordKey& key_;
};

}  // namespace

RecordCodec::RecordCodec() : buffers_(std::make_unique<Buffers>()) {}
RecordCodec::~RecordCodec() = default;

std::string_view RecordCodec::encode(const core::Record& record) {
  auto& [builder, value, aligned] = *buffers_;
  if (value.size() > Buffers::kept_bytes) {
    builder.Reset();
    value = {};
  }
  builder.Clear();
  const Written written = std::visit(ValueWriter{builder, record.key}, record.value);
  if (written.kind != record.key.kind)
    throw StoreError(Errc::store_failed, describe(record.key) + " has a value of another kind");
  builder.Finish(stored::CreateStoredRecord(builder, record.revision, record.index, record.count,
                                            written.type, written.value));
  value.assign(1, static_cast<char>(record_version));
  value.append(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
  return value;
}

}  // namespace muster::store
