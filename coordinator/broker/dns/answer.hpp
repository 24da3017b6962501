/// An answer as records, and its bytes.
#pragma once

#include "query.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::dns {

using Bytes = std::vector<std::uint8_t>;

struct Record {
  std::string owner;  ///< In wire form; empty: the name that was asked for.
  Type type{};
  std::uint32_t ttl = 0;
  std::string data;  ///< In wire form; names in it are not compressed (RFC 2782, RFC 3597).
  friend bool operator==(const Record&, const Record&) = default;
};

struct Answer {
  Rcode rcode = Rcode::noerror;
  bool authoritative = true;
  std::vector<Record> answers;
  std::vector<Record> authority;
  std::vector<Record> additional;

  /// Of what it was made: if the service's stamp is still this one, so is the answer. 0: it is not
  /// to be kept.
  std::string service;
  std::uint64_t stamp = 0;
  bool turns = false;  ///< Whichever of its answers comes first, it is as good.
};

/// What the way back takes.
struct Room {
  std::size_t size = least_udp_size;  ///< Bytes at most, header included; 512 - 65,535.
  bool udp = true;                    ///< Only there an answer says that it was cut (TC).
  std::uint16_t own_udp_size = 1232;  ///< Told to clients that speak EDNS.
};

/// Appends the answer to `out`, not larger than `room.size`; gives whether answers are missing. The
/// additional records are left out first, then the authority's, then answers from the end.
bool encode(const Query& query, const Answer& answer, const Room& room, Bytes& out);

/// The bytes of records' data.
[[nodiscard]] std::string srv_data(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                                   const Name& target);
struct SoaData {
  Name primary;
  Name mailbox;
  std::uint32_t serial = 0;
  std::uint32_t minimum = 0;  ///< Seconds that a negative answer may be kept (RFC 2308).
};
[[nodiscard]] std::string soa_data(const SoaData& soa);
/// One string for each text; those longer than 255 bytes are left out.
[[nodiscard]] std::string txt_data(const std::vector<std::string>& texts);

/// Where a question's name lies in a message, and what points to it.
inline constexpr std::size_t question_offset = header_size;

}  // namespace muster::broker::dns
