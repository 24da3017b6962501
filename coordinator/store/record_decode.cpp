#include "record_buffers.hpp"
#include "record_key.hpp"
#include "store.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace muster::store {
namespace {

using core::RecordKey;
using core::RecordKind;

[[noreturn]] void fail(Errc code, const RecordKey& key, const std::string& how) {
  throw StoreError(code, "the stored value of " + describe(key) + " " + how);
}

/// Reads verified tables; what FlatBuffers cannot verify (numbers of closed lists, parallel lists,
/// which fields must be there) is checked here.
class ValueReader {
 public:
  explicit ValueReader(const RecordKey& key) : key_(key) {}

  core::RecordValue read(const stored::StoredRecord& record) const {
    switch (key_.kind) {
      case RecordKind::meta:
        return shared(meta(need(record.value_as_Meta())));
      case RecordKind::topic:
        return shared(topic(need(record.value_as_Topic())));
      case RecordKind::group:
        return shared(group(need(record.value_as_Group())));
      case RecordKind::member:
        return shared(member(need(record.value_as_Member())));
      case RecordKind::target:
        return shared(target(need(record.value_as_Target())));
      case RecordKind::current:
        return shared(current(need(record.value_as_Current())));
      case RecordKind::offset:
        return shared(offset(need(record.value_as_Offset())));
      case RecordKind::history:
        return shared(history(need(record.value_as_History())));
      case RecordKind::service:
        return shared(service(need(record.value_as_Service())));
      case RecordKind::instance:
        return shared(instance(need(record.value_as_Instance())));
      case RecordKind::node:
        return shared(node(need(record.value_as_Node())));
      case RecordKind::departed:
        return shared(departed(need(record.value_as_Departed())));
      case RecordKind::silence:
      case RecordKind::instance_silence:
      case RecordKind::node_silence:
        return shared(silence(need(record.value_as_Silence())));
      case RecordKind::event:
        return shared(event(need(record.value_as_Event())));
    }
    fail(Errc::store_incompatible, key_, "is of a kind that this version does not know");
  }

 private:
  static core::ShardMeta meta(const stored::Meta& v) {
    return {.term = v.term(),
            .epoch_floor = v.epoch_floor(),
            .catalogue_version = v.catalogue_version(),
            .run_age = Millis{v.run_age_ms()},
            .names_index = v.names_index(),
            .service_floor = v.service_floor()};
  }

  core::TopicRecord topic(const stored::Topic& v) const {
    return {.name = TopicName(text(v.name())),
            .id = key_.topic,
            .partitions = v.partitions(),
            .version = v.version(),
            .followed_from = text(v.followed_from())};
  }

  core::GroupRecord group(const stored::Group& v) const {
    if (v.type() > static_cast<std::uint8_t>(GroupType::classic)) unknown("group type", v.type());
    return {.id = GroupId(key_.group),
            .type = static_cast<GroupType>(v.type()),
            .settings = {.assignor = text(v.assignor_wanted()),
                         .first_assignment_delay = Millis{v.first_assignment_delay_ms()}},
            .epoch = v.epoch(),
            .assignment_epoch = v.assignment_epoch(),
            .assignor = text(v.assignor()),
            .event_sequence = v.event_sequence()};
  }

  core::MemberRecord member(const stored::Member& v) const {
    core::MemberRecord out;
    out.group = GroupId(key_.group);
    out.id = MemberId(key_.member);
    if (v.instance() != nullptr) out.instance = InstanceId(v.instance()->str());
    out.client = {.client_id = text(v.client_id()),
                  .host = text(v.host()),
                  .address = text(v.address()),
                  .software_name = text(v.software_name()),
                  .software_version = text(v.software_version())};
    if (v.topics() != nullptr)
      for (const flatbuffers::String* name : *v.topics()) out.topics.emplace_back(name->str());
    out.session_timeout = Millis{v.session_timeout_ms()};
    out.rebalance_timeout = Millis{v.rebalance_timeout_ms()};
    out.max_poll_interval = Millis{v.max_poll_interval_ms()};
    out.weight = v.weight();
    out.zone = text(v.zone());
    out.assignor = text(v.assignor());
    out.status = listed<Status>("status", v.status());
    return out;
  }

