// Replies that tell what happened: a group's epochs, and events.
#include "parts.hpp"
#include "replies.hpp"

namespace muster::wire {

namespace {

At<fb::Move> build_move(Builder& b, const Move& m) {
  const auto from = build_text(b, m.from.value);
  const auto to = build_text(b, m.to.value);
  const auto partitions = build_partitions(b, m.partitions);
  return fb::CreateMove(b, from, to, partitions);
}

Move read_move(Reader& r, const fb::Move& t) {
  return {.from = r.name<MemberId>(t.from()),
          .to = r.name<MemberId>(t.to()),
          .partitions = read_partitions(r, *t.partitions())};
}

At<fb::EpochHistory> build_epoch(Builder& b, const EpochHistory& m) {
  const auto trigger = build_text(b, m.trigger);
  const auto assignor = build_text(b, m.assignor);
  const auto moves = build_list(b, m.moves, build_move);
  return fb::CreateEpochHistory(b, m.epoch, static_cast<std::uint8_t>(m.reason), trigger, m.changes,
                                assignor, m.started_at.ms, m.gathered.count(), m.revoked.count(),
                                m.settled.count(), m.members, m.moved, moves);
}

EpochHistory read_epoch(Reader& r, const fb::EpochHistory& t) {
  return {.epoch = t.epoch(),
          .reason = static_cast<Reason>(t.reason()),
          .trigger = r.text(t.trigger()),
          .changes = t.changes(),
          .assignor = r.text(t.assignor()),
          .started_at = {t.started_at_ms()},
          .gathered = Millis{t.gathered_ms()},
          .revoked = Millis{t.revoked_ms()},
          .settled = Millis{t.settled_ms()},
          .members = t.members(),
          .moved = t.moved(),
          .moves = r.list(t.moves(), read_move)};
}

At<fb::Event> build_event(Builder& b, const Event& m) {
  const auto group = build_text(b, m.group);
  const auto member = build_text(b, m.member);
  const auto topic = build_text(b, m.topic);
  const auto detail = build_text(b, m.detail);
  const auto assigned = build_owned(b, m.assigned);
  const auto revoked = build_owned(b, m.revoked);
  const auto released = build_owned(b, m.released);
  const auto rebalance = m.rebalance ? build_epoch(b, *m.rebalance) : At<fb::EpochHistory>{};
  const auto topic_id = build_id(m.topic_id);
  const auto service = build_text(b, m.service);
  const auto instance = build_text(b, m.instance);
  const auto node = build_text(b, m.node);
  return fb::CreateEvent(
      b, m.shard, m.number, static_cast<std::uint8_t>(m.kind), m.at.ms, m.term, m.revision, group,
      m.sequence, member, topic, m.epoch, static_cast<std::uint8_t>(m.reason), detail,
      static_cast<std::uint8_t>(m.from), static_cast<std::uint8_t>(m.to), assigned, revoked,
      m.partitions, m.took.count(), released, m.step, m.topic_id == TopicId{} ? nullptr : &topic_id,
      rebalance, m.first_lost, service, instance, node, m.incarnation);
}

Event read_event(Reader& r, const fb::Event& t) {
  return {.shard = t.shard(),
          .number = t.number(),
          .kind = static_cast<EventKind>(t.kind()),
          .at = {t.at_ms()},
          .term = t.term(),
          .revision = t.revision(),
          .group = r.text(t.group()),
          .sequence = t.sequence(),
          .member = r.text(t.member()),
          .topic = r.text(t.topic()),
          .epoch = t.epoch(),
          .reason = static_cast<Reason>(t.reason()),
          .detail = r.text(t.detail()),
          .from = static_cast<Status>(t.from()),
          .to = static_cast<Status>(t.to()),
          .assigned = read_owned(r, t.assigned()),
          .revoked = read_owned(r, t.revoked()),
          .partitions = t.partitions(),
          .took = Millis{t.took_ms()},
          .released = read_owned(r, t.released()),
          .step = t.step(),
          .topic_id = t.topic_id() == nullptr ? TopicId{} : read_id(*t.topic_id()),
          .rebalance = t.rebalance() == nullptr
                           ? nullptr
                           : std::make_shared<const EpochHistory>(read_epoch(r, *t.rebalance())),
          .first_lost = t.first_lost(),
          .service = r.text(t.service()),
          .instance = r.text(t.instance()),
          .node = r.text(t.node()),
          .incarnation = t.incarnation()};
}

}  // namespace

At<fb::HistoryList> build(Builder& b, const HistoryList& m) {
  return fb::CreateHistoryList(b, build_list(b, m.epochs, build_epoch));
}

HistoryList read(Reader& r, const fb::HistoryList& t) {
  return {.epochs = r.list(t.epochs(), read_epoch)};
}

At<fb::EventList> build(Builder& b, const EventList& m) {
  const auto next = build_numbers(b, m.next);
  const auto events = build_list(b, m.events, build_event);
  return fb::CreateEventList(b, next, events);
}

EventList read(Reader& r, const fb::EventList& t) {
  return {.next = r.numbers(t.next()), .events = r.list(t.events(), read_event)};
}

}  // namespace muster::wire
