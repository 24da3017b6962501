#include "entries.hpp"

#include "../../store/record_key.hpp"
#include "../../store/store.hpp"

#include <codec.hpp>
#include <frame.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace muster::broker::recorder {
namespace {

using core::Packer;
using core::Unpacker;

using enum Changed;

/// The length is written once the body is there.
class Entry {
 public:
  Entry(Bytes& out, EntryKind kind) : out_(out), begin_(out.size() + sizeof kind) {
    Packer packer(out);
    packer.put(kind);
    packer.put(std::uint32_t{0});
  }
  ~Entry() {
    const auto size = static_cast<std::uint32_t>(out_.size() - begin_ - sizeof(std::uint32_t));
    std::memcpy(out_.data() + begin_, &size, sizeof size);
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Bytes& out_;
  std::size_t begin_;
};

/// Writes where there is room.
class Cursor {
 public:
  explicit Cursor(std::byte* to) : to_(to) {}
  template <class T>
  void put(const T& value) {
    std::memcpy(to_, &value, sizeof value);
    to_ += sizeof value;
  }
  [[nodiscard]] std::byte* end() const { return to_; }

 private:
  std::byte* to_;
};

/// FNV-1a: what comes back into memory as it is must be what was written.
std::uint64_t sum_of(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) sum = (sum ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3;
  return sum;
}

void pack(Packer& out, const core::TopicRecord& topic) {
  out.put(topic.name.value), out.put(topic.id), out.put(topic.partitions), out.put(topic.version);
  out.put(topic.followed_from);
}

std::shared_ptr<const core::TopicRecord> unpack_topic(Unpacker& in) {
  core::TopicRecord topic;
  topic.name.value = in.text(), topic.id = in.get<TopicId>();
  topic.partitions = in.get<std::int32_t>(), topic.version = in.get<std::uint64_t>();
  topic.followed_from = in.text();
  return std::make_shared<const core::TopicRecord>(std::move(topic));
}

void pack(Packer& out, const core::CatalogueChange& change) {
  out.put(change.version), out.put(change.whole), out.put(std::uint64_t{change.topics.size()});
  for (const auto& topic : change.topics) pack(out, *topic);
  out.put(std::span<const TopicId>(change.deleted));
}

core::CatalogueChange unpack_change(Unpacker& in) {
  core::CatalogueChange change;
  change.version = in.get<std::uint64_t>(), change.whole = in.truth();
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n)
    change.topics.push_back(unpack_topic(in));
  change.deleted = in.list<TopicId>();
  return change;
}

void pack(Packer& out, const core::NodesChange& change) {
  out.put(change.from), out.put(change.whole), out.put(change.shards);
  out.put(std::uint64_t{change.nodes.size()});
  for (const auto& one : change.nodes) out.put(one.node.value), out.put(one.status);
}

core::NodesChange unpack_nodes(Unpacker& in) {
  core::NodesChange change;
  change.from = in.get<ShardIndex>(), change.whole = in.truth();
  change.shards = in.get<std::uint32_t>();
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) {
    NodeName node{in.text()};
    change.nodes.push_back({std::move(node), in.get<Status>()});
  }
  return change;
}

void pack(Packer& out, const core::Probed& probed) {
  out.put(probed.service.value), out.put(probed.instance.value), out.put(probed.incarnation);
  out.put(probed.check), out.put(probed.result), out.put(probed.detail);
}

core::Probed unpack_probed(Unpacker& in) {
  core::Probed probed;
  probed.service = ServiceName{in.text()}, probed.instance = InstanceId{in.text()};
  probed.incarnation = in.get<Incarnation>(), probed.check = in.get<std::uint32_t>();
  probed.result = in.get<core::Probed::Result>(), probed.detail = in.text();
  return probed;
}

void pack(Packer& out, const Request& request) {
  // It came in a frame, so it fits into one.
  wire::Bytes frame;
  if (!wire::encode_request(request, 0, frame)) frame.clear();
  out.put(std::span<const std::byte>(frame));
}

