#include "event_json.hpp"

#include "answers_json.hpp"
#include "json_writer.hpp"

#include <array>
#include <charconv>

namespace muster::wire {
namespace {

/// Its event says from which status to which.
bool has_edge(EventKind kind) {
  switch (kind) {
    case EventKind::member_left:
    case EventKind::member_expelled:
    case EventKind::member_status_changed:
    case EventKind::instance_status_changed:
    case EventKind::instance_removed:
    case EventKind::node_status_changed:
    case EventKind::node_removed:
    case EventKind::node_instances_changed:
      return true;
    default:
      return false;
  }
}
bool begins(EventKind kind) {
  return kind == EventKind::member_joined || kind == EventKind::instance_registered ||
         kind == EventKind::node_registered;
}

class EventWriter {
 public:
  EventWriter(std::string& out, const TopicNameOf& name_of) : w_(out), name_of_(name_of) {}

  void write(const Event& event, std::string_view store_uuid) {
    w_.open('{');
    write_identity(event, store_uuid);
    write_reason(event);
    write_kind(event);
    if (event.rebalance) {
      w_.key("rebalance");
      append_epoch(w_, *event.rebalance, name_of_);
    }
    w_.close('}');
  }

 private:
  void write_identity(const Event& event, std::string_view store_uuid) {
    w_.field("id", event_id(event, store_uuid));
    w_.field("shard", event.shard);
    w_.field("number", event.number);
    w_.field("kind", to_string(event.kind));
    w_.field("schema", event_schema);
    w_.field("at", utc_time(event.at));
    w_.field("term", event.term);
    w_.field("revision", event.revision);
    w_.field_if_any("group", event.group);
    if (event.sequence != 0) w_.field("sequence", event.sequence);
    w_.field_if_any("member", event.member);
    w_.field_if_any("service", event.service);
    w_.field_if_any("instance", event.instance);
    w_.field_if_any("node", event.node);
    if (event.incarnation != 0) w_.field("incarnation", std::to_string(event.incarnation));
    w_.field_if_any("topic", event.topic);
    if (event.topic_id != TopicId{}) w_.id_field("topic_id", event.topic_id);
    if (event.epoch != 0) w_.field("epoch", event.epoch);
  }

  void write_reason(const Event& event) {
    if (event.reason != Reason::none) {
      w_.field("reason", to_string(event.reason));
      w_.field("words", in_words(event.reason));
    }
    w_.field_if_any("detail", event.detail);
  }

  void write_kind(const Event& event) {
    if (has_edge(event.kind)) {
      w_.field("from", to_string(event.from));
      w_.field("to", to_string(event.to));
    }
    if (begins(event.kind)) w_.field("to", to_string(event.to));
    if (event.kind == EventKind::assignment_changed) {
      w_.field("step", event.step);
      write_owned("assigned", event.assigned);
      write_owned("revoked", event.revoked);
      write_owned("released", event.released);
    }
    if (event.partitions != 0) w_.field("partitions", event.partitions);
    if (event.took.count() != 0) w_.field("took_ms", event.took.count());
    if (event.kind == EventKind::events_lost) {
      w_.field("first_lost", event.first_lost);
      w_.field("last_lost", event.number);
    }
  }

  void write_owned(std::string_view name, const std::vector<OwnedPartitions>& list) {
    w_.key(name);
    append_owned(w_, list, name_of_);
  }

  JsonWriter w_;
  const TopicNameOf& name_of_;
};

void append_padded(std::string& out, std::int64_t number, int width) {
  std::array<char, 24> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  const auto length = static_cast<int>(done.ptr - buffer.data());
  if (length < width) out.append(static_cast<std::size_t>(width - length), '0');
  out.append(buffer.data(), done.ptr);
}

}  // namespace

std::string event_id(const Event& event, std::string_view store_uuid) {
  std::string out{store_uuid};
  out += '-';
  out += std::to_string(event.shard);
  out += '-';
  out += std::to_string(event.number);
  return out;
}

void append_event_json(std::string& out, const Event& event, std::string_view store_uuid,
                       const TopicNameOf& name_of) {
  EventWriter(out, name_of).write(event, store_uuid);
}

std::string utc_time(Wall at) {
  using namespace std::chrono;
  const sys_time<Millis> time{Millis{at.ms}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::string out;
  append_padded(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, clock.hours().count(), 2);
  out += ':';
  append_padded(out, clock.minutes().count(), 2);
  out += ':';
  append_padded(out, clock.seconds().count(), 2);
  out += '.';
  append_padded(out, clock.subseconds().count(), 3);
  return out + 'Z';
}

}  // namespace muster::wire
