/// What a client asks, read from the bytes of its message (RFC 1035, RFC 6891).
#pragma once

#include "name.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace muster::broker::dns {

/// Numbers of the wire; others are carried as they are.
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  txt = 16,
  aaaa = 28,
  srv = 33,
  opt = 41,
  ixfr = 251,
  axfr = 252,
  any = 255,
};

/// Above 15 they need EDNS.
enum class Rcode : std::uint8_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  badvers = 16,
};
[[nodiscard]] std::string_view to_string(Rcode rcode);

inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t class_any = 255;
inline constexpr std::size_t header_size = 12;
inline constexpr std::size_t least_udp_size = 512;  ///< What every client takes.

struct Query {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;
  bool recursion_desired = false;
  bool has_question = false;  ///< Of what could not be read, there is no question to repeat.
  Name name;                  ///< As it was written: its case is kept.
  Type type{};
  std::uint16_t qclass = class_in;
  bool edns = false;
  bool dnssec_ok = false;
  std::uint16_t udp_size = least_udp_size;  ///< What the client takes; never less than 512.
};

/// How reading went. Anything but `ask` has its answer already: `rcode`, or none at all.
struct Parsed {
  enum class Outcome {
    ask,     ///< A question to answer.
    error,   ///< To be answered with `rcode`.
    ignore,  ///< No query: too short for a header, or an answer. To answer it could make a loop.
  };
  Outcome outcome = Outcome::ignore;
  Rcode rcode = Rcode::noerror;
  Query query;
};

/// Reads one message, whole and nothing behind it. Pure; takes any bytes.
///
/// Refused as FORMERR: no or several questions, a pointer in the question's name, records that end
/// before they should, bytes behind the last, a second OPT, more than 32 records. As NOTIMP: what
/// is no QUERY, and zone transfers. As REFUSED: a class other than IN. As BADVERS: an EDNS version
/// above 0.
[[nodiscard]] Parsed parse_query(std::span<const std::uint8_t> message);

}  // namespace muster::broker::dns
