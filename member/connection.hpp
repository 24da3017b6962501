/// The one connection that all members of a process in one group share, and the thread that drives
/// it: heartbeats leave from here, whatever the application does.
#pragma once

#include "seat.hpp"

#include <muster/messages.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace muster::member {

class Connection {
 public:
  /// The process's connection to these servers for this group: the present one, or a new one, which
  /// dials at once and lives until its last user lets it go. Throws std::invalid_argument for an
  /// address that is not host:port.
  [[nodiscard]] static std::shared_ptr<Connection> shared_by(
      const std::vector<std::string>& servers, const std::string& group);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// A number that no other member of this connection has: the upper bits of its correlations.
  [[nodiscard]] std::uint32_t new_lane();
  void add(std::uint32_t lane, const std::shared_ptr<Seat>& seat);
  /// Returns once the connection's thread is done with the seat: no callback of it runs any more.
  void remove(std::uint32_t lane);

  /// Asks the broker; waits for the answer until `until`, over reconnects. A Refusal becomes an
  /// Error.
  [[nodiscard]] Outcome<ReplyBody> ask(const Query& query, Mono until);

  /// Why no broker is connected, in words; empty while one is.
  [[nodiscard]] std::string trouble() const;

  /// False in a child that was forked after this was made: it has no heartbeat thread.
  [[nodiscard]] bool usable() const;

 private:
  struct Parts;
  Connection(const std::vector<std::string>& servers, const std::string& group);
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::member
