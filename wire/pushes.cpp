#include "fixed.hpp"
#include "parts.hpp"
#include "table.hpp"

namespace muster::wire {

// static, not in the unnamed namespace: there they would hide their overloads of other messages.
static At<fb::Step> build(Builder& b, const Step& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  const auto assigned = build_owned(b, m.assigned);
  const auto revoking = build_owned(b, m.revoking);
  return fb::CreateStep(b, group, member, m.number, m.member_epoch, assigned, revoking,
                        m.revoke_ms_left, m.heard_sequence);
}

static Step read(Reader& r, const fb::Step& t) {
  return {.group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .number = t.number(),
          .member_epoch = t.member_epoch(),
          .assigned = read_owned(r, t.assigned()),
          .revoking = read_owned(r, t.revoking()),
          .revoke_ms_left = t.revoke_ms_left(),
          .heard_sequence = t.heard_sequence()};
}

static At<fb::Expelled> build(Builder& b, const Expelled& m) {
  const auto group = build_present(b, m.group.value);
  const auto member = build_present(b, m.member.value);
  const auto detail = build_text(b, m.detail);
  return fb::CreateExpelled(b, group, member, static_cast<std::uint8_t>(m.reason), detail);
}

static Expelled read(Reader& r, const fb::Expelled& t) {
  return {.group = r.name<GroupId>(t.group()),
          .member = r.name<MemberId>(t.member()),
          .reason = static_cast<Reason>(t.reason()),
          .detail = r.text(t.detail())};
}

static At<fb::Fenced> build(Builder& b, const Fenced& m) {
  const auto service = build_text(b, m.service.value);
  const auto instance = build_text(b, m.instance.value);
  const auto node = build_text(b, m.node.value);
  const auto detail = build_text(b, m.detail);
  return fb::CreateFenced(b, service, instance, node, m.incarnation,
                          static_cast<std::uint8_t>(m.reason), detail);
}

static Fenced read(Reader& r, const fb::Fenced& t) {
  return {.service = r.name<ServiceName>(t.service()),
          .instance = r.name<InstanceId>(t.instance()),
          .node = r.name<NodeName>(t.node()),
          .incarnation = t.incarnation(),
          .reason = static_cast<Reason>(t.reason()),
          .detail = r.text(t.detail())};
}

namespace {

constexpr std::uint64_t no_correlation = 0;

constexpr Kind kind_of(const Step&) {
  return Kind::step;
}
constexpr Kind kind_of(const Expelled&) {
  return Kind::expelled;
}

constexpr Kind kind_of(const Fenced&) {
  return Kind::fenced;
}

template <class Message>
bool append_push(const Message& message, Bytes& out) {
  const auto build_it = [](Builder& b, const Message& m) { return build(b, m); };
  return append_message(message, build_it, kind_of(message), no_correlation, out);
}

bool append_push(const Ping& ping, Bytes& out) {
  encode_ping(ping, out);
  return true;
}

template <class Message, class Table>
Result<PushBody> as_push(const Frame& frame) {
  return decode_table<PushBody, Message, Table>(frame, max_answer_tables, read);
}

}  // namespace

bool encode_push(const PushBody& push, Bytes& out) {
  return std::visit([&](const auto& message) { return append_push(message, out); }, push);
}

Result<PushBody> decode_push(const Frame& frame) {
  switch (static_cast<Kind>(frame.kind)) {
    case Kind::ping:
      return decode_fixed<PushBody>(frame, decode_ping);
    case Kind::step:
      return as_push<Step, fb::Step>(frame);
    case Kind::expelled:
      return as_push<Expelled, fb::Expelled>(frame);
    case Kind::fenced:
      return as_push<Fenced, fb::Fenced>(frame);
    default:
      return Errc::unknown_kind;
  }
}

}  // namespace muster::wire
