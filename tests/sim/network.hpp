/// Connections between members and the broker: in order within one, in any order between two;
/// either direction may stand still, and what is under way when one end closes may still arrive.
#pragma once

#include "dice.hpp"
#include "life.hpp"
#include "plan.hpp"

#include "session.hpp"

#include "broker/host.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace muster::sim {

class World;

/// From the broker to a member.
struct Downward {
  Time at = 0;
  std::uint64_t correlation = 0;
  std::variant<ReplyBody, PushBody> body;
};

/// From a member to the broker.
struct Upward {
  Time at = 0;
  std::uint32_t life = 0;
  std::uint64_t correlation = 0;
  Instant arrived;
  Request request;
};

/// A request that the broker took and has not answered.
struct Asked {
  std::uint64_t correlation = 0;
  std::uint32_t life = 0;
  Instant arrived;
  Instant taken;
  Time at = 0;
  SessionHandle session;          ///< Of a beat.
  std::size_t kind = 0;           ///< Index in Request.
  std::unique_ptr<Request> rest;  ///< Of those whose content its answer is judged by.
};

/// One connection.
struct Line {
  static constexpr std::int32_t operators = -1;
  static constexpr std::int32_t stranger = -2;
  static constexpr std::int32_t of_server = -3;

  std::uint32_t number = 0;
  std::int32_t owner = 0;    ///< A member's node, or one of the above.
  std::int32_t server = -1;  ///< Whose it is, if a server's.
  std::uint32_t loop = 0;
  std::uint64_t connection = 0;  ///< At the host; 0: the broker's end is closed.
  bool open = true;              ///< The member's end.
  bool closing = false;     ///< The broker will read the end of it, after what is in the inbox.
  bool overflowed = false;  ///< The broker's end closes: the peer does not read.
  bool ready = false;       ///< In the broker's list of those that have something to read.
  bool up_planned = false;
  bool down_planned = false;
  Time up_last = 0;  ///< When the newest of what is under way arrives, and when it was sent.
  Time up_sent = -1;
  Time down_last = 0;
  Time down_sent = -1;
  std::optional<Time> close_at;   ///< When the broker hears of the member's end being closed.
  std::optional<Time> hangup_at;  ///< When the member hears of the broker's end being closed.
  std::deque<Upward> up;          ///< Under way.
  std::deque<Upward> inbox;       ///< In the broker's socket.
  std::deque<Downward> down;      ///< Under way.
  std::deque<Downward> arrived;   ///< In the member's socket.
  std::vector<Asked> asked;
};

class Network {
 public:
  explicit Network(World& world);

  /// A new connection; the broker runs.
  Line& connect(std::int32_t owner, std::uint32_t loop);
  [[nodiscard]] Line& line(std::uint32_t number) { return *lines_[number]; }

  void send_up(Line& line, std::uint32_t life, std::uint64_t correlation, Request&& request);
  void send_down(Line& line, Downward&& frame);
  /// The member's end closes; the broker hears of it `after` what is under way and that long.
  void close_member_end(Line& line, Time after);
  /// The broker's end is gone.
  void close_broker_end(Line& line);

  // Entries of the agenda.
  void arrive_up(std::uint32_t number);
  void arrive_down(std::uint32_t number);

 private:
  [[nodiscard]] Time delay();
  void plan_up(Line& line);
  void plan_down(Line& line);
  [[nodiscard]] Time up_free(const Line& line) const;
  [[nodiscard]] Time down_free(const Line& line) const;
  void forget(Line& line);

  World& world_;
  Dice dice_;
  std::vector<std::unique_ptr<Line>> lines_;
};

}  // namespace muster::sim
