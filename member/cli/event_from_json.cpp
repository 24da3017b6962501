#include "event_from_json.hpp"

#include <event_json.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace muster::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

/// What is not as it should be ends the reading of this event.
struct Odd : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string text(const object& from, std::string_view name) {
  const value* const found = from.if_contains(name);
  if (found == nullptr || found->is_null()) return {};
  if (!found->is_string()) throw Odd("no text");
  return std::string{found->get_string()};
}

template <class Number>
Number number(const object& from, std::string_view name) {
  const value* const found = from.if_contains(name);
  if (found == nullptr || found->is_null()) return {};
  return boost::json::value_to<Number>(*found);
}

template <class Enum>
Enum named(const std::string& name, Enum absent) {
  if (name.empty()) return absent;
  for (int i = 0; i < 256; ++i)
    if (to_string(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  throw Odd("unknown name " + name);
}

TopicId topic_id(const std::string& hex) {
  TopicId id;
  if (hex.size() != 2 * id.bytes.size()) throw Odd("no topic id");
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const char* const at = hex.data() + 2 * i;
    if (std::from_chars(at, at + 2, id.bytes[i], 16).ptr != at + 2) throw Odd("no topic id");
  }
  return id;
}

Token token(const value& from) {
  const std::string_view digits = from.as_string();
  Token out = 0;
  const auto done = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (done.ec != std::errc{} || done.ptr != digits.data() + digits.size()) throw Odd("no token");
  return out;
}

Wall wall(const std::string& at) {
  // 2026-11-21T14:03:07.123Z
  constexpr std::size_t length = 24;
  if (at.size() != length) throw Odd("no time");
  const auto part = [&](std::size_t from, std::size_t size) {
    int out = 0;
    const char* const end = at.data() + from + size;
    if (std::from_chars(at.data() + from, end, out).ptr != end) throw Odd("no time");
    return out;
  };
  using namespace std::chrono;
  const year_month_day date{year{part(0, 4)}, month{static_cast<unsigned>(part(5, 2))},
                            day{static_cast<unsigned>(part(8, 2))}};
  const auto time = sys_days{date} + hours{part(11, 2)} + minutes{part(14, 2)} +
                    seconds{part(17, 2)} + milliseconds{part(20, 3)};
  return {time.time_since_epoch().count()};
}

std::vector<PartitionIndex> partitions(const object& from) {
  return boost::json::value_to<std::vector<PartitionIndex>>(from.at("partitions"));
}

class EventReader {
 public:
  explicit EventReader(TopicNames& names) : names_(names) {}

  MirroredEvent read(const object& from) {
    if (number<int>(from, "schema") != wire::event_schema) throw Odd("another schema");
    MirroredEvent out;
    Event& event = out.event;
    event.shard = number<ShardIndex>(from, "shard");
    event.number = number<std::uint64_t>(from, "number");
    event.kind = named<EventKind>(text(from, "kind"), EventKind{});
    out.at = text(from, "at");
    event.at = wall(out.at);
    out.store_uuid = store_of(text(from, "id"), event);
    event.term = number<Term>(from, "term");
    event.revision = number<Revision>(from, "revision");
    event.group = text(from, "group");
    event.sequence = number<std::uint64_t>(from, "sequence");
    event.member = text(from, "member");
    event.topic = text(from, "topic");
    event.service = text(from, "service");
    event.instance = text(from, "instance");
    event.node = text(from, "node");
    if (const value* const incarnation = from.if_contains("incarnation"))
      event.incarnation = token(*incarnation);
    if (const std::string id = text(from, "topic_id"); !id.empty()) {
      event.topic_id = topic_id(id);
      names_.add(event.topic_id, event.topic);
    }
    event.epoch = number<Epoch>(from, "epoch");
    event.reason = named<Reason>(text(from, "reason"), Reason::none);
    event.detail = text(from, "detail");
    event.from = named<Status>(text(from, "from"), Status::starting);
    event.to = named<Status>(text(from, "to"), Status::starting);
    event.step = number<std::uint32_t>(from, "step");
    event.assigned = owned(from, "assigned");
    event.revoked = owned(from, "revoked");
    event.released = owned(from, "released");
    event.partitions = number<std::int32_t>(from, "partitions");
    event.took = Millis{number<std::int64_t>(from, "took_ms")};
    event.first_lost = number<std::uint64_t>(from, "first_lost");
    if (const value* const rebalance = from.if_contains("rebalance"))
      event.rebalance = std::make_shared<const EpochHistory>(epoch(rebalance->as_object()));
    return out;
  }

 private:
  /// The id is STORE-SHARD-NUMBER.
  static std::string store_of(const std::string& id, const Event& event) {
    const std::string tail = "-" + std::to_string(event.shard) + "-" + std::to_string(event.number);
    if (event.number == 0 || !id.ends_with(tail)) throw Odd("the id is of another event");
    return id.substr(0, id.size() - tail.size());
  }

  TopicId topic_of(const object& from) {
    const TopicId id = topic_id(text(from, "topic_id"));
    if (const std::string name = text(from, "topic"); !name.empty()) names_.add(id, name);
    return id;
  }

  std::vector<OwnedPartitions> owned(const object& from, std::string_view name) {
    std::vector<OwnedPartitions> out;
    const value* const list = from.if_contains(name);
    if (list == nullptr) return out;
    for (const value& one : list->as_array()) {
      OwnedPartitions part{topic_of(one.as_object()), partitions(one.as_object()), {}};
      for (const value& each : one.at("tokens").as_array()) part.tokens.push_back(token(each));
      if (part.tokens.size() != part.partitions.size()) throw Odd("lists of different length");
      out.push_back(std::move(part));
    }
    return out;
  }

  EpochHistory epoch(const object& from) {
    const auto phase = [&](std::string_view name) {
      const value* const found = from.if_contains(name);
      const bool none = found == nullptr || found->is_null();
      return Millis{none ? -1 : number<std::int64_t>(from, name)};
    };
    EpochHistory out;
    out.epoch = number<Epoch>(from, "epoch");
    out.reason = named<Reason>(text(from, "reason"), Reason::none);
    out.trigger = text(from, "trigger");
    out.changes = number<std::uint32_t>(from, "changes");
    out.assignor = text(from, "assignor");
    out.started_at = wall(text(from, "started_at"));
    out.gathered = Millis{number<std::int64_t>(from, "gathered_ms")};
    out.revoked = phase("revoked_ms");
    out.settled = phase("settled_ms");
    out.members = number<std::uint32_t>(from, "members");
    out.moved = number<std::uint32_t>(from, "moved");
    for (const value& one : from.at("moves").as_array()) {
      const object& move = one.as_object();
      out.moves.push_back({MemberId{text(move, "from")},
                           MemberId{text(move, "to")},
                           {topic_of(move), partitions(move)}});
    }
    return out;
  }

  TopicNames& names_;
};

}  // namespace

std::optional<MirroredEvent> event_from_json(std::string_view json, TopicNames& names) {
  try {
    const value document = boost::json::parse(json);
    return EventReader(names).read(document.as_object());
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace muster::cli
