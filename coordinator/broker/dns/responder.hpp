/// From the bytes of a question to the bytes of its answer: what both transports share. No sockets.
#pragma once

#include "cache.hpp"
#include "directory.hpp"
#include "zone.hpp"

#include "../metrics.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace muster::broker::dns {

/// Of the questions on one loop.
struct ResponderStats {
  static constexpr std::array<std::string_view, 9> types{"A",  "AAAA", "SRV",  "TXT",  "SOA",
                                                         "NS", "ANY",  "AXFR", "other"};
  static constexpr std::array<Rcode, 7> rcodes{Rcode::noerror,  Rcode::formerr, Rcode::servfail,
                                               Rcode::nxdomain, Rcode::notimp,  Rcode::refused,
                                               Rcode::badvers};
  std::array<Counter, types.size()> asked;
  std::array<Counter, rcodes.size()> answered;
  Counter truncated;
  Counter ignored;  ///< Too short, or answers.
  Counter from_cache;

  void count(Type type);
  void count(Rcode rcode);
};

struct ResponderOptions {
  std::uint16_t udp_size = 1232;             ///< Largest answer over UDP; told to clients.
  std::uint16_t loopback_udp_size = 16'384;  ///< The same for clients on this machine.
  std::size_t cache_bytes = 64U << 20;
};

/// How a question came.
enum class Via : std::uint8_t { udp, loopback_udp, tcp };

/// Threads: one; `zone` outlives it.
class Responder {
 public:
  Responder(const Zone& zone, ResponderOptions options, std::uint64_t seed)
      : zone_(zone), options_(options), cache_(options.cache_bytes), state_(seed) {}

  /// Appends the answer to `out`; nothing, if there is none.
  void answer(std::span<const std::uint8_t> message, Via via, const Directory& directory,
              Bytes& out);
  /// Instead of an answer: one that only says "ask over TCP", or nothing, in turn.
  void turn_away(std::span<const std::uint8_t> message, Bytes& out);

  [[nodiscard]] const ResponderStats& stats() const { return stats_; }
  [[nodiscard]] const Cache& cache() const { return cache_; }

 private:
  [[nodiscard]] Room room_for(const Query& query, Via via) const;
  bool answer_from_cache(const Query& query, std::string_view key, const Directory& directory,
                         Bytes& out);
  [[nodiscard]] std::uint64_t entropy();

  const Zone& zone_;
  const ResponderOptions options_;
  Cache cache_;
  std::uint64_t state_;
  bool tell_next_ = false;
  ResponderStats stats_;
};

}  // namespace muster::broker::dns
