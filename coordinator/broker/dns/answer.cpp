#include "answer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>

namespace muster::broker::dns {
namespace {

constexpr std::uint16_t flag_answer = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t pointer = 0xc000;
constexpr std::size_t opt_size = 11;
constexpr std::size_t srv_target = 6;  // offset in the data: priority, weight, port

template <class Out>
void put16(Out& out, std::uint16_t value) {
  out.push_back(static_cast<typename Out::value_type>(value >> 8));
  out.push_back(static_cast<typename Out::value_type>(value & 0xff));
}
template <class Out>
void put32(Out& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16));
  put16(out, static_cast<std::uint16_t>(value & 0xffff));
}

/// The rest of a name behind its first label; empty for the root.
std::string_view parent(std::string_view name) {
  return name.size() <= 1 ? std::string_view{}
                          : name.substr(static_cast<unsigned char>(name[0]) + 1U);
}

/// Writes one message behind what is in `out`.
class Writer {
 public:
  Writer(const Query& query, const Room& room, Bytes& out)
      : query_(query),
        out_(out),
        begin_(out.size()),
        limit_(room.size - (query.edns ? opt_size : 0)) {}

  void header(std::uint16_t flags) {
    put16(out_, query_.id);
    put16(out_, flags);
    for (int i = 0; i < 4; ++i) put16(out_, 0);
  }
  void question() {
    const auto name = query_.name.wire();
    remember(query_.name.bytes(), size());
    out_.insert(out_.end(), name.begin(), name.end());
    put16(out_, static_cast<std::uint16_t>(query_.type));
    put16(out_, query_.qclass);
    count(4);
  }

  /// False, and nothing is written: it does not fit.
  bool record(const Record& record, std::size_t counter) {
    const std::size_t before = out_.size();
    owner(record.owner);
    put16(out_, static_cast<std::uint16_t>(record.type));
    put16(out_, class_in);
    put32(out_, record.ttl);
    put16(out_, static_cast<std::uint16_t>(record.data.size()));
    const std::size_t data = size();
    out_.insert(out_.end(), record.data.begin(), record.data.end());
    if (size() > limit_) {
      out_.resize(before);
      return false;
    }
    if (record.type == Type::srv)
      remember(std::string_view{record.data}.substr(srv_target), data + srv_target);
    count(counter);
    return true;
  }

  void opt(std::uint16_t own_size, Rcode rcode) {
    out_.push_back(0);  // the root
    put16(out_, static_cast<std::uint16_t>(Type::opt));
    put16(out_, own_size);
    out_.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(rcode) >> 4));
    out_.push_back(0);  // version
    put16(out_, query_.dnssec_ok ? 0x8000 : 0);
    put16(out_, 0);  // no options
    count(10);
  }
  void add_flags(std::uint16_t flags) {
    out_[begin_ + 2] |= static_cast<std::uint8_t>(flags >> 8);
    out_[begin_ + 3] |= static_cast<std::uint8_t>(flags & 0xff);
  }

 private:
  [[nodiscard]] std::size_t size() const { return out_.size() - begin_; }

  /// Counts a record in the header's counter at this offset.
  void count(std::size_t counter) {
    std::uint8_t* const at = &out_[begin_ + counter];
    if (++at[1] == 0) ++at[0];
  }

  /// The longest tail that was written before becomes a pointer (RFC 1035, 4.1.4).
  void owner(std::string_view name) {
    if (name.empty()) return put16(out_, pointer | question_offset);
    for (std::string_view rest = name; rest.size() > 1; rest = parent(rest)) {
      const auto known = written_.find(rest);
      if (known == written_.end()) continue;
      out_.insert(out_.end(), name.begin(), rest.begin());
      return put16(out_, static_cast<std::uint16_t>(pointer | known->second));
    }
    out_.insert(out_.end(), name.begin(), name.end());
  }
  void remember(std::string_view name, std::size_t offset) {
    for (std::string_view rest = name; rest.size() > 1; rest = parent(rest)) {
      const std::size_t at = offset + (name.size() - rest.size());
      if (at >= 0x4000) return;  // a pointer has 14 bits
      if (!written_.try_emplace(rest, static_cast<std::uint16_t>(at)).second) return;
    }
  }

  const Query& query_;
  Bytes& out_;
  const std::size_t begin_;
  const std::size_t limit_;
  boost::unordered_flat_map<std::string_view, std::uint16_t> written_;
};

std::uint16_t flags_of(const Query& query, const Answer& answer) {
  std::uint16_t flags = flag_answer;
  flags |= static_cast<std::uint16_t>(query.opcode << 11);
  if (answer.authoritative) flags |= flag_authoritative;
  if (query.recursion_desired) flags |= flag_recursion_desired;
  return flags | (static_cast<std::uint16_t>(answer.rcode) & 0xf);
}

}  // namespace

bool encode(const Query& query, const Answer& answer, const Room& room, Bytes& out) {
  constexpr std::size_t answers = 6, authority = 8, additional = 10;  // the header's counters
  Writer writer(query, room, out);
  writer.header(flags_of(query, answer));
  if (query.has_question) writer.question();
  const auto put = [&writer](const std::vector<Record>& records, std::size_t counter) {
    return std::all_of(records.begin(), records.end(),
                       [&](const Record& record) { return writer.record(record, counter); });
  };
  const bool whole = put(answer.answers, answers);
  if (whole && put(answer.authority, authority)) put(answer.additional, additional);
  if (!whole && room.udp) writer.add_flags(flag_truncated);
  if (query.edns) writer.opt(room.own_udp_size, answer.rcode);
  return !whole;
}

std::string srv_data(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                     const Name& target) {
  std::string out;
  out.reserve(srv_target + target.bytes().size());
  put16(out, priority);
  put16(out, weight);
  put16(out, port);
  return out.append(target.bytes());
}

std::string soa_data(const SoaData& soa) {
  constexpr std::uint32_t refresh = 3'600, retry = 600, expire = 86'400;  // there is no secondary
  std::string out{soa.primary.bytes()};
  out.append(soa.mailbox.bytes());
  for (const std::uint32_t value : {soa.serial, refresh, retry, expire, soa.minimum})
    put32(out, value);
  return out;
}

std::string txt_data(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    if (text.size() > 0xff || out.size() + text.size() + 1 > 0xffff) continue;
    out += static_cast<char>(text.size());
    out += text;
  }
  return out;
}

}  // namespace muster::broker::dns