  core::TargetRecord target(const stored::Target& v) const {
    return {.group = GroupId(key_.group),
            .member = MemberId(key_.member),
            .partitions = each<TopicPartitions>(v.partitions())};
  }

  core::CurrentRecord current(const stored::Current& v) const {
    return {.group = GroupId(key_.group),
            .member = MemberId(key_.member),
            .step = v.step(),
            .member_epoch = v.member_epoch(),
            .previous_epoch = v.previous_epoch(),
            .assigned = each<core::Granted>(v.assigned()),
            .revoking = each<core::Granted>(v.revoking())};
  }

  core::OffsetRecord offset(const stored::Offset& v) const {
    return {.group = GroupId(key_.group),
            .partition = {key_.topic, key_.partition},
            .offset = v.offset(),
            .leader_epoch = v.leader_epoch(),
            .metadata = text(v.metadata()),
            .committed_at = Wall{v.committed_at_ms()},
            .token = v.token(),
            .sequence = v.sequence()};
  }

  core::HistoryRecord history(const stored::History& v) const {
    if (key_.number > static_cast<std::uint64_t>(max_epoch))
      fail(Errc::store_corrupt, key_, "is of an epoch above " + std::to_string(max_epoch));
    return {.group = GroupId(key_.group),
            .epoch = epoch_history(v, static_cast<Epoch>(key_.number))};
  }

  EpochHistory epoch_history(const stored::History& v, Epoch epoch) const {
    return {.epoch = epoch,
            .reason = listed<Reason>("reason", v.reason()),
            .trigger = text(v.trigger()),
            .changes = v.changes(),
            .assignor = text(v.assignor()),
            .started_at = Wall{v.started_at_ms()},
            .gathered = Millis{v.gathered_ms()},
            .revoked = Millis{v.revoked_ms()},
            .settled = Millis{v.settled_ms()},
            .members = v.members(),
            .moved = v.moved(),
            .moves = each<Move>(v.moves())};
  }

  core::SilenceRecord silence(const stored::Silence& v) const {
    return {.group = GroupId(key_.group),
            .member = MemberId(key_.member),
            .budget = Millis{v.budget_ms()}};
  }

  Event event(const stored::Event& v) const {
    return {.shard = v.shard(),
            .number = key_.number,
            .kind = listed<EventKind>("event kind", v.kind()),
            .at = Wall{v.at_ms()},
            .term = v.term(),
            .revision = v.revision(),
            .group = text(v.group()),
            .sequence = v.sequence(),
            .member = text(v.member()),
            .topic = text(v.topic()),
            .epoch = v.epoch(),
            .reason = listed<Reason>("reason", v.reason()),
            .detail = text(v.detail()),
            .from = listed<Status>("status", v.from()),
            .to = listed<Status>("status", v.to()),
            .assigned = each<OwnedPartitions>(v.assigned()),
            .revoked = each<OwnedPartitions>(v.revoked()),
            .partitions = v.partitions(),
            .took = Millis{v.took_ms()},
            .released = each<OwnedPartitions>(v.released()),
            .step = v.step(),
            .topic_id = v.topic_id() == nullptr ? TopicId{} : topic_id(v.topic_id()),
            .rebalance = rebalance(v),
            .first_lost = v.first_lost(),
            .service = text(v.service()),
            .instance = text(v.instance()),
            .node = text(v.node()),
            .incarnation = v.incarnation()};
  }

  core::ServiceRecord service(const stored::Service& v) const {
    return {.name = ServiceName(key_.group),
            .index = v.index(),
            .event_sequence = v.event_sequence(),
            .protected_for = listed<Reason>("reason", v.protected_for()),
            .protected_zone = text(v.protected_zone()),
            .protected_since = Wall{v.protected_since_ms()}};
  }

