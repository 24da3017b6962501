#include "query.hpp"

#include <algorithm>

namespace muster::broker::dns {
namespace {

constexpr unsigned most_records = 32;
constexpr std::uint8_t pointer_bits = 0xc0;

/// Reads forward only, and never past the end: once it failed, it stays failed and gives zeros.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return !failed_ && at_ == bytes_.size(); }
  void fail() { failed_ = true; }

  std::span<const std::uint8_t> take(std::size_t count) {
    if (failed_ || bytes_.size() - at_ < count) {
      failed_ = true;
      return {};
    }
    const auto taken = bytes_.subspan(at_, count);
    at_ += count;
    return taken;
  }
  std::uint8_t u8() {
    const auto byte = take(1);
    return byte.empty() ? std::uint8_t{0} : byte[0];
  }
  std::uint16_t u16() {
    const auto two = take(2);
    return two.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(two[0] << 8 | two[1]);
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }

  /// A name without pointers: in the first name of a message there is nothing to point to.
  Name plain_name() {
    const std::size_t begin = at_;
    for (std::uint8_t length = u8(); length != 0 && !failed_; length = u8()) {
      if (length > Name::max_label || at_ - begin + length >= Name::max_size) failed_ = true;
      take(length);
    }
    return failed_ ? Name{} : Name::of_wire(bytes_.subspan(begin, at_ - begin));
  }

  /// Passes over a name; a pointer ends it and is not followed, so there is no loop to run into.
  /// Gives whether it is the root.
  bool skip_name() {
    const std::size_t begin = at_;
    for (std::uint8_t length = u8(); length != 0 && !failed_; length = u8()) {
      if ((length & pointer_bits) == pointer_bits) {
        const std::size_t target = static_cast<std::size_t>(length & ~pointer_bits) << 8 | u8();
        if (target >= begin || target < header_size) failed_ = true;
        return false;
      }
      if (length > Name::max_label || at_ - begin + length >= Name::max_size) failed_ = true;
      take(length);
    }
    return !failed_ && at_ == begin + 1;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

Parsed failed(Parsed parsed, Rcode rcode) {
  parsed.outcome = Parsed::Outcome::error;
  parsed.rcode = rcode;
  return parsed;
}

/// The record that says what the client can do (RFC 6891): the class is its size, the TTL its
/// flags. Gives its version.
std::uint8_t read_opt(Reader& in, Query& query) {
  query.edns = true;
  query.udp_size = std::max(in.u16(), static_cast<std::uint16_t>(least_udp_size));
  const std::uint32_t flags = in.u32();
  query.dnssec_ok = (flags & 0x8000) != 0;
  Reader options(in.take(in.u16()));
  while (!options.failed() && !options.at_end()) {
    options.u16();  // none of them is for us, but they must be whole
    options.take(options.u16());
  }
  if (options.failed()) in.fail();
  return static_cast<std::uint8_t>(flags >> 16);
}

}  // namespace

Parsed parse_query(std::span<const std::uint8_t> message) {
  Parsed parsed;
  Query& query = parsed.query;
  if (message.size() < header_size) return parsed;
  Reader in(message);
  query.id = in.u16();
  const std::uint16_t flags = in.u16();
  if ((flags & 0x8000) != 0) return parsed;  // an answer
  query.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xf);
  query.recursion_desired = (flags & 0x0100) != 0;
  const unsigned questions = in.u16();
  const unsigned others = in.u16() + in.u16();  // answers, authority
  const unsigned additional = in.u16();
  if (query.opcode != 0) return failed(parsed, Rcode::notimp);
  if (questions != 1 || others + additional > most_records) return failed(parsed, Rcode::formerr);

  query.name = in.plain_name();
  query.type = static_cast<Type>(in.u16());
  query.qclass = in.u16();
  if (in.failed()) return failed(parsed, Rcode::formerr);
  query.has_question = true;

  std::uint8_t version = 0;
  for (unsigned i = 0; i < others + additional && !in.failed(); ++i) {
    const bool root = in.skip_name();
    if (static_cast<Type>(in.u16()) == Type::opt) {
      if (i < others || query.edns || !root) return failed(parsed, Rcode::formerr);
      version = read_opt(in, query);
    } else {
      in.take(6);  // class, TTL
      in.take(in.u16());
    }
  }
  if (!in.at_end()) return failed(parsed, Rcode::formerr);
  if (version != 0) return failed(parsed, Rcode::badvers);
  if (query.type == Type::axfr || query.type == Type::ixfr) return failed(parsed, Rcode::notimp);
  if (query.qclass != class_in && query.qclass != class_any) {
    return failed(parsed, Rcode::refused);
  }
  parsed.outcome = Parsed::Outcome::ask;
  return parsed;
}

std::string_view to_string(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror:
      return "NOERROR";
    case Rcode::formerr:
      return "FORMERR";
    case Rcode::servfail:
      return "SERVFAIL";
    case Rcode::nxdomain:
      return "NXDOMAIN";
    case Rcode::notimp:
      return "NOTIMP";
    case Rcode::refused:
      return "REFUSED";
    case Rcode::badvers:
      return "BADVERS";
  }
  return "other";
}

}  // namespace muster::broker::dns
