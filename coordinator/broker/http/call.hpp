/// One request on its way through a route, and what a route can make of it.
#pragma once

#include "door.hpp"
#include "request.hpp"
#include "response.hpp"
#include "subject.hpp"
#include "target.hpp"

#include <muster/messages.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster::broker::http {

struct Route;
struct LoopDoor;

/// Hard bounds of what a query may ask for.
inline constexpr std::uint32_t default_page = 1'000;
inline constexpr std::uint32_t max_page = 10'000;
inline constexpr std::chrono::milliseconds default_wait{300'000};
inline constexpr std::chrono::milliseconds max_wait{600'000};

struct Call {
  Host& host;
  Door::Parts& door;
  LoopDoor& loop;
  Request request;
  Target target;
  const Route* route = nullptr;
  std::vector<std::string> captures;  ///< What stands in the {parts} of the route's path, in order.
  std::chrono::steady_clock::time_point begun;
  boost::asio::ip::address peer;
  bool deferred = false;   ///< It is run behind everything more urgent: it may take its time.
  bool waited = false;     ///< It was parked.
  bool timed_out = false;  ///< It has waited, and nothing has changed.

  /// A parameter of the query, the first of its name.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
};

/// Run me again, behind everything that is more urgent.
struct Later {};
/// Run me again once the subject's index is not `index`, or after `wait`.
struct Park {
  Subject subject;
  std::uint64_t index = 0;
  std::chrono::milliseconds wait{0};
};
/// Ask the core, and make the response of its reply.
struct Submit {
  muster::Request request;
  std::function<Response(const ReplyBody&)> then;
};

/// A part of an endless answer: its own text, and behind it perhaps a body that it shares with all
/// who are told the same, with its own text behind that.
struct Piece {
  std::string text;
  std::shared_ptr<const std::string> body;
  std::string_view behind;  ///< Of static storage.

  [[nodiscard]] std::size_t size() const {
    return text.size() + (body ? body->size() : 0) + behind.size();
  }
};

/// An endless answer: server-sent events.
class Stream {
 public:
  virtual ~Stream() = default;
  /// What there is by now, roughly at most `room` bytes; true: there is more.
  virtual bool fill(Piece& out, std::size_t room) = 0;
  /// What it waits for next, and the index that it has seen, after fill() gave false.
  [[nodiscard]] virtual const Subject& subject() const = 0;
  [[nodiscard]] virtual std::uint64_t index() const = 0;
};
struct Streaming {
  std::unique_ptr<Stream> stream;
};

using Outcome = std::variant<Response, Later, Park, Submit, Streaming>;

/// Reads a parameter, or says what is wrong with it.
[[nodiscard]] std::variant<std::uint64_t, Response> number_parameter(const Call& call,
                                                                     std::string_view name,
                                                                     std::uint64_t fallback,
                                                                     std::uint64_t low,
                                                                     std::uint64_t high);
/// "true", "1" or no value; "false", "0" or its absence.
[[nodiscard]] std::variant<bool, Response> truth_parameter(const Call& call, std::string_view name);
/// "limit": 1 to max_page.
[[nodiscard]] std::variant<std::uint64_t, Response> page_limit(const Call& call);

}  // namespace muster::broker::http
