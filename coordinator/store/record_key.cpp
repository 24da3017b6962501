#include "record_key.hpp"

#include "big_endian.hpp"
#include "store.hpp"

#include <cstdio>
#include <limits>

namespace muster::store {
namespace {

using core::RecordKey;
using core::RecordKind;

constexpr std::uint8_t bookkeeping_kind = 0;
constexpr std::string_view event_note_name = "events";

/// Which fields the key of a kind has. The one place that knows; encoder and decoder follow it.
struct KeyFields {
  bool group = false;
  bool member = false;
  bool topic = false;
  bool partition = false;
  bool number = false;
};

constexpr KeyFields member_fields{.group = true, .member = true};

std::optional<KeyFields> fields_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::meta:
      return KeyFields{};
    case RecordKind::topic:
      return KeyFields{.topic = true};
    case RecordKind::group:
    case RecordKind::service:
    case RecordKind::node:
    case RecordKind::node_silence:
      return KeyFields{.group = true};
    case RecordKind::instance:
    case RecordKind::instance_silence:
    case RecordKind::departed:
    case RecordKind::member:
    case RecordKind::target:
    case RecordKind::current:
    case RecordKind::silence:
      return member_fields;
    case RecordKind::offset:
      return KeyFields{.group = true, .topic = true, .partition = true};
    case RecordKind::history:
      return KeyFields{.group = true, .number = true};
    case RecordKind::event:
      return KeyFields{.number = true};
  }
  return std::nullopt;
}

void put_name(std::string& out, const std::string& name) {
  constexpr std::size_t longest = std::numeric_limits<std::uint16_t>::max();
  if (name.size() > longest)
    throw StoreError(Errc::store_failed, "a name of " + std::to_string(name.size()) +
                                             " bytes cannot be a key; the longest is " +
                                             std::to_string(longest));
  put_big_endian(out, static_cast<std::uint16_t>(name.size()));
  out += name;
}

/// Reads one key's fields in turn; the first that is missing or wrong ends it.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : whole_(bytes), rest_(bytes) {}

  template <std::unsigned_integral T>
  T number(const char* field) {
    const auto value = take_big_endian<T>(rest_);
    if (!value) fail("ends within its " + std::string(field));
    return *value;
  }
  std::string name(const char* field) {
    return std::string(bytes(number<std::uint16_t>(field), field));
  }
  std::string_view bytes(std::size_t size, const char* field) {
    if (rest_.size() < size) fail("ends within its " + std::string(field));
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  void end() const {
    if (!rest_.empty()) fail("has " + std::to_string(rest_.size()) + " bytes too many");
  }
  [[noreturn]] void fail(const std::string& how) const {
    throw StoreError(Errc::store_corrupt, "the stored key " + in_quotes(whole_) + " " + how);
  }

 private:
  std::string_view whole_;
  std::string_view rest_;
};

PartitionIndex read_partition(KeyReader& reader) {
  const auto partition = reader.number<std::uint32_t>("partition");
  if (partition > static_cast<std::uint32_t>(std::numeric_limits<PartitionIndex>::max()))
    reader.fail("names the impossible partition " + std::to_string(partition));
  return static_cast<PartitionIndex>(partition);
}

}  // namespace

std::string encode_key(ShardIndex shard, const RecordKey& key) {
  const auto fields = fields_of(key.kind);
  if (!fields)
    throw StoreError(Errc::store_failed,
                     "record kind " + std::to_string(static_cast<int>(key.kind)) + " is unknown");
  if (key.partition < 0)
    throw StoreError(Errc::store_failed,
                     "partition " + std::to_string(key.partition) + " is below 0");
  std::string out = shard_prefix(shard);
  out.push_back(static_cast<char>(key.kind));
  if (fields->group) put_name(out, key.group);
  if (fields->member) put_name(out, key.member);
  if (fields->topic) out.append(key.topic.bytes.begin(), key.topic.bytes.end());
  if (fields->partition) put_big_endian(out, static_cast<std::uint32_t>(key.partition));
  if (fields->number) put_big_endian(out, key.number);
  return out;
}

