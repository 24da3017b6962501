#include "event_json.hpp"

#include <array>
#include <charconv>
#include <concepts>

namespace muster::wire {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Length of the well-formed UTF-8 sequence at the front, 0 if it is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool too_high = first == 0xF4 && byte(1) >= 0x90;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

/// Writes one value after the other, with the commas between them.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    first_ = true;
  }
  void text(std::string_view value) {
    separate();
    out_ += '"';
    while (!value.empty()) {
      const std::size_t plain = plain_length(value);
      out_ += value.substr(0, plain);
      value.remove_prefix(plain);
      if (!value.empty()) escape(value);
    }
    out_ += '"';
  }
  void number(std::integral auto value) {
    separate();
    digits(value);
  }
  /// 64 bits do not fit a JSON number of other languages.
  void token(Token value) {
    separate();
    out_ += '"';
    digits(value);
    out_ += '"';
  }
  void null() {
    separate();
    out_ += "null";
  }
  void id(const TopicId& value) {
    static constexpr std::string_view hex = "0123456789abcdef";
    separate();
    out_ += '"';
    for (const std::uint8_t byte : value.bytes) {
      out_ += hex[byte >> 4];
      out_ += hex[byte & 15];
    }
    out_ += '"';
  }

  void field(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void field(std::string_view name, std::integral auto value) {
    key(name);
    number(value);
  }
  void field_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) field(name, value);
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void digits(std::integral auto value) {
    std::array<char, 24> buffer{};
    const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out_.append(buffer.data(), done.ptr);
  }
  static std::size_t plain_length(std::string_view value) {
    std::size_t n = 0;
    while (n < value.size()) {
      const auto c = static_cast<unsigned char>(value[n]);
      if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\') break;
      ++n;
    }
    return n;
  }
  void escape(std::string_view& value) {
    const auto c = static_cast<unsigned char>(value[0]);
    if (c >= 0x80) {
      const std::size_t length = sequence_length(value);
      out_ += length == 0 ? replacement : value.substr(0, length);
      value.remove_prefix(length == 0 ? 1 : length);
      return;
    }
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += value[0];
    } else {
      static constexpr std::string_view hex = "0123456789abcdef";
      out_ += "\\u00";
      out_ += hex[c >> 4];
      out_ += hex[c & 15];
    }
    value.remove_prefix(1);
  }

  std::string& out_;
  bool first_ = true;
};

class EventWriter {
 public:
  EventWriter(std::string& out, const TopicNameOf& name_of) : w_(out), name_of_(name_of) {}

  void write(const Event& event, std::string_view store_uuid) {
    w_.open('{');
    write_identity(event, store_uuid);
    write_reason(event);
    write_kind(event);
    if (event.rebalance) write_rebalance(*event.rebalance);
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
    w_.field_if_any("topic", event.topic);
    if (event.topic_id != TopicId{}) {
      w_.key("topic_id");
      w_.id(event.topic_id);
    }
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
    const bool departs =
        event.kind == EventKind::member_left || event.kind == EventKind::member_expelled;
    if (event.kind == EventKind::member_status_changed || departs) {
      w_.field("from", to_string(event.from));
      w_.field("to", to_string(event.to));
    }
    if (event.kind == EventKind::member_joined) w_.field("to", to_string(event.to));
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

  void write_rebalance(const EpochHistory& epoch) {
    w_.key("rebalance");
    w_.open('{');
    w_.field("epoch", epoch.epoch);
    w_.field("reason", to_string(epoch.reason));
    w_.field("trigger", epoch.trigger);
    w_.field("changes", epoch.changes);
    w_.field("assignor", epoch.assignor);
    w_.field("started_at", utc_time(epoch.started_at));
    w_.field("gathered_ms", epoch.gathered.count());
    write_phase("revoked_ms", epoch.revoked);
    write_phase("settled_ms", epoch.settled);
    w_.field("members", epoch.members);
    w_.field("moved", epoch.moved);
    w_.key("moves");
    w_.open('[');
    for (const Move& move : epoch.moves) write_move(move);
    w_.close(']');
    w_.close('}');
  }

  void write_phase(std::string_view name, Millis took) {
    w_.key(name);
    took.count() < 0 ? w_.null() : w_.number(took.count());
  }

  void write_move(const Move& move) {
    w_.open('{');
    write_member("from", move.from);
    write_member("to", move.to);
    write_topic(move.partitions.topic);
    write_numbers(move.partitions.partitions);
    w_.close('}');
  }

  void write_member(std::string_view name, const MemberId& member) {
    w_.key(name);
    member.empty() ? w_.null() : w_.text(member.value);
  }

  void write_owned(std::string_view name, const std::vector<OwnedPartitions>& list) {
    w_.key(name);
    w_.open('[');
    for (const OwnedPartitions& part : list) {
      w_.open('{');
      write_topic(part.topic);
      write_numbers(part.partitions);
      w_.key("tokens");
      w_.open('[');
      for (const Token token : part.tokens) w_.token(token);
      w_.close(']');
      w_.close('}');
    }
    w_.close(']');
  }

  void write_topic(const TopicId& topic) {
    const std::string name = name_of_(topic);
    w_.key("topic");
    name.empty() ? w_.null() : w_.text(name);
    w_.key("topic_id");
    w_.id(topic);
  }

  void write_numbers(const std::vector<PartitionIndex>& partitions) {
    w_.key("partitions");
    w_.open('[');
    for (const PartitionIndex partition : partitions) w_.number(partition);
    w_.close(']');
  }

  Writer w_;
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
