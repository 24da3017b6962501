#include "samples.hpp"

#include <algorithm>

namespace muster::store::test {
namespace {

using namespace core;

const std::string group_name = "payments";
const std::string member_name = "worker-7";

template <class T>
Record make(RecordKey key, T value, Revision revision) {
  Record out;
  out.revision = revision;
  out.index = 2;
  out.count = 11;
  out.key = std::move(key);
  out.value = std::make_shared<const T>(std::move(value));
  return out;
}

RecordKey key_of(RecordKind kind) {
  RecordKey key;
  key.kind = kind;
  return key;
}
RecordKey group_key(const std::string& group) {
  RecordKey key = key_of(RecordKind::group);
  key.group = group;
  return key;
}
RecordKey member_key(RecordKind kind) {
  RecordKey key = key_of(kind);
  key.group = group_name;
  key.member = member_name;
  return key;
}
RecordKey topic_key() {
  RecordKey key = key_of(RecordKind::topic);
  key.topic = topic_id(1);
  return key;
}
RecordKey offset_key(const std::string& group, PartitionIndex partition) {
  RecordKey key = key_of(RecordKind::offset);
  key.group = group;
  key.topic = topic_id(1);
  key.partition = partition;
  return key;
}
RecordKey numbered_key(RecordKind kind, std::uint64_t number) {
  RecordKey key = key_of(kind);
  if (kind == RecordKind::history) key.group = group_name;
  key.number = number;
  return key;
}

MemberRecord sample_member() {
  MemberRecord v;
  v.group = GroupId(group_name);
  v.id = MemberId(member_name);
  v.instance = InstanceId("rack-3-slot-1");
  v.client = {"billing", "host-9", "10.0.0.9:7000", "libmuster", "0.1.0"};
  v.topics = {TopicName("invoices"), TopicName("orders")};
  v.session_timeout = Millis{45'000};
  v.rebalance_timeout = Millis{300'001};
  v.max_poll_interval = Millis{300'002};
  v.weight = 4;
  v.zone = "north";
  v.assignor = "range";
  v.status = Status::overloaded;
  return v;
}

HistoryRecord sample_history() {
  HistoryRecord v;
  v.group = GroupId(group_name);
  v.epoch.epoch = 12;
  v.epoch.reason = Reason::session_expired;
  v.epoch.trigger = member_name;
  v.epoch.changes = 3;
  v.epoch.assignor = "uniform";
  v.epoch.started_at = Wall{1'700'000'000'123};
  v.epoch.gathered = Millis{5};
  v.epoch.revoked = Millis{17};
  v.epoch.settled = Millis{23};
  v.epoch.members = 6;
  v.epoch.moved = 5;
  v.epoch.moves = {{MemberId("worker-1"), MemberId("worker-2"), {topic_id(1), {0, 4}}},
                   {MemberId(""), MemberId("worker-3"), {topic_id(2), {7, 8, 9}}}};
  return v;
}

Event sample_event() {
  Event v;
  v.shard = 3;
  v.number = 99;
  v.kind = EventKind::assignment_changed;
  v.at = Wall{1'700'000'000'456};
  v.term = 7;
  v.revision = 4'242;
  v.group = group_name;
  v.sequence = 31;
  v.member = member_name;
  v.topic = "orders";
  v.epoch = 12;
  v.reason = Reason::topic_grown;
  v.detail = "from 4 to 8 partitions";
  v.from = Status::critical;
  v.to = Status::healthy;
  v.assigned = {{topic_id(1), {4, 5}, {make_token(7, 1), make_token(7, 2)}}};
  v.revoked = {{topic_id(2), {1}, {make_token(6, 900)}}};
  v.partitions = 8;
  v.took = Millis{77};
  return v;
}

RecordKey registry_key(RecordKind kind, const std::string& service,
                       const std::string& instance = "") {
  RecordKey key = key_of(kind);
  key.group = service;
  key.member = instance;
  return key;
}

Check sample_check() {
  return {.kind = Check::Kind::http,
          .port = 8'444,
          .path = "/health",
          .interval = Millis{7'000},
          .timeout = Millis{3'000},
          .slow = Millis{400},
          .falls = 2,
          .rises = 5};
}

InstanceRecord sample_instance() {
  InstanceRecord v;
  v.service = ServiceName("billing");
  v.id = InstanceId("billing-7");
  v.incarnation = 1'700'000'000'001;
  v.info = {"10.0.0.9", 8'443,   {"canary", "v2"},   {{"env", "prod"}, {"tier", ""}},
            7,          "north", NodeName("host-9"), {{.port = 9, .path = ""}, sample_check()}};
  v.session_timeout = Millis{6'000};
  v.owner = "agent";
  v.ladder = Status::critical;
  v.ladder_reason = Reason::heartbeats_missed;
  v.evidence = "silent for 4501 ms";
  v.reported = Status::overloaded;
  v.report = "queue of 90";
  v.maintenance = true;
  v.maintenance_why = "disk replaced";
  v.degraded = true;
  v.since = Wall{1'700'000'000'222};
  v.registered_at = Wall{1'700'000'000'111};
  v.probed = Status::dead;
  v.probed_reason = Reason::probes_missed;
  v.probe = "connection to 10.0.0.9:9: Connection refused";
  return v;
}

DepartedRecord sample_departed() {
  DepartedRecord v;
  v.service = ServiceName("billing");
  v.id = InstanceId("billing-6");
  v.incarnation = 8;
  v.address = "10.0.0.8";
  v.port = 8'080;
  v.at = Wall{1'700'000'000'333};
  v.number = 77;
  v.last = Status::dead;
  v.reason = Reason::session_expired;
  v.detail = "silent for 6000 ms";
  return v;
}

Event sample_registry_event() {
  Event v = sample_event();
  v.number = 101;
  v.kind = EventKind::instance_removed;
  v.service = "billing";
  v.instance = "billing-6";
  v.node = "host-9";
  v.incarnation = 8;
  return v;
}

/// With the fields that came after the first events were stored: those bytes are kept as they were.
Event sample_later_event() {
  Event v = sample_event();
  v.number = 100;
  v.kind = EventKind::rebalance_completed;
  v.released = {{topic_id(2), {7, 9}, {make_token(6, 3), make_token(6, 5)}}};
  v.step = 8;
  v.topic_id = topic_id(1);
  v.rebalance = std::make_shared<const EpochHistory>(sample_history().epoch);
  v.first_lost = 90;
  return v;
}

template <class T>
bool same_value(const RecordValue& a, const RecordValue& b) {
  const auto* x = std::get_if<std::shared_ptr<const T>>(&a);
  const auto* y = std::get_if<std::shared_ptr<const T>>(&b);
  return x != nullptr && y != nullptr && **x == **y;
}

/// Event has no == of its own; it is compared as its fields.
auto tied(const Event& e) {
  return std::tie(e.shard, e.number, e.kind, e.at, e.term, e.revision, e.group, e.sequence,
                  e.member, e.topic, e.epoch, e.reason, e.detail, e.from, e.to, e.assigned,
                  e.revoked, e.partitions, e.took, e.released, e.step, e.topic_id, e.first_lost,
                  e.service, e.instance, e.node, e.incarnation);
}
bool same_rebalance(const Event& a, const Event& b) {
  return (a.rebalance == nullptr) == (b.rebalance == nullptr) &&
         (!a.rebalance || *a.rebalance == *b.rebalance);
}
bool same_event(const RecordValue& a, const RecordValue& b) {
  const auto* x = std::get_if<std::shared_ptr<const Event>>(&a);
  const auto* y = std::get_if<std::shared_ptr<const Event>>(&b);
  return x != nullptr && y != nullptr && tied(**x) == tied(**y) && same_rebalance(**x, **y);
}

// A field that is added to a record does not compile here until it has found its place in the
// samples, in records.fbs and in the codec.
[[maybe_unused]] void every_field(const ShardMeta& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f] = v;
}
[[maybe_unused]] void every_field(const ServiceRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f] = v;
}
[[maybe_unused]] void every_field(const InstanceRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = v;
  [[maybe_unused]] const auto& [t, u, w, x, y, z, aa, bb] = v.info;
  [[maybe_unused]] const auto& [cc, dd, ee, ff, gg, hh, ii, jj] = v.info.checks.front();
}
[[maybe_unused]] void every_field(const NodeRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g] = v;
}
[[maybe_unused]] void every_field(const DepartedRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j] = v;
}
[[maybe_unused]] void every_field(const TopicRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e] = v;
}
[[maybe_unused]] void every_field(const GroupRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g] = v;
  [[maybe_unused]] const auto& [h, i] = v.settings;
}
[[maybe_unused]] void every_field(const MemberRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = v;
  [[maybe_unused]] const auto& [m, n, o, p, q] = v.client;
}
[[maybe_unused]] void every_field(const CurrentRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g] = v;
  [[maybe_unused]] const auto& [h, i, j, k] = v.assigned.front();
}
[[maybe_unused]] void every_field(const OffsetRecord& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h] = v;
}
[[maybe_unused]] void every_field(const HistoryRecord& v) {
  [[maybe_unused]] const auto& [a, b] = v;
  [[maybe_unused]] const auto& [c, d, e, f, g, h, i, j, k, l, m, n] = v.epoch;
  [[maybe_unused]] const auto& [o, p, q] = v.epoch.moves.front();
}
[[maybe_unused]] void every_field(const TargetRecord& v) {
  [[maybe_unused]] const auto& [a, b, c] = v;
}
[[maybe_unused]] void every_field(const SilenceRecord& v) {
  [[maybe_unused]] const auto& [a, b, c] = v;
}
[[maybe_unused]] void every_field(const Event& v) {
  [[maybe_unused]] const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, w, x,
                                y, z, aa, ab, ac] = v;
}

}  // namespace

