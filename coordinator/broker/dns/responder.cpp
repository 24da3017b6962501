#include "responder.hpp"

#include <algorithm>
#include <cstring>

namespace muster::broker::dns {
namespace {

/// An answer costs as much to write as hundreds of copies.
constexpr std::uint32_t uses_per_renewal = 512;
constexpr std::size_t fixed_part = 12;  // of a record whose owner is the question's name

/// Everything that an answer's bytes depend on, besides the service.
class Key {
 public:
  Key(const Query& query, const Room& room) {
    const Name name = query.name.in_lower_case();
    std::copy(name.bytes().begin(), name.bytes().end(), bytes_.begin());
    size_ = name.bytes().size();
    put(static_cast<std::uint16_t>(query.type));
    put(query.qclass);
    put(static_cast<std::uint16_t>(room.size));
    put(static_cast<std::uint16_t>((room.udp ? 1 : 0) | (query.edns ? 2 : 0) |
                                   (query.dnssec_ok ? 4 : 0)));
  }
  [[nodiscard]] std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  void put(std::uint16_t value) {
    std::memcpy(&bytes_[size_], &value, sizeof value);
    size_ += sizeof value;
  }
  std::array<char, Name::max_size + 8> bytes_;
  std::size_t size_ = 0;
};

/// What differs between two who ask the same: id, RD, and the case of the name.
void address_to(const Query& query, std::uint8_t* message) {
  message[0] = static_cast<std::uint8_t>(query.id >> 8);
  message[1] = static_cast<std::uint8_t>(query.id & 0xff);
  message[2] = static_cast<std::uint8_t>((message[2] & 0xfe) | (query.recursion_desired ? 1 : 0));
  const auto name = query.name.wire();
  std::copy(name.begin(), name.end(), message + question_offset);
}

/// Whether all that it has are addresses of the asked type: records of one size, to which nothing
/// in the message points.
bool can_turn(const Query& query, const Answer& answer) {
  return answer.turns && (query.type == Type::a || query.type == Type::aaaa) &&
         answer.authority.empty() && answer.additional.empty() &&
         std::ranges::all_of(answer.answers,
                             [&](const Record& record) { return record.type == query.type; });
}

/// Appends the message so that another of its answers is the first.
void append_turned(const Query& query, const Bytes& message, std::uint64_t entropy, Bytes& out) {
  const std::size_t count = static_cast<std::size_t>(message[6]) << 8 | message[7];
  const std::size_t size = fixed_part + (query.type == Type::a ? 4 : 16);
  const auto begin =
      message.begin() + static_cast<std::ptrdiff_t>(question_offset + query.name.wire().size() + 4);
  const auto end = begin + static_cast<std::ptrdiff_t>(count * size);
  const auto first =
      begin + static_cast<std::ptrdiff_t>(count == 0 ? 0 : (entropy >> 32) * count >> 32) *
                  static_cast<std::ptrdiff_t>(size);
  out.insert(out.end(), message.begin(), begin);
  out.insert(out.end(), first, end);
  out.insert(out.end(), begin, first);
  out.insert(out.end(), end, message.end());
}

}  // namespace

void Responder::answer(std::span<const std::uint8_t> message, Via via, const Directory& directory,
                       Bytes& out) {
  const Parsed parsed = parse_query(message);
  const Query& query = parsed.query;
  if (parsed.outcome == Parsed::Outcome::ignore) return stats_.ignored.add();
  if (query.has_question) stats_.count(query.type);
  const Room room = room_for(query, via);
  if (parsed.outcome == Parsed::Outcome::error) {
    Answer refusal;
    refusal.rcode = parsed.rcode;
    refusal.authoritative = false;
    stats_.count(parsed.rcode);
    encode(query, refusal, room, out);
    return;
  }
  const Key key(query, room);
  if (answer_from_cache(query, key.text(), directory, out)) return;
  const Answer answer = zone_.resolve(query, directory, entropy(), room.size);
  const std::size_t begin = out.size();
  const bool truncated = encode(query, answer, room, out);
  stats_.count(answer.rcode);
  if (truncated && room.udp) stats_.truncated.add();
  if (answer.stamp == 0) return;
  cache_.put(key.text(), answer, truncated && room.udp, can_turn(query, answer),
             Bytes(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end()));
}

bool Responder::answer_from_cache(const Query& query, std::string_view key,
                                  const Directory& directory, Bytes& out) {
  Cache::Entry* const entry = cache_.find(key);
  if (entry == nullptr) return false;
  if (entry->picture == 0 || entry->picture != directory.picture()) {
    const Directory::Service now = directory.service(entry->service);
    if (now.stamp != entry->stamp || now.known == Known::no) return false;
    entry->picture = directory.picture();
  }
  // Until there are enough of them, and then now and again, another one is made.
  if (entry->answers.size() < entry->wanted()) return false;
  if (++entry->uses % uses_per_renewal == 0) return false;
  const std::uint64_t pick = entropy();
  const Bytes& answer = entry->answers[pick % entry->answers.size()];
  const std::size_t begin = out.size();
  if (entry->turns) {
    append_turned(query, answer, pick, out);
  } else {
    out.insert(out.end(), answer.begin(), answer.end());
  }
  address_to(query, out.data() + begin);
  stats_.from_cache.add();
  stats_.count(entry->rcode);
  if (entry->truncated) stats_.truncated.add();
  return true;
}

void Responder::turn_away(std::span<const std::uint8_t> message, Bytes& out) {
  tell_next_ = !tell_next_;
  if (!tell_next_) return;
  const Parsed parsed = parse_query(message);
  if (parsed.outcome != Parsed::Outcome::ask) return;
  const std::size_t begin = out.size();
  encode(parsed.query, Answer{}, room_for(parsed.query, Via::udp), out);
  out[begin + 2] |= 0x02;  // TC: over TCP it can show that it is at its address
}

Room Responder::room_for(const Query& query, Via via) const {
  Room room;
  room.udp = via != Via::tcp;
  const std::uint16_t most = via == Via::loopback_udp
                                 ? std::max(options_.loopback_udp_size, options_.udp_size)
                                 : options_.udp_size;
  room.own_udp_size = most;
  room.size = room.udp ? std::min(query.udp_size, most) : 0xffff;
  return room;
}

/// SplitMix64.
std::uint64_t Responder::entropy() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

void ResponderStats::count(Type type) {
  constexpr std::array<Type, 7> named{Type::a,   Type::aaaa, Type::srv, Type::txt,
                                      Type::soa, Type::ns,   Type::any};
  const auto at = std::find(named.begin(), named.end(), type);
  if (at != named.end()) return asked[static_cast<std::size_t>(at - named.begin())].add();
  const bool transfer = type == Type::axfr || type == Type::ixfr;
  asked[transfer ? types.size() - 2 : types.size() - 1].add();
}

void ResponderStats::count(Rcode rcode) {
  const auto at = std::find(rcodes.begin(), rcodes.end(), rcode);
  answered[static_cast<std::size_t>(at - rcodes.begin())].add();
}

}  // namespace muster::broker::dns
