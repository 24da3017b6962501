#include "message.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace muster::broker::dns {
namespace {

struct Broken {};

class Bits {
 public:
  explicit Bits(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::uint8_t u8() {
    if (at_ >= bytes_.size()) throw Broken{};
    return bytes_[at_++];
  }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string data(std::size_t size) {
    std::string out;
    while (size-- > 0) out += static_cast<char>(u8());
    return out;
  }
  Name name() {
    Name name;
    std::size_t back = 0;
    std::size_t bound = at_;
    for (std::uint8_t length = u8(); length != 0; length = u8()) {
      if (length >= 0xc0) {
        const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | u8();
        if (target >= bound) throw Broken{};  // only ever backwards
        bound = target;
        if (back == 0) back = at_;
        at_ = target;
        continue;
      }
      if (length > 63 || !name.append(data(length))) throw Broken{};
    }
    if (back != 0) at_ = back;
    return name;
  }
  Rr record() {
    Rr out;
    out.owner = name().text();
    out.type = static_cast<Type>(u16());
    out.rclass = u16();
    out.ttl = u32();
    out.data = data(u16());
    return out;
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

Message read_all(std::span<const std::uint8_t> bytes) {
  Bits in(bytes);
  Message out;
  out.size = bytes.size();
  out.id = in.u16();
  out.flags = in.u16();
  out.questions = in.u16();
  const unsigned answers = in.u16();
  const unsigned authority = in.u16();
  const unsigned additional = in.u16();
  if (out.questions > 1) throw Broken{};
  if (out.questions == 1) {
    out.name = in.name().text();
    out.type = static_cast<Type>(in.u16());
    (void)in.u16();
  }
  for (unsigned i = 0; i < answers; ++i) out.answers.push_back(in.record());
  for (unsigned i = 0; i < authority; ++i) out.authority.push_back(in.record());
  for (unsigned i = 0; i < additional; ++i) {
    Rr record = in.record();
    if (record.type != Type::opt) {
      out.additional.push_back(std::move(record));
    } else if (out.opt || record.owner != ".") {
      throw Broken{};
    } else {
      out.opt = std::move(record);
    }
  }
  if (!in.at_end()) throw Broken{};
  return out;
}

void put16(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value & 0xff));
}

}  // namespace

Rcode Message::rcode() const {
  const unsigned high = opt ? opt->ttl >> 24 : 0;
  return static_cast<Rcode>(high << 4 | (flags & 0xf));
}

std::optional<Message> read_message(std::span<const std::uint8_t> bytes) {
  try {
    return read_all(bytes);
  } catch (const Broken&) {
    return std::nullopt;
  }
}

Srv srv_of(const Rr& record) {
  EXPECT_EQ(record.type, Type::srv);
  const auto* const data = reinterpret_cast<const std::uint8_t*>(record.data.data());
  Bits in({data, record.data.size()});
  Srv out;
  out.priority = in.u16();
  out.weight = in.u16();
  out.port = in.u16();
  out.target = in.name().text();
  return out;
}

std::string address_of(const Rr& record) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool four = record.type == Type::a;
  EXPECT_EQ(record.data.size(), four ? 4U : 16U);
  ::inet_ntop(four ? AF_INET : AF_INET6, record.data.data(), text.data(), text.size());
  return text.data();
}

std::vector<std::string> addresses_of(const std::vector<Rr>& records) {
  std::vector<std::string> out;
  for (const Rr& record : records) out.push_back(address_of(record));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> texts_of(const Rr& record) {
  EXPECT_EQ(record.type, Type::txt);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < record.data.size();) {
    const auto size = static_cast<std::uint8_t>(record.data[at]);
    out.push_back(record.data.substr(at + 1, size));
    at += 1U + size;
  }
  return out;
}

Bytes question(const Ask& ask) {
  Bytes out;
  put16(out, ask.id);
  put16(out, ask.recursion_desired ? 0x0100 : 0);
  put16(out, 1);
  put16(out, 0);
  put16(out, 0);
  put16(out, ask.edns ? 1 : 0);
  const auto name = Name::parse(ask.name);
  EXPECT_TRUE(name) << ask.name;
  out.insert(out.end(), name->wire().begin(), name->wire().end());
  put16(out, static_cast<unsigned>(ask.type));
  put16(out, ask.qclass);
  if (!ask.edns) return out;
  out.push_back(0);
  put16(out, static_cast<unsigned>(Type::opt));
  put16(out, *ask.edns);
  put16(out, ask.version);
  put16(out, ask.dnssec_ok ? 0x8000 : 0);
  put16(out, 0);
  return out;
}

}  // namespace muster::broker::dns