TopicId topic_id(unsigned seed) {
  TopicId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(seed * 37 + i * 11);
  return id;
}

std::vector<Record> sample_records() {
  const GroupId group(group_name);
  const MemberId member(member_name);
  std::vector<Record> out;
  out.push_back(make(key_of(RecordKind::meta), ShardMeta{7, 40, 5, Millis{61'000}, 44, 33}, 100));
  out.push_back(
      make(topic_key(), TopicRecord{TopicName("orders"), topic_id(1), 8, 5, "kafka:9092"}, 101));
  out.push_back(
      make(group_key(group_name),
           GroupRecord{group, GroupType::classic, {"range", Millis{3'000}}, 12, 11, "uniform", 31},
           102));
  out.push_back(make(member_key(RecordKind::member), sample_member(), 103));
  out.push_back(make(member_key(RecordKind::target),
                     TargetRecord{group, member, {{topic_id(1), {0, 1, 2}}, {topic_id(2), {5}}}},
                     104));
  out.push_back(
      make(member_key(RecordKind::current),
           CurrentRecord{group,
                         member,
                         9,
                         12,
                         11,
                         {{topic_id(1), {0, 1}, {make_token(7, 10), make_token(7, 11)}, {11, 12}}},
                         {{topic_id(2), {3}, {make_token(max_term, max_token_counter)}, {10}}}},
           105));
  out.push_back(make(offset_key(group_name, 6),
                     OffsetRecord{group,
                                  {topic_id(1), 6},
                                  1'234'567'890'123,
                                  4,
                                  "done: 17 files",
                                  Wall{1'700'000'000'789},
                                  make_token(7, 10),
                                  55},
                     106));
  out.push_back(make(numbered_key(RecordKind::history, 12), sample_history(), 107));
  out.push_back(
      make(member_key(RecordKind::silence), SilenceRecord{group, member, Millis{12'500}}, 108));
  out.push_back(make(registry_key(RecordKind::service, "billing"),
                     ServiceRecord{ServiceName("billing"), 55, 12, Reason::zone_silent, "north",
                                   Wall{1'700'000'000'444}},
                     109));
  out.push_back(
      make(registry_key(RecordKind::instance, "billing", "billing-7"), sample_instance(), 110));
  out.push_back(make(registry_key(RecordKind::node, "host-9"),
                     NodeRecord{NodeName("host-9"), 5, "10.0.0.9", "north", Millis{9'000},
                                Status::healthy, Wall{1'700'000'000'555}},
                     111));
  out.push_back(make(numbered_key(RecordKind::event, 99), sample_event(), 109));
  out.push_back(make(numbered_key(RecordKind::event, 100), sample_later_event(), 110));
  out.push_back(make(numbered_key(RecordKind::event, 101), sample_registry_event(), 112));
  out.push_back(make(registry_key(RecordKind::instance_silence, "billing", "billing-7"),
                     SilenceRecord{GroupId("billing"), MemberId("billing-7"), Millis{4'000}}, 113));
  out.push_back(make(registry_key(RecordKind::node_silence, "host-9"),
                     SilenceRecord{GroupId("host-9"), MemberId(""), Millis{5'000}}, 114));
  out.push_back(
      make(registry_key(RecordKind::departed, "billing", "billing-6"), sample_departed(), 115));
  return out;
}

std::vector<Record> empty_records() {
  std::vector<Record> out;
  out.push_back(make(key_of(RecordKind::meta), ShardMeta{}, 1));
  out.push_back(make(key_of(RecordKind::topic), TopicRecord{}, 1));
  out.push_back(make(key_of(RecordKind::group), GroupRecord{}, 1));
  out.push_back(make(key_of(RecordKind::member), MemberRecord{}, 1));
  out.push_back(make(key_of(RecordKind::target), TargetRecord{}, 1));
  out.push_back(make(key_of(RecordKind::current), CurrentRecord{}, 1));
  out.push_back(make(key_of(RecordKind::offset), OffsetRecord{}, 1));
  out.push_back(make(key_of(RecordKind::history), HistoryRecord{}, 1));
  out.push_back(make(key_of(RecordKind::silence), SilenceRecord{}, 1));
  out.push_back(make(key_of(RecordKind::service), ServiceRecord{}, 1));
  out.push_back(make(key_of(RecordKind::instance), InstanceRecord{}, 1));
  out.push_back(make(key_of(RecordKind::node), NodeRecord{}, 1));
  out.push_back(make(key_of(RecordKind::event), Event{}, 1));
  out.push_back(make(key_of(RecordKind::departed), DepartedRecord{}, 1));
  return out;
}

Record group_record(const std::string& group, Epoch epoch, Revision revision) {
  GroupRecord value;
  value.id = GroupId(group);
  value.epoch = epoch;
  return make(group_key(group), value, revision);
}

Record offset_record(const std::string& group, PartitionIndex partition, Offset offset,
                     Revision revision) {
  OffsetRecord value;
  value.group = GroupId(group);
  value.partition = {topic_id(1), partition};
  value.offset = offset;
  return make(offset_key(group, partition), value, revision);
}

Record meta_record(Term term, Epoch epoch_floor, Revision revision) {
  ShardMeta value;
  value.term = term;
  value.epoch_floor = epoch_floor;
  return make(key_of(RecordKind::meta), value, revision);
}

Record tombstone(RecordKey key, Revision revision) {
  Record out;
  out.revision = revision;
  out.key = std::move(key);
  return out;
}

bool same(const Record& a, const Record& b) {
  if (a.revision != b.revision || a.index != b.index || a.count != b.count || a.key != b.key)
    return false;
  const RecordValue& x = a.value;
  const RecordValue& y = b.value;
  return same_value<ShardMeta>(x, y) || same_value<TopicRecord>(x, y) ||
         same_value<GroupRecord>(x, y) || same_value<MemberRecord>(x, y) ||
         same_value<TargetRecord>(x, y) || same_value<CurrentRecord>(x, y) ||
         same_value<OffsetRecord>(x, y) || same_value<HistoryRecord>(x, y) ||
         same_value<SilenceRecord>(x, y) || same_value<ServiceRecord>(x, y) ||
         same_value<InstanceRecord>(x, y) || same_value<NodeRecord>(x, y) ||
         same_value<DepartedRecord>(x, y) || same_event(x, y) ||
         (std::holds_alternative<std::monostate>(x) && std::holds_alternative<std::monostate>(y));
}

bool same(const std::vector<Record>& a, const std::vector<Record>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Record& x, const Record& y) { return same(x, y); });
}

bool says(const std::string& sentence, const std::string& part) {
  return sentence.find(part) != std::string::npos;
}

std::vector<Record> load_all(Store& store, ShardIndex shard) {
  std::vector<Record> out;
  (void)store.load(shard, [&out](Record&& record) { out.push_back(std::move(record)); });
  return out;
}

}  // namespace muster::store::test