bool unpack(Unpacker& in, core::Command& command) {
  const std::vector<std::byte> bytes = in.list<std::byte>();
  wire::FrameReader reader;
  if (bytes.empty()) return false;
  std::memcpy(reader.prepare(bytes.size()).data(), bytes.data(), bytes.size());
  reader.commit(bytes.size());
  const auto frame = reader.next();
  if (!frame || !*frame) return false;
  auto call = wire::decode_call(**frame);
  if (!call || !std::holds_alternative<Request>(*call)) return false;
  command = std::move(std::get<Request>(*call));
  return true;
}

void pack(Packer& out, const core::Input& input) {
  out.put(input.id), out.put(input.from), out.put(input.principal.name);
  out.put(static_cast<std::uint8_t>(input.command.index()));
  if (const auto* request = std::get_if<Request>(&input.command)) return pack(out, *request);
  if (const auto* woke = std::get_if<core::Woke>(&input.command)) return out.put(*woke);
  if (const auto* loaded = std::get_if<core::Loaded>(&input.command)) return out.put(*loaded);
  if (const auto* change = std::get_if<core::CatalogueChange>(&input.command)) pack(out, *change);
  if (const auto* nodes = std::get_if<core::NodesChange>(&input.command)) pack(out, *nodes);
  if (const auto* probed = std::get_if<core::Probed>(&input.command)) pack(out, *probed);
}

bool unpack(Unpacker& in, core::Input& input) {
  input.id = in.get<core::RequestId>();
  input.from = in.get<core::SessionRef>();
  input.principal.name = in.text();
  const auto which = in.get<std::uint8_t>();
  if (which == 0) return unpack(in, input.command) && in.done();
  if (which == core::Command(core::Woke{}).index()) {
    input.command = in.get<core::Woke>();
  } else if (which == core::Command(core::Tick{}).index()) {
    input.command = core::Tick{};
  } else if (which == core::Command(core::Loaded{}).index()) {
    input.command = in.get<core::Loaded>();
  } else if (which == core::Command(core::ConnectionClosed{}).index()) {
    input.command = core::ConnectionClosed{};
  } else if (which == core::Command(core::PushStalled{}).index()) {
    input.command = core::PushStalled{};
  } else if (which == core::Command(core::Stopping{}).index()) {
    input.command = core::Stopping{};
  } else if (which == core::Command(core::CatalogueChange{}).index()) {
    input.command = unpack_change(in);
  } else if (which == core::Command(core::NodesChange{}).index()) {
    input.command = unpack_nodes(in);
  } else if (which == core::Command(core::Probed{}).index()) {
    input.command = unpack_probed(in);
  } else {
    return false;
  }
  return in.done();
}

}  // namespace

template <class Out>
void MomentDelta::pack(Out& out, std::uint8_t changed, const core::Moment& now) {
  if ((changed & mono) != 0) out.put(now.mono);
  if ((changed & wall) != 0) out.put(now.wall);
  if ((changed & durable) != 0) out.put(now.durable);
  if ((changed & entropy) != 0) out.put(now.entropy);
  last_ = now;
}

core::Moment MomentDelta::unpack(Unpacker& in, std::uint8_t changed) {
  if ((changed & mono) != 0) last_.mono = in.get<Mono>();
  if ((changed & wall) != 0) last_.wall = in.get<Wall>();
  if ((changed & durable) != 0) last_.durable = in.get<Revision>();
  if ((changed & entropy) != 0) {
    last_.entropy = in.get<std::array<std::uint64_t, 2>>();
  } else {
    last_.entropy[1] += next_entropy;
  }
  return last_;
}

std::size_t BeatDelta::pack_changed(std::byte* to, std::uint8_t changed, const Heartbeat& beat,
                                    const core::Moment& now, MomentDelta& moments) {
  Cursor out(to);
  moments.pack(out, changed, now);
  if ((changed & epoch) != 0) out.put(beat.member_epoch);
  if ((changed & progress) != 0) out.put(beat.progress);
  if ((changed & session_timeout) != 0) out.put(beat.session_timeout_ms);
  if ((changed & flags) != 0) out.put(beat.flags);
  last_ = beat;
  return static_cast<std::size_t>(out.end() - to);
}
static_assert(sizeof(EntryKind) + 1 + sizeof(core::SessionRef) + sizeof(core::Moment) +
                  sizeof(Heartbeat) <=
              BeatDelta::most);