  core::InstanceRecord instance(const stored::Instance& v) const {
    core::InstanceRecord out;
    out.service = ServiceName(key_.group);
    out.id = InstanceId(key_.member);
    out.incarnation = v.incarnation();
    out.info = {.address = text(v.address()),
                .port = v.port(),
                .tags = texts(v.tags()),
                .meta = each<MetaEntry>(v.meta()),
                .weight = v.weight(),
                .zone = text(v.zone()),
                .node = NodeName(text(v.node())),
                .checks = each<Check>(v.checks())};
    out.session_timeout = Millis{v.session_timeout_ms()};
    out.owner = text(v.owner());
    out.ladder = listed<Status>("status", v.ladder());
    out.ladder_reason = listed<Reason>("reason", v.ladder_reason());
    out.evidence = text(v.evidence());
    out.reported = listed<Status>("status", v.reported());
    out.report = text(v.report());
    out.maintenance = v.maintenance();
    out.maintenance_why = text(v.maintenance_why());
    out.degraded = v.degraded();
    out.since = Wall{v.since_ms()};
    out.registered_at = Wall{v.registered_at_ms()};
    out.probed = listed<Status>("status", v.probed());
    out.probed_reason = listed<Reason>("reason", v.probed_reason());
    out.probe = text(v.probe());
    return out;
  }

  core::NodeRecord node(const stored::Node& v) const {
    return {.name = NodeName(key_.group),
            .incarnation = v.incarnation(),
            .address = text(v.address()),
            .zone = text(v.zone()),
            .session_timeout = Millis{v.session_timeout_ms()},
            .status = listed<Status>("status", v.status()),
            .since = Wall{v.since_ms()}};
  }

  core::DepartedRecord departed(const stored::Departed& v) const {
    return {.service = ServiceName(key_.group),
            .id = InstanceId(key_.member),
            .incarnation = v.incarnation(),
            .address = text(v.address()),
            .port = v.port(),
            .at = Wall{v.at_ms()},
            .number = v.number(),
            .last = listed<Status>("status", v.last()),
            .reason = listed<Reason>("reason", v.reason()),
            .detail = text(v.detail())};
  }

  std::shared_ptr<const EpochHistory> rebalance(const stored::Event& v) const {
    if (v.rebalance() == nullptr) return nullptr;
    return std::make_shared<const EpochHistory>(epoch_history(*v.rebalance(), v.rebalance_epoch()));
  }

  MetaEntry part(const stored::MetaEntry& v) const {
    return {.key = text(v.key()), .value = text(v.value())};
  }
  Check part(const stored::Check& v) const {
    return {.kind = listed<Check::Kind>("kind of check", v.kind()),
            .port = v.port(),
            .path = text(v.path()),
            .interval = Millis{v.interval_ms()},
            .timeout = Millis{v.timeout_ms()},
            .slow = Millis{v.slow_ms()},
            .falls = v.falls(),
            .rises = v.rises()};
  }
  TopicPartitions part(const stored::Partitions& v) const {
    return {.topic = topic_id(v.topic()), .partitions = numbers(v.partitions())};
  }
  OwnedPartitions part(const stored::Owned& v) const {
    OwnedPartitions out{.topic = topic_id(v.topic()),
                        .partitions = numbers(v.partitions()),
                        .tokens = numbers(v.tokens())};
    parallel("tokens", out.tokens.size(), out.partitions.size());
    return out;
  }
  core::Granted part(const stored::Granted& v) const {
    core::Granted out{.topic = topic_id(v.topic()),
                      .partitions = numbers(v.partitions()),
                      .tokens = numbers(v.tokens()),
                      .epochs = numbers(v.epochs())};
    parallel("tokens", out.tokens.size(), out.partitions.size());
    parallel("epochs", out.epochs.size(), out.partitions.size());
    return out;
  }
  Move part(const stored::Move& v) const {
    return {.from = MemberId(text(v.from())),
            .to = MemberId(text(v.to())),
            .partitions = part(need(v.partitions()))};
  }