StoredKey decode_key(std::string_view bytes) {
  KeyReader reader(bytes);
  StoredKey out;
  out.shard = reader.number<std::uint32_t>("shard");
  const auto kind = reader.number<std::uint8_t>("kind");
  out.key.kind = static_cast<RecordKind>(kind);
  const auto fields = fields_of(out.key.kind);
  if (!fields)
    throw StoreError(Errc::store_incompatible, "the stored key " + in_quotes(bytes) +
                                                   " is of kind " + std::to_string(kind) +
                                                   ", which this version does not know");
  if (fields->group) out.key.group = reader.name("group");
  if (fields->member) out.key.member = reader.name("member");
  if (fields->topic) {
    const std::string_view id = reader.bytes(out.key.topic.bytes.size(), "topic id");
    std::copy(id.begin(), id.end(), out.key.topic.bytes.begin());
  }
  if (fields->partition) out.key.partition = read_partition(reader);
  if (fields->number) out.key.number = reader.number<std::uint64_t>("number");
  reader.end();
  return out;
}

std::string shard_prefix(ShardIndex shard) {
  std::string out;
  put_big_endian(out, shard);
  return out;
}

std::string last_revision_key(ShardIndex shard) {
  std::string out = shard_prefix(shard);
  out.push_back(static_cast<char>(bookkeeping_kind));
  return out;
}

bool is_last_revision_key(std::string_view bytes) {
  return bytes.size() == sizeof(ShardIndex) + 1 &&
         static_cast<std::uint8_t>(bytes.back()) == bookkeeping_kind;
}

std::string event_note_key(ShardIndex shard) {
  std::string out = shard_prefix(std::numeric_limits<ShardIndex>::max());
  out += event_note_name;
  put_big_endian(out, shard);
  return out;
}

bool is_event_note_key(std::string_view bytes) {
  const std::string prefix =
      shard_prefix(std::numeric_limits<ShardIndex>::max()) + std::string{event_note_name};
  return bytes.starts_with(prefix) && bytes.size() == prefix.size() + sizeof(ShardIndex);
}

std::string encode_event_note(const EventNote& note) {
  std::string out;
  put_big_endian(out, note.passed);
  return out + note.reader;
}

EventNote decode_event_note(ShardIndex shard, std::string_view bytes) {
  const auto passed = take_big_endian<std::uint64_t>(bytes);
  if (!passed)
    throw StoreError(Errc::store_corrupt, "the note of shard " + std::to_string(shard) +
                                              "'s events has " + std::to_string(bytes.size()) +
                                              " bytes instead of 8 and a name");
  return {shard, std::string{bytes}, *passed};
}

std::string in_quotes(std::string_view bytes) {
  constexpr std::size_t shown = 300;
  std::string out = "\"";
  for (const char c : bytes.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out.push_back(c);
    } else {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02X", byte);
      out += hex;
    }
  }
  return out + (bytes.size() > shown ? "…\"" : "\"");
}

std::string describe(const RecordKey& key) {
  const auto of_instance = [&](const char* what) {
    return what + in_quotes(key.member) + " of service " + in_quotes(key.group);
  };
  const auto of_member = [&key](const char* what) {
    return what + in_quotes(key.member) + " of group " + in_quotes(key.group);
  };
  const std::string topic(key.topic.bytes.begin(), key.topic.bytes.end());
  switch (key.kind) {
    case RecordKind::meta:
      return "the shard's own record";
    case RecordKind::topic:
      return "topic " + in_quotes(topic);
    case RecordKind::group:
      return "group " + in_quotes(key.group);
    case RecordKind::member:
      return of_member("member ");
    case RecordKind::target:
      return of_member("the target of member ");
    case RecordKind::current:
      return of_member("the assignment of member ");
    case RecordKind::silence:
      return of_member("the silence of member ");
    case RecordKind::service:
      return "service " + in_quotes(key.group);
    case RecordKind::instance:
      return of_instance("instance ");
    case RecordKind::instance_silence:
      return of_instance("the silence of instance ");
    case RecordKind::departed:
      return of_instance("the end of instance ");
    case RecordKind::node:
      return "node " + in_quotes(key.group);
    case RecordKind::node_silence:
      return "the silence of node " + in_quotes(key.group);
    case RecordKind::offset:
      return "the offset of partition " + std::to_string(key.partition) + " of topic " +
             in_quotes(topic) + " in group " + in_quotes(key.group);
    case RecordKind::history:
      return "epoch " + std::to_string(key.number) + " in the history of group " +
             in_quotes(key.group);
    case RecordKind::event:
      return "event " + std::to_string(key.number);
  }
  return "a record of kind " + std::to_string(static_cast<int>(key.kind));
}

}  // namespace muster::store
