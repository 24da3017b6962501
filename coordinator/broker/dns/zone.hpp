/// The zone: which names there are, and what each is answered with. Pure: it reads a Directory and
/// nothing else, so that every rule of it is tested without a socket.
///
/// Below the domain D:
///
///   NAME.service.D                      the instances of a service: A, AAAA, SRV, TXT
///   TAG.NAME.service.D                  those with a tag
///   _NAME._tcp.service.D, _NAME._tcp.D  the same, as RFC 2782 writes it; _TAG for _tcp: with a tag
///   PARTITION.TOPIC.GROUP.owner.D       who owns a partition now: A, AAAA, SRV, TXT with the token
///   HOST.node.D                         a node: A, AAAA, TXT
///   HEX.addr.D                          the address that it writes in hex: what SRV answers name
///
/// Behind `service` may follow `.ZONE.zone`, those in a zone, and `.haproxy`, with SRV weights in
/// HAProxy's scale.
#pragma once

#include "address.hpp"
#include "answer.hpp"
#include "directory.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace muster::broker::dns {

struct ZoneOptions {
  std::vector<Name> domains;                ///< In lower case; at least one.
  std::uint32_t ttl = 0;                    ///< Seconds, of positive answers.
  std::uint32_t negative_ttl = 1;           ///< Seconds, of negative ones.
  std::optional<Address> own_address = {};  ///< Of the name server; none: it is not told.
};

class Zone {
 public:
  explicit Zone(ZoneOptions options) : options_(std::move(options)) {}

  /// Answers a question of class IN. `entropy` orders what is to be shuffled: the same bits give
  /// the same answer. Where there is more than fits into `room` bytes, the answer ends with the
  /// first record that does not: the rest would be left out (answer.hpp), and costs to build.
  [[nodiscard]] Answer resolve(const Query& query, const Directory& directory,
                               std::uint64_t entropy, std::size_t room = most_room) const;

  static constexpr std::size_t most_room = 0xffff;  ///< Of any message.

 private:
  ZoneOptions options_;
};

}  // namespace muster::broker::dns