  template <class Part, class Stored>
  std::vector<Part> each(const flatbuffers::Vector<flatbuffers::Offset<Stored>>* list) const {
    std::vector<Part> out;
    if (list == nullptr) return out;
    out.reserve(list->size());
    for (const Stored* entry : *list) out.push_back(part(*entry));
    return out;
  }
  /// FlatBuffers verifies where the list begins, not that its 64-bit numbers are aligned.
  template <class T>
  std::vector<T> numbers(const flatbuffers::Vector<T>* list) const {
    if (list == nullptr) return {};
    if (reinterpret_cast<std::uintptr_t>(list->Data()) % sizeof(T) != 0)
      fail(Errc::store_corrupt, key_, "has numbers that are not aligned");
    return std::vector<T>(list->begin(), list->end());
  }
  static std::vector<std::string> texts(
      const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* list) {
    std::vector<std::string> out;
    if (list == nullptr) return out;
    for (const flatbuffers::String* entry : *list) out.push_back(entry->str());
    return out;
  }
  static std::string text(const flatbuffers::String* s) { return s == nullptr ? "" : s->str(); }

  TopicId topic_id(const stored::Id* id) const {
    TopicId out;
    const auto& bytes = *need(id).bytes();
    std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
    return out;
  }

  template <class T>
  static std::shared_ptr<const T> shared(T&& value) {
    return std::make_shared<const T>(std::move(value));
  }
  template <class T>
  const T& need(const T* field) const {
    if (field == nullptr) fail(Errc::store_corrupt, key_, "lacks a part that it must have");
    return *field;
  }
  void parallel(const char* what, std::size_t size, std::size_t expected) const {
    if (size != expected)
      fail(Errc::store_corrupt, key_,
           "has " + std::to_string(size) + " " + what + " for " + std::to_string(expected) +
               " partitions");
  }
  template <class Enum>
  Enum listed(const char* what, std::uint8_t number) const {
    const auto value = static_cast<Enum>(number);
    if (to_string(value) == "unknown") unknown(what, number);
    return value;
  }
  [[noreturn]] void unknown(const char* what, std::uint8_t number) const {
    fail(Errc::store_incompatible, key_,
         std::string("has the ") + what + " " + std::to_string(number) +
             ", which this version does not know");
  }

  const RecordKey& key_;
};

void check_version(const RecordKey& key, std::string_view value) {
  if (value.empty()) fail(Errc::store_corrupt, key, "is empty");
  const auto version = static_cast<std::uint8_t>(value.front());
  if (version == 0) fail(Errc::store_corrupt, key, "has the impossible record version 0");
  if (version > record_version)
    fail(Errc::store_incompatible, key,
         "has record version " + std::to_string(version) + "; this program reads up to " +
             std::to_string(record_version));
}

}  // namespace

core::Record RecordCodec::decode(const RecordKey& key, std::string_view value) {
  constexpr flatbuffers::uoffset_t max_depth = 16;
  constexpr flatbuffers::uoffset_t max_tables = 1'000'000;
  check_version(key, value);
  value.remove_prefix(1);
  if (value.empty() || value.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    fail(Errc::store_corrupt, key, "has the impossible size " + std::to_string(value.size()));

  auto& aligned = buffers_->aligned;
  if (aligned.size() * sizeof(aligned[0]) > Buffers::kept_bytes) aligned = {};
  if (aligned.size() * sizeof(aligned[0]) < value.size()) aligned.resize(value.size() / 8 + 1);
  std::memcpy(aligned.data(), value.data(), value.size());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(aligned.data());
  flatbuffers::Verifier verifier(bytes, value.size(), max_depth, max_tables);
  if (!stored::VerifyStoredRecordBuffer(verifier))
    fail(Errc::store_corrupt, key, "is damaged: its bytes make no record");

  const stored::StoredRecord& record = *stored::GetStoredRecord(bytes);
  return {.revision = record.revision(),
          .index = record.index(),
          .count = record.count(),
          .key = key,
          .value = ValueReader(key).read(record)};
}

}  // namespace muster::store
