#include "samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::testing {

namespace {

TopicId id(std::uint8_t first) {
  TopicId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(first + i);
  return id;
}

constexpr SessionHandle handle{0x0003'0000'4000'0005};

std::vector<OwnedPartitions> owned(std::int32_t from) {
  return {
      {.topic = id(16),
       .partitions = {from, from + 1, from + 7},
       .tokens = {make_token(3, 10), make_token(3, 11), make_token(max_term, max_token_counter)}},
      {.topic = id(200), .partitions = {2'147'483'647}, .tokens = {make_token(4, 1)}}};
}

ClientInfo client() {
  return {.client_id = "billing-7",
          .host = "node-3.example",
          .address = "192.0.2.7:9000",
          .software_name = "libmuster",
          .software_version = "0.1.0"};
}

std::vector<OffsetCommit> commits() {
  return {{.partition = {.topic = id(16), .partition = 5},
           .token = make_token(3, 10),
           .offset = 9'007'199'254'740'993,
           .leader_epoch = 6,
           .metadata = "files=12"},
          {.partition = {.topic = id(200), .partition = 1},
           .token = make_token(4, 1),
           .offset = 0,
           .leader_epoch = 0,
           .metadata = std::string{"\0\xff", 2}}};
}

MemberDescription member() {
  return {
      .member = MemberId{"worker-1"},
      .instance = InstanceId{"rack-2-slot-5"},
      .client = client(),
      .status = Status::critical,
      .member_epoch = 41,
      .topics = {TopicName{"orders"}, TopicName{"refunds"}},
      .session_timeout = Millis{30'000},
      .weight = 3,
      .zone = "eu-1a",
      .assigned = owned(0),
      .revoking = owned(20),
      .target = {{.topic = id(16), .partitions = {0, 1}}, {.topic = id(200), .partitions = {4}}}};
}

EpochHistory epoch() {
  return {.epoch = 42,
          .reason = Reason::session_expired,
          .trigger = "worker-9",
          .changes = 2,
          .assignor = "uniform",
          .started_at = {1'800'000'000'123},
          .gathered = Millis{5},
          .revoked = Millis{17},
          .settled = Millis{23},
          .members = 4,
          .moved = 3,
          .moves = {{.from = MemberId{"worker-9"},
                     .to = MemberId{"worker-1"},
                     .partitions = {.topic = id(16), .partitions = {3, 4, 5}}}}};
}

Event event() {
  return {.shard = 6,
          .number = 77,
          .kind = EventKind::member_status_changed,
          .at = {1'800'000'000'456},
          .term = 9,
          .revision = 1'234'567'890'123,
          .group = "billing",
          .sequence = 12,
          .member = "worker-1",
          .topic = "orders",
          .epoch = 42,
          .reason = Reason::heartbeats_missed,
          .detail = "silent for 31 s",
          .from = Status::overloaded,
          .to = Status::critical,
          .assigned = owned(0),
          .revoked = owned(30),
          .partitions = 64,
          .took = Millis{1'500},
          .released = owned(60),
          .step = 17,
          .topic_id = id(16),
          .rebalance = std::make_shared<const EpochHistory>(epoch()),
          .first_lost = 70,
          .service = "payments",
          .instance = "pay-1",
          .node = "node-3",
          .incarnation = 1'800'000'000'001};
}

InstanceInfo info() {
  return {.address = "192.0.2.9",
          .port = 8'443,
          .tags = {"canary", "v2"},
          .meta = {{.key = "env", .value = "prod"}, {.key = "tier", .value = "1"}},
          .weight = 7,
          .zone = "eu-1a",
          .node = NodeName{"node-3"},
          .checks = {{.kind = Check::Kind::http,
                      .port = 8'444,
                      .path = "/health",
                      .interval = Millis{7'000},
                      .timeout = Millis{3'000},
                      .slow = Millis{400},
                      .falls = 2,
                      .rises = 5}}};
}

std::vector<Sample> greetings() {
  return {{"hello", wire::Hello{.major = 2,
                                .minor = 7,
                                .features = 0x8000'0000'0000'0001,
                                .client_name = "libmuster 0.1.0",
                                .group = "billing"}},
          {"hello_ok", wire::HelloOk{.major = 2,
                                     .minor = 3,
                                     .features = 5,
                                     .server_name = "musterd 0.1.0",
                                     .store_uuid = "00112233445566778899aabbccddeeff",
                                     .shards = 8,
                                     .max_body = wire::max_body}}};
}

std::vector<Sample> member_requests() {
  return {
      {"heartbeat", Request{Heartbeat{.session = handle,
                                      .sequence = 0xfedcba98,
                                      .member_epoch = -2,
                                      .progress = 4'000'000'000,
                                      .session_timeout_ms = 45'000,
                                      .flags = beat_overloaded}}},
      {"pong", Request{Pong{.session = handle, .nonce = 0xdeadbeef}}},
      {"release", Request{Release{.session = handle, .step = 9}}},
      {"commit", Request{Commit{.session = handle, .sequence = 8, .offsets = commits()}}},
      {"join", Request{Join{.group = GroupId{"billing"},
                            .member = MemberId{"worker-1"},
                            .instance = InstanceId{"rack-2-slot-5"},
                            .client = client(),
                            .topics = {TopicName{"orders"}, TopicName{"refunds"}},
                            .catalogue_version = 12,
                            .session_timeout = Millis{30'000},
                            .rebalance_timeout = Millis{60'000},
                            .max_poll_interval = Millis{120'000},
                            .weight = 3,
                            .zone = "eu-1a",
                            .assignor = "range"}}},
      {"resume", Request{Resume{.group = GroupId{"billing"},
                                .member = MemberId{"worker-1"},
                                .member_epoch = 41,
                                .fenced_itself = true}}},
      {"update", Request{Update{.session = handle,
                                .topics = {{TopicName{"orders"}}},
                                .weight = 5,
                                .session_timeout = Millis{10'000},
                                .catalogue_version = 13}}},
      {"leave", Request{Leave{.session = handle}}},
  };
}

std::vector<Sample> operator_requests() {
  return {
      {"create_topic", Request{CreateTopic{.topic = TopicName{"orders"}, .partitions = 64}}},
      {"grow_topic", Request{GrowTopic{.topic = TopicName{"orders"}, .partitions = 128}}},
      {"delete_topic", Request{DeleteTopic{.topic = TopicName{"orders"}}}},
      {"alter_offsets", Request{AlterOffsets{.group = GroupId{"billing"}, .offsets = commits()}}},
      {"delete_group", Request{DeleteGroup{.group = GroupId{"billing"}}}},
      {"expel_member", Request{ExpelMember{.group = GroupId{"billing"},
                                           .member = MemberId{"worker-1"},
                                           .why = "maintenance of rack 2"}}},
      {"alter_group", Request{AlterGroup{.group = GroupId{"billing"},
                                         .assignor = "range",
                                         .first_assignment_delay = Millis{3'000}}}},
  };
}

std::vector<Sample> registry_requests() {
  const ServiceName service{"payments"};
  const InstanceId instance{"pay-1"};
  return {
      {"register_instance", Request{Register{.service = service,
                                             .instance = instance,
                                             .incarnation = 1'800'000'000'001,
                                             .info = info(),
                                             .session_timeout = Millis{6'000},
                                             .owner = "agent-3",
                                             .status = Status::healthy}}},
      {"beat_instance",
       Request{BeatInstance{
           .service = service, .instance = instance, .incarnation = 8, .flags = beat_overloaded}}},
      {"report", Request{Report{.service = service,
                                .instance = instance,
                                .incarnation = 8,
                                .status = Status::critical,
                                .detail = "503 from /health"}}},
      {"deregister",
       Request{Deregister{
           .service = service, .instance = instance, .incarnation = 8, .why = "scaled down"}}},
      {"register_node", Request{RegisterNode{.node = NodeName{"node-3"},
                                             .incarnation = 9,
                                             .address = "192.0.2.3",
                                             .zone = "eu-1a",
                                             .session_timeout = Millis{9'000}}}},
      {"beat_node",
       Request{BeatNode{.node = NodeName{"node-3"}, .incarnation = 9, .flags = beat_overloaded}}},
      {"deregister_node",
       Request{DeregisterNode{
           .node = NodeName{"node-3"}, .incarnation = 9, .why = "the rack is moved"}}},
      {"set_maintenance",
       Request{SetMaintenance{
           .service = service, .instance = instance, .on = false, .why = "disk replaced"}}},
      {"end_protection", Request{EndProtection{.service = service, .why = "they are really gone"}}},
  };
}

std::vector<Sample> registry_replies() {
  const ServiceName service{"payments"};
  const InstanceId instance{"pay-1"};
  return {
      {"register_ok", ReplyBody{RegisterOk{.session = handle,
                                           .service = service,
                                           .instance = instance,
                                           .incarnation = 8,
                                           .session_timeout = Millis{6'000},
                                           .heartbeat_interval = Millis{2'000},
                                           .index = 77}}},
      {"node_ok", ReplyBody{NodeOk{.session = handle,
                                   .node = NodeName{"node-3"},
                                   .incarnation = 9,
                                   .session_timeout = Millis{9'000},
                                   .heartbeat_interval = Millis{3'000}}}},
      {"service_list", ReplyBody{ServiceList{.index = 12,
                                             .services = {{.service = service,
                                                           .index = 77,
                                                           .instances = 5,
                                                           .healthy = 3,
                                                           .handed_out = 4,
                                                           .is_protected = true,
                                                           .tags = {"canary", "v2"}}}}}},
      {"service_result",
       ReplyBody{ServiceResult{.service = service,
                               .known = true,
                               .sure = false,
                               .index = 77,
                               .protected_for = Reason::service_silent,
                               .protected_since = {1'800'000'000'456},
                               .instances = {{.instance = instance,
                                              .incarnation = 8,
                                              .info = info(),
                                              .session_timeout = Millis{6'000},
                                              .owner = "agent-3",
                                              .status = Status::critical,
                                              .reason = Reason::heartbeats_missed,
                                              .detail = "silent for 4501 ms",
                                              .since = {1'800'000'000'400},
                                              .registered_at = {1'800'000'000'000},
                                              .handed_out = true,
                                              .is_protected = true,
                                              .degraded = true,
                                              .beats = Status::zombie,
                                              .beats_detail = "silent for 3001 ms",
                                              .reported = Status::overloaded,
                                              .reported_detail = "queue of 90",
                                              .probed = Status::dead,
                                              .probed_detail = "no answer"}},
                               .departed = {{.instance = InstanceId{"pay-0"},
                                             .incarnation = 3,
                                             .address = "192.0.2.8",
                                             .port = 8'443,
                                             .at = {1'800'000'000'100},
                                             .last = Status::dead,
                                             .reason = Reason::session_expired,
                                             .detail = "silent for 6000 ms"}}}}},
      {"node_list", ReplyBody{NodeList{.nodes = {{.node = NodeName{"node-3"},
                                                  .incarnation = 9,
                                                  .address = "192.0.2.3",
                                                  .zone = "eu-1a",
                                                  .status = Status::healthy,
                                                  .since = {1'800'000'000'200},
                                                  .session_timeout = Millis{9'000}}}}}},
  };
}

std::vector<Sample> queries() {
  return {
      {"list_topics", Query{ListTopics{.prefix = "ord"}}},
      {"list_groups", Query{ListGroups{.prefix = "bill"}}},
      {"describe_group", Query{DescribeGroup{.group = GroupId{"billing"}}}},
      {"fetch_offsets", Query{FetchOffsets{.group = GroupId{"billing"},
                                           .partitions = {{.topic = id(200), .partition = 1},
                                                          {.topic = id(16), .partition = 5}}}}},
      {"group_history", Query{GroupHistory{.group = GroupId{"billing"}, .epoch = 42}}},
      {"read_events", Query{ReadEvents{.after = {0, 7, 18'446'744'073'709'551'615U},
                                       .group = GroupId{"billing"},
                                       .limit = 50,
                                       .follow = true}}},
      {"read_metrics", Query{ReadMetrics{}}},
      {"list_services", Query{ListServices{.prefix = "pay", .follow = true}}},
      {"lookup_service", Query{LookupService{.service = ServiceName{"payments"},
                                             .passing = true,
                                             .tag = "v2",
                                             .zone = "eu-1a",
                                             .departed = true,
                                             .follow = true}}},
      {"list_nodes", Query{ListNodes{.prefix = "node-"}}},
  };
}

std::vector<Sample> request_replies() {
  return {
      {"heartbeat_ok",
       ReplyBody{HeartbeatOk{
           .session = handle, .sequence = 5, .told_step = 9, .session_timeout_ms = 45'000}}},
      {"refusal",
       ReplyBody{Refusal{.code = Errc::stale_token, .message = "token 1 is not the present one"}}},
      {"done", ReplyBody{Done{.catalogue_version = 14}}},
      {"join_ok", ReplyBody{JoinOk{.session = handle,
                                   .group = GroupId{"billing"},
                                   .member = MemberId{"worker-1"},
                                   .term = 9,
                                   .session_timeout = Millis{30'000},
                                   .heartbeat_interval = Millis{10'000}}}},
      {"resume_ok", ReplyBody{ResumeOk{.session = handle,
                                       .group = GroupId{"billing"},
                                       .member = MemberId{"worker-1"},
                                       .session_timeout = Millis{30'000},
                                       .heartbeat_interval = Millis{10'000}}}},
      {"topic_changed",
       ReplyBody{TopicChanged{.id = id(16), .partitions = 128, .catalogue_version = 15}}},
  };
}

std::vector<Sample> query_replies() {
  return {
      {"topic_list",
       ReplyBody{
           TopicList{.catalogue_version = 15,
                     .topics = {{.name = TopicName{"orders"}, .id = id(16), .partitions = 64},
                                {.name = TopicName{"refunds"}, .id = id(200), .partitions = 8}}}}},
      {"group_list", ReplyBody{GroupList{.groups = {{.group = GroupId{"billing"},
                                                     .type = GroupType::classic,
                                                     .state = GroupState::stable,
                                                     .epoch = 42,
                                                     .members = 4}}}}},
      {"group_description", ReplyBody{GroupDescription{.group = GroupId{"billing"},
                                                       .type = GroupType::classic,
                                                       .state = GroupState::reconciling,
                                                       .assignor = "uniform",
                                                       .epoch = 42,
                                                       .assignment_epoch = 41,
                                                       .term = 9,
                                                       .members = {member()}}}},
      {"offset_list",
       ReplyBody{OffsetList{.offsets = {{.partition = {.topic = id(16), .partition = 5},
                                         .topic = TopicName{"orders"},
                                         .offset = 1'000,
                                         .leader_epoch = 6,
                                         .metadata = "files=12",
                                         .committed_at = {1'800'000'000'000},
                                         .token = make_token(3, 10)}}}}},
      {"history_list", ReplyBody{HistoryList{.epochs = {epoch()}}}},
      {"event_list", ReplyBody{EventList{.next = {78, 12}, .events = {event()}}}},
      {"metrics", ReplyBody{Metrics{.text = "muster_sessions 12\n"}}},
  };
}

std::vector<Sample> pushes() {
  return {
      {"ping", PushBody{Ping{.session = handle, .nonce = 0xdeadbeef}}},
      {"step", PushBody{Step{.group = GroupId{"billing"},
                             .member = MemberId{"worker-1"},
                             .number = 9,
                             .member_epoch = 42,
                             .assigned = owned(0),
                             .revoking = owned(20),
                             .revoke_ms_left = 59'000,
                             .heard_sequence = 4}}},
      {"expelled", PushBody{Expelled{.group = GroupId{"billing"},
                                     .member = MemberId{"worker-1"},
                                     .reason = Reason::progress_stalled,
                                     .detail = "no progress for 120000 ms"}}},
      {"fenced", PushBody{Fenced{.service = ServiceName{"payments"},
                                 .instance = InstanceId{"pay-1"},
                                 .node = NodeName{"node-3"},
                                 .incarnation = 8,
                                 .reason = Reason::replaced,
                                 .detail = "incarnation 9 took its place"}}},
  };
}

struct Encoder {
  std::uint64_t correlation;
  wire::Bytes& out;
  bool operator()(const wire::Hello& m) const { return wire::encode_hello(m, out), true; }
  bool operator()(const wire::HelloOk& m) const { return wire::encode_hello_ok(m, out), true; }
  bool operator()(const Request& m) const { return wire::encode_request(m, correlation, out); }
  bool operator()(const Query& m) const { return wire::encode_query(m, correlation, out); }
  bool operator()(const ReplyBody& m) const {
    return wire::encode_reply(m, correlation, out), true;
  }
  bool operator()(const PushBody& m) const { return wire::encode_push(m, out); }
};

struct Decoder {
  const wire::Frame& frame;
  Result<AnyMessage> operator()(const wire::Hello&) const {
    return wrap(wire::decode_hello(frame));
  }
  Result<AnyMessage> operator()(const wire::HelloOk&) const {
    return wrap(wire::decode_hello_ok(frame));
  }
  Result<AnyMessage> operator()(const Request&) const {
    return take<Request>(wire::decode_call(frame));
  }
  Result<AnyMessage> operator()(const Query&) const {
    return take<Query>(wire::decode_call(frame));
  }
  Result<AnyMessage> operator()(const ReplyBody&) const {
    return take<ReplyBody>(wire::decode_answer(frame));
  }
  Result<AnyMessage> operator()(const PushBody&) const {
    return take<PushBody>(wire::decode_answer(frame));
  }

  template <class T>
  static Result<AnyMessage> wrap(Result<T>&& message) {
    if (!message) return message.error();
    return AnyMessage{std::move(*message)};
  }
  template <class T, class Either>
  static Result<AnyMessage> take(Result<Either>&& message) {
    if (!message) return message.error();
    if (!std::holds_alternative<T>(*message)) return Errc::unknown_kind;
    return AnyMessage{std::get<T>(std::move(*message))};
  }
};

}  // namespace

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> list;
    for (auto part :
         {greetings(), member_requests(), operator_requests(), registry_requests(), queries(),
          request_replies(), query_replies(), registry_replies(), pushes()}) {
      for (Sample& sample : part) list.push_back(std::move(sample));
    }
    return list;
  }();
  return all;
}

wire::Bytes encode(const AnyMessage& message, std::uint64_t correlation) {
  wire::Bytes bytes;
  EXPECT_TRUE(std::visit(Encoder{correlation, bytes}, message));
  return bytes;
}

Result<AnyMessage> decode(const wire::Frame& frame, const AnyMessage& like) {
  return std::visit(Decoder{frame}, like);
}

wire::Frame only_frame(const wire::Bytes& bytes) {
  wire::FrameReader reader;
  const auto room = reader.prepare(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
  reader.commit(bytes.size());
  auto frame = reader.next();
  if (!frame || !*frame || !reader.unread().empty()) {
    ADD_FAILURE() << "not exactly one frame in " << bytes.size() << " bytes";
    return {};
  }
  (*frame)->body = {bytes.data() + wire::header_size, bytes.size() - wire::header_size};
  return **frame;
}

}  // namespace muster::testing
