#include "parts.hpp"
#include "table.hpp"

namespace muster::wire {

// static, not in the unnamed namespace: there they would hide their overloads of other messages.
static At<fb::ListTopics> build(Builder& b, const ListTopics& m) {
  return fb::CreateListTopics(b, build_text(b, m.prefix));
}

static ListTopics read(Reader& r, const fb::ListTopics& t) {
  return {.prefix = r.text(t.prefix())};
}

static At<fb::ListGroups> build(Builder& b, const ListGroups& m) {
  return fb::CreateListGroups(b, build_text(b, m.prefix));
}

static ListGroups read(Reader& r, const fb::ListGroups& t) {
  return {.prefix = r.text(t.prefix())};
}

static At<fb::DescribeGroup> build(Builder& b, const DescribeGroup& m) {
  return fb::CreateDescribeGroup(b, build_present(b, m.group.value));
}

static DescribeGroup read(Reader& r, const fb::DescribeGroup& t) {
  return {.group = r.name<GroupId>(t.group())};
}

static At<fb::FetchOffsets> build(Builder& b, const FetchOffsets& m) {
  const auto group = build_present(b, m.group.value);
  std::vector<fb::TopicPartition> partitions;
  partitions.reserve(m.partitions.size());
  for (const TopicPartition& one : m.partitions) partitions.push_back(build_partition(one));
  const auto listed = partitions.empty() ? VectorAt<const fb::TopicPartition*>{}
                                         : b.CreateVectorOfStructs(partitions);
  return fb::CreateFetchOffsets(b, group, listed);
}

static FetchOffsets read(Reader& r, const fb::FetchOffsets& t) {
  FetchOffsets m{.group = r.name<GroupId>(t.group()), .partitions = {}};
  const auto* const from = t.partitions();
  if (from == nullptr ||
      !r.pay(2 * sizeof(flatbuffers::uoffset_t), from->size(), sizeof(fb::TopicPartition))) {
    return m;
  }
  m.partitions.reserve(from->size());
  for (const fb::TopicPartition* one : *from) m.partitions.push_back(read_partition(*one));
  return m;
}

static At<fb::GroupHistory> build(Builder& b, const GroupHistory& m) {
  return fb::CreateGroupHistory(b, build_present(b, m.group.value), m.epoch);
}

static GroupHistory read(Reader& r, const fb::GroupHistory& t) {
  return {.group = r.name<GroupId>(t.group()), .epoch = t.epoch()};
}

static At<fb::ReadEvents> build(Builder& b, const ReadEvents& m) {
  const auto after = build_numbers(b, m.after);
  const auto group = m.group ? build_present(b, m.group->value) : At<flatbuffers::String>{};
  return fb::CreateReadEvents(b, after, group, m.limit, m.follow);
}

static ReadEvents read(Reader& r, const fb::ReadEvents& t) {
  return {.after = r.numbers(t.after()),
          .group = r.optional_name<GroupId>(t.group()),
          .limit = t.limit(),
          .follow = t.follow()};
}

static At<fb::ReadMetrics> build(Builder& b, const ReadMetrics&) {
  return fb::CreateReadMetrics(b);
}

static ReadMetrics read(Reader&, const fb::ReadMetrics&) {
  return {};
}

static At<fb::ListServices> build(Builder& b, const ListServices& m) {
  return fb::CreateListServices(b, build_text(b, m.prefix), m.follow);
}

static ListServices read(Reader& r, const fb::ListServices& t) {
  return {.prefix = r.text(t.prefix()), .follow = t.follow()};
}

static At<fb::LookupService> build(Builder& b, const LookupService& m) {
  const auto service = build_present(b, m.service.value);
  const auto tag = build_text(b, m.tag);
  const auto zone = build_text(b, m.zone);
  return fb::CreateLookupService(b, service, m.passing, tag, zone, m.departed, m.follow);
}

static LookupService read(Reader& r, const fb::LookupService& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .passing = t.passing(),
          .tag = r.text(t.tag()),
          .zone = r.text(t.zone()),
          .departed = t.departed(),
          .follow = t.follow()};
}

static At<fb::ListNodes> build(Builder& b, const ListNodes& m) {
  return fb::CreateListNodes(b, build_text(b, m.prefix));
}

static ListNodes read(Reader& r, const fb::ListNodes& t) {
  return {.prefix = r.text(t.prefix())};
}

namespace {

constexpr Kind kind_of(const ListTopics&) {
  return Kind::list_topics;
}
constexpr Kind kind_of(const ListGroups&) {
  return Kind::list_groups;
}
constexpr Kind kind_of(const DescribeGroup&) {
  return Kind::describe_group;
}
constexpr Kind kind_of(const FetchOffsets&) {
  return Kind::fetch_offsets;
}
constexpr Kind kind_of(const GroupHistory&) {
  return Kind::group_history;
}
constexpr Kind kind_of(const ReadEvents&) {
  return Kind::read_events;
}
constexpr Kind kind_of(const ReadMetrics&) {
  return Kind::read_metrics;
}
constexpr Kind kind_of(const ListServices&) {
  return Kind::list_services;
}
constexpr Kind kind_of(const LookupService&) {
  return Kind::lookup_service;
}
constexpr Kind kind_of(const ListNodes&) {
  return Kind::list_nodes;
}

template <class Message>
bool append_query(const Message& message, std::uint64_t correlation, Bytes& out) {
  const auto build_it = [](Builder& b, const Message& m) { return build(b, m); };
  return append_message(message, build_it, kind_of(message), correlation, out);
}

template <class Message, class Table>
Result<Query> as_query(const Frame& frame) {
  return decode_table<Query, Message, Table>(frame, max_call_tables, read);
}

}  // namespace

bool encode_query(const Query& query, std::uint64_t correlation, Bytes& out) {
  return std::visit([&](const auto& message) { return append_query(message, correlation, out); },
                    query);
}

Result<Query> decode_query(const Frame& frame) {
  switch (static_cast<Kind>(frame.kind)) {
    case Kind::list_topics:
      return as_query<ListTopics, fb::ListTopics>(frame);
    case Kind::list_groups:
      return as_query<ListGroups, fb::ListGroups>(frame);
    case Kind::describe_group:
      return as_query<DescribeGroup, fb::DescribeGroup>(frame);
    case Kind::fetch_offsets:
      return as_query<FetchOffsets, fb::FetchOffsets>(frame);
    case Kind::group_history:
      return as_query<GroupHistory, fb::GroupHistory>(frame);
    case Kind::read_events:
      return as_query<ReadEvents, fb::ReadEvents>(frame);
    case Kind::read_metrics:
      return as_query<ReadMetrics, fb::ReadMetrics>(frame);
    case Kind::list_services:
      return as_query<ListServices, fb::ListServices>(frame);
    case Kind::lookup_service:
      return as_query<LookupService, fb::LookupService>(frame);
    case Kind::list_nodes:
      return as_query<ListNodes, fb::ListNodes>(frame);
    default:
      return Errc::unknown_kind;
  }
}

}  // namespace muster::wire
