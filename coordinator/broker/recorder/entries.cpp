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

/// Each step of a run of heartbeats adds this to the second word (shard_driver.cpp).
constexpr std::uint64_t next_entropy = 0x9e3779b97f4a7c15;

enum Changed : std::uint8_t { mono = 1, wall = 2, durable = 4, entropy = 8 };

/// The length is written once the body is there.
class Entry {
 public:
  Entry(Bytes& out, EntryKind kind) : out_(out), begin_(out.size()) {
    Packer packer(out);
    packer.put(std::uint32_t{0});
    packer.put(kind);
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
  } else {
    return false;
  }
  return in.done();
}

const Heartbeat* plain_beat(const core::Input& input) {
  const auto* request = std::get_if<Request>(&input.command);
  if (request == nullptr || !input.principal.name.empty()) return nullptr;
  return std::get_if<Heartbeat>(request);
}

}  // namespace

void MomentDelta::pack(Packer& out, const core::Moment& now) {
  const bool next =
      now.entropy[0] == last_.entropy[0] && now.entropy[1] == last_.entropy[1] + next_entropy;
  std::uint8_t changed = next ? 0 : entropy;
  if (now.mono != last_.mono) changed |= mono;
  if (now.wall != last_.wall) changed |= wall;
  if (now.durable != last_.durable) changed |= durable;
  out.put(changed);
  if ((changed & mono) != 0) out.put(now.mono);
  if ((changed & wall) != 0) out.put(now.wall);
  if ((changed & durable) != 0) out.put(now.durable);
  if ((changed & entropy) != 0) out.put(now.entropy);
  last_ = now;
}

core::Moment MomentDelta::unpack(Unpacker& in) {
  const auto changed = in.get<std::uint8_t>();
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
  const Heartbeat* const beat = plain_beat(input);
  const Entry entry(out, beat != nullptr ? EntryKind::beat : EntryKind::step);
  Packer packer(out);
  delta.pack(packer, now);
  if (beat == nullptr) return pack(packer, input);
  packer.put(input.from);
  packer.put(*beat);
}

bool Entries::next_entry(EntryKind& kind, std::span<const std::byte>& body) {
  if (rest_.empty()) return false;
  Unpacker in(rest_);
  const auto size = in.get<std::uint32_t>();
  kind = in.get<EntryKind>();
  if (!in.ok() || size < sizeof kind || size > rest_.size() - sizeof size) {
    fail();
    return false;
  }
  body = rest_.subspan(sizeof size + sizeof kind, size - sizeof kind);
  rest_ = rest_.subspan(sizeof size + size);
  return true;
}

core::Image Entries::image() {
  core::Image image;
  EntryKind kind{};
  std::span<const std::byte> body;
  while (next_entry(kind, body)) {
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

bool Entries::next(Step& step) {
  EntryKind kind{};
  std::span<const std::byte> body;
  if (!next_entry(kind, body)) return false;
  Unpacker in(body);
  step.input = {};
  step.now = delta_.unpack(in);
  bool whole = false;
  if (kind == EntryKind::beat) {
    step.input.from = in.get<core::SessionRef>();
    step.input.command = Request{in.get<Heartbeat>()};
    whole = in.done();
  } else if (kind == EntryKind::step) {
    whole = unpack(in, step.input);
  }
  if (!whole) fail();
  return whole;
}

}  // namespace muster::broker::recorder