void BeatDelta::unpack(Unpacker& in, Step& step, MomentDelta& moments) {
  const auto head = in.get<Head>();
  const std::uint8_t changed = head.changed;
  step.input.from = head.from;
  last_.session = head.session;
  last_.sequence = head.sequence;
  step.now = moments.unpack(in, changed);
  if ((changed & epoch) != 0) last_.member_epoch = in.get<Epoch>();
  if ((changed & progress) != 0) last_.progress = in.get<std::uint32_t>();
  if ((changed & session_timeout) != 0) last_.session_timeout_ms = in.get<std::uint32_t>();
  if ((changed & flags) != 0) last_.flags = in.get<std::uint32_t>();
  step.input.command = Request{last_};
}

void pack(Bytes& out, const core::Image& image, store::RecordCodec& codec) {
  for (const core::Record& record : image.records) {
    const Entry entry(out, EntryKind::record);
    Packer packer(out);
    packer.put(record.revision);
    packer.put(std::string_view(store::encode_key(0, record.key)));
    packer.put(codec.encode(record));
  }
  for (const core::Image::Parked& parked : image.parked) {
    const Entry entry(out, EntryKind::parked);
    Packer packer(out);
    packer.put(parked.until), packer.put(parked.version);
    pack(packer, parked.input);
  }
  const Entry entry(out, EntryKind::run);
  Packer(out).put(sum_of(image.run));
  out.insert(out.end(), image.run.begin(), image.run.end());
}

void pack(Bytes& out, const core::Input& input, const core::Moment& now, MomentDelta& delta) {
  const Entry entry(out, EntryKind::step);
  Packer packer(out);
  const std::uint8_t changed = delta.changed(now);
  packer.put(changed);
  delta.pack(packer, changed, now);
  pack(packer, input);
}

bool Entries::next_body(std::span<const std::byte>& body) {
  Unpacker in(rest_.subspan(sizeof(EntryKind)));
  const auto size = in.get<std::uint32_t>();
  if (!in.ok() || size > in.rest().size()) {
    fail();
    return false;
  }
  body = in.rest().first(size);
  rest_ = in.rest().subspan(size);
  return true;
}

core::Image Entries::image() {
  core::Image image;
  std::span<const std::byte> body;
  while (!rest_.empty()) {
    const auto kind = static_cast<EntryKind>(rest_.front());
    if (!next_body(body)) break;
    Unpacker in(body);
    if (kind == EntryKind::run) {
      const auto sum = in.get<std::uint64_t>();
      if (!in.ok() || sum_of(body.subspan(sizeof sum)) != sum) break;
      image.run.assign(body.begin() + sizeof sum, body.end());
      return image;
    }
    if (kind == EntryKind::record) {
      const auto revision = in.get<Revision>();
      const std::string key = in.text();
      const std::string value = in.text();
      if (!in.done()) break;
      try {
        core::Record record = codec_.decode(store::decode_key(key).key, value);
        record.revision = revision;
        image.records.push_back(std::move(record));
      } catch (const store::StoreError&) {
        break;
      }
    } else if (kind == EntryKind::parked) {
      core::Image::Parked parked;
      parked.until = in.get<Mono>(), parked.version = in.get<std::uint64_t>();
      if (!unpack(in, parked.input)) break;
      image.parked.push_back(std::move(parked));
    } else {
      break;
    }
  }
  fail();
  return image;
}

bool Entries::next_beat(Step& step) {
  Unpacker in(rest_);
  beats_.unpack(in, step, moments_);
  rest_ = in.rest();
  return in.ok();
}

bool Entries::next(Step& step) {
  if (rest_.empty()) return false;
  const auto kind = static_cast<EntryKind>(rest_.front());
  step.input = {};
  bool whole = false;
  std::span<const std::byte> body;
  if (kind == EntryKind::beat) {
    whole = next_beat(step);
  } else if (kind == EntryKind::step && next_body(body)) {
    Unpacker in(body);
    const auto changed = in.get<std::uint8_t>();
    step.now = moments_.unpack(in, changed);
    whole = unpack(in, step.input);
  }
  if (!whole) fail();
  return whole;
}

}  // namespace muster::broker::recorder
