#include "replies.hpp"

#include "fixed.hpp"

namespace muster::wire {

namespace {

constexpr Kind kind_of(const Refusal&) {
  return Kind::refusal;
}
constexpr Kind kind_of(const Done&) {
  return Kind::done;
}
constexpr Kind kind_of(const JoinOk&) {
  return Kind::join_ok;
}
constexpr Kind kind_of(const ResumeOk&) {
  return Kind::resume_ok;
}
constexpr Kind kind_of(const TopicChanged&) {
  return Kind::topic_changed;
}
constexpr Kind kind_of(const TopicList&) {
  return Kind::topic_list;
}
constexpr Kind kind_of(const GroupList&) {
  return Kind::group_list;
}
constexpr Kind kind_of(const GroupDescription&) {
  return Kind::group_description;
}
constexpr Kind kind_of(const OffsetList&) {
  return Kind::offset_list;
}
constexpr Kind kind_of(const HistoryList&) {
  return Kind::history_list;
}
constexpr Kind kind_of(const EventList&) {
  return Kind::event_list;
}
constexpr Kind kind_of(const Metrics&) {
  return Kind::metrics;
}
constexpr Kind kind_of(const RegisterOk&) {
  return Kind::register_ok;
}
constexpr Kind kind_of(const NodeOk&) {
  return Kind::node_ok;
}
constexpr Kind kind_of(const ServiceList&) {
  return Kind::service_list;
}
constexpr Kind kind_of(const ServiceResult&) {
  return Kind::service_result;
}
constexpr Kind kind_of(const NodeList&) {
  return Kind::node_list;
}

template <class Message>
bool append_reply(const Message& message, std::uint64_t correlation, Bytes& out) {
  const auto build_it = [](Builder& b, const Message& m) { return build(b, m); };
  return append_message(message, build_it, kind_of(message), correlation, out);
}

bool append_reply(const HeartbeatOk& answer, std::uint64_t correlation, Bytes& out) {
  encode_heartbeat_ok(answer, correlation, out);
  return true;
}

Refusal too_long_to_send() {
  return {.code = Errc::limit_reached,
          .message = "the answer is longer than " + std::to_string(max_body) +
                     " bytes, the longest that is sent; ask for less"};
}

template <class Message, class Table>
Result<ReplyBody> as_reply(const Frame& frame) {
  return decode_table<ReplyBody, Message, Table>(frame, max_answer_tables, read);
}

}  // namespace

void encode_reply(const ReplyBody& reply, std::uint64_t correlation, Bytes& out) {
  const auto append_it = [&](const auto& message) {
    return append_reply(message, correlation, out);
  };
  if (!std::visit(append_it, reply)) append_reply(too_long_to_send(), correlation, out);
}

Result<ReplyBody> decode_reply(const Frame& frame) {
  switch (static_cast<Kind>(frame.kind)) {
    case Kind::heartbeat_ok:
      return decode_fixed<ReplyBody>(frame, decode_heartbeat_ok);
    case Kind::refusal:
      return as_reply<Refusal, fb::Refusal>(frame);
    case Kind::done:
      return as_reply<Done, fb::Done>(frame);
    case Kind::join_ok:
      return as_reply<JoinOk, fb::JoinOk>(frame);
    case Kind::resume_ok:
      return as_reply<ResumeOk, fb::ResumeOk>(frame);
    case Kind::topic_changed:
      return as_reply<TopicChanged, fb::TopicChanged>(frame);
    case Kind::topic_list:
      return as_reply<TopicList, fb::TopicList>(frame);
    case Kind::group_list:
      return as_reply<GroupList, fb::GroupList>(frame);
    case Kind::group_description:
      return as_reply<GroupDescription, fb::GroupDescription>(frame);
    case Kind::offset_list:
      return as_reply<OffsetList, fb::OffsetList>(frame);
    case Kind::history_list:
      return as_reply<HistoryList, fb::HistoryList>(frame);
    case Kind::event_list:
      return as_reply<EventList, fb::EventList>(frame);
    case Kind::metrics:
      return as_reply<Metrics, fb::Metrics>(frame);
    case Kind::register_ok:
      return as_reply<RegisterOk, fb::RegisterOk>(frame);
    case Kind::node_ok:
      return as_reply<NodeOk, fb::NodeOk>(frame);
    case Kind::service_list:
      return as_reply<ServiceList, fb::ServiceList>(frame);
    case Kind::service_result:
      return as_reply<ServiceResult, fb::ServiceResult>(frame);
    case Kind::node_list:
      return as_reply<NodeList, fb::NodeList>(frame);
    default:
      return Errc::unknown_kind;
  }
}

}  // namespace muster::wire
