#include "requests.hpp"

#include "fixed.hpp"

namespace muster::wire {

namespace {

constexpr Kind kind_of(const Release&) {
  return Kind::release;
}
constexpr Kind kind_of(const Commit&) {
  return Kind::commit;
}
constexpr Kind kind_of(const Join&) {
  return Kind::join;
}
constexpr Kind kind_of(const Resume&) {
  return Kind::resume;
}
constexpr Kind kind_of(const Update&) {
  return Kind::update;
}
constexpr Kind kind_of(const Leave&) {
  return Kind::leave;
}
constexpr Kind kind_of(const CreateTopic&) {
  return Kind::create_topic;
}
constexpr Kind kind_of(const GrowTopic&) {
  return Kind::grow_topic;
}
constexpr Kind kind_of(const DeleteTopic&) {
  return Kind::delete_topic;
}
constexpr Kind kind_of(const AlterOffsets&) {
  return Kind::alter_offsets;
}
constexpr Kind kind_of(const DeleteGroup&) {
  return Kind::delete_group;
}
constexpr Kind kind_of(const ExpelMember&) {
  return Kind::expel_member;
}
constexpr Kind kind_of(const AlterGroup&) {
  return Kind::alter_group;
}

constexpr Kind kind_of(const Register&) {
  return Kind::register_instance;
}
constexpr Kind kind_of(const BeatInstance&) {
  return Kind::beat_instance;
}
constexpr Kind kind_of(const Report&) {
  return Kind::report;
}
constexpr Kind kind_of(const Deregister&) {
  return Kind::deregister;
}
constexpr Kind kind_of(const RegisterNode&) {
  return Kind::register_node;
}
constexpr Kind kind_of(const BeatNode&) {
  return Kind::beat_node;
}
constexpr Kind kind_of(const DeregisterNode&) {
  return Kind::deregister_node;
}
constexpr Kind kind_of(const SetMaintenance&) {
  return Kind::set_maintenance;
}
constexpr Kind kind_of(const EndProtection&) {
  return Kind::end_protection;
}

template <class Message>
bool append_request(const Message& message, std::uint64_t correlation, Bytes& out) {
  const auto build_it = [](Builder& b, const Message& m) { return build(b, m); };
  return append_message(message, build_it, kind_of(message), correlation, out);
}

bool append_request(const Heartbeat& beat, std::uint64_t correlation, Bytes& out) {
  encode_heartbeat(beat, correlation, out);
  return true;
}

bool append_request(const Pong& pong, std::uint64_t correlation, Bytes& out) {
  encode_pong(pong, correlation, out);
  return true;
}

template <class Message, class Table>
Result<Request> as_request(const Frame& frame) {
  return decode_table<Request, Message, Table>(frame, max_call_tables, read);
}

}  // namespace

bool encode_request(const Request& request, std::uint64_t correlation, Bytes& out) {
  return std::visit([&](const auto& message) { return append_request(message, correlation, out); },
                    request);
}

Refusal call_too_long() {
  return {.code = Errc::frame_too_large,
          .message = "the request is longer than " + std::to_string(max_body) +
                     " bytes, the longest that is sent"};
}

Result<Request> decode_request(const Frame& frame) {
  switch (static_cast<Kind>(frame.kind)) {
    case Kind::heartbeat:
      return decode_fixed<Request>(frame, decode_heartbeat);
    case Kind::pong:
      return decode_fixed<Request>(frame, decode_pong);
    case Kind::release:
      return as_request<Release, fb::Release>(frame);
    case Kind::commit:
      return as_request<Commit, fb::Commit>(frame);
    case Kind::join:
      return as_request<Join, fb::Join>(frame);
    case Kind::resume:
      return as_request<Resume, fb::Resume>(frame);
    case Kind::update:
      return as_request<Update, fb::Update>(frame);
    case Kind::leave:
      return as_request<Leave, fb::Leave>(frame);
    case Kind::create_topic:
      return as_request<CreateTopic, fb::CreateTopic>(frame);
    case Kind::grow_topic:
      return as_request<GrowTopic, fb::GrowTopic>(frame);
    case Kind::delete_topic:
      return as_request<DeleteTopic, fb::DeleteTopic>(frame);
    case Kind::alter_offsets:
      return as_request<AlterOffsets, fb::AlterOffsets>(frame);
    case Kind::delete_group:
      return as_request<DeleteGroup, fb::DeleteGroup>(frame);
    case Kind::expel_member:
      return as_request<ExpelMember, fb::ExpelMember>(frame);
    case Kind::alter_group:
      return as_request<AlterGroup, fb::AlterGroup>(frame);
    case Kind::register_instance:
      return as_request<Register, fb::Register>(frame);
    case Kind::beat_instance:
      return as_request<BeatInstance, fb::BeatInstance>(frame);
    case Kind::report:
      return as_request<Report, fb::Report>(frame);
    case Kind::deregister:
      return as_request<Deregister, fb::Deregister>(frame);
    case Kind::register_node:
      return as_request<RegisterNode, fb::RegisterNode>(frame);
    case Kind::beat_node:
      return as_request<BeatNode, fb::BeatNode>(frame);
    case Kind::deregister_node:
      return as_request<DeregisterNode, fb::DeregisterNode>(frame);
    case Kind::set_maintenance:
      return as_request<SetMaintenance, fb::SetMaintenance>(frame);
    case Kind::end_protection:
      return as_request<EndProtection, fb::EndProtection>(frame);
    default:
      return Errc::unknown_kind;
  }
}

}  // namespace muster::wire
