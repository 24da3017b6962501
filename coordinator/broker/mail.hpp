/// What crosses from one loop to another: values, in batches, in order.
#pragma once

#include <muster/core/effects.hpp>
#include <muster/messages.hpp>

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

namespace muster::broker {

/// What is no heartbeat, kept apart so that a queue of heartbeats stays small and allocates
/// nothing.
struct OtherCommand {
  core::Command command;
  core::Principal principal;
};

/// Something on its way into a shard. `connection` 0: from the host itself, and nobody is answered.
struct Waiting {
  ShardIndex shard = 0;
  std::uint64_t connection = 0;
  std::uint64_t correlation = 0;
  Heartbeat beat;  ///< If `other` is null.
  std::unique_ptr<OtherCommand> other;
};

/// A command of the host for a shard, on behalf of a connection or (0) of nobody.
inline Waiting host_command(ShardIndex shard, std::uint64_t connection, core::Command command) {
  Waiting waiting;
  waiting.shard = shard;
  waiting.connection = connection;
  waiting.other = std::make_unique<OtherCommand>(OtherCommand{std::move(command), {}});
  return waiting;
}

/// A reply or push on its way out of a shard.
struct Delivery {
  ShardIndex shard = 0;
  std::uint64_t connection = 0;
  std::uint64_t correlation = 0;
  std::variant<ReplyBody, PushBody> body;
};

struct DurableUpTo {
  ShardIndex shard = 0;
  Revision revision = 0;
};

/// One loop asks all to read their sockets once and hand over what was there, before it expires
/// anybody. The answer travels behind the requests that were found.
struct DrainAsk {
  std::uint32_t loop = 0;
  std::uint64_t round = 0;
};

/// A loop was away: since when it had not run.
struct Gap {
  Mono last_ran;
};

/// Everything for one loop from one sender's turn.
struct Mail {
  std::vector<DurableUpTo> durable;
  std::vector<Waiting> requests;
  std::vector<Delivery> deliveries;
  std::vector<Gap> gaps;
  std::vector<DrainAsk> asks;
  std::vector<std::uint64_t> drained;  ///< Rounds of the receiver that the sender has answered.
  std::vector<std::function<void()>> calls;  ///< Run at the end of the receiver's turn.

  [[nodiscard]] bool empty() const {
    return durable.empty() && requests.empty() && deliveries.empty() && gaps.empty() &&
           asks.empty() && drained.empty() && calls.empty();
  }

  void append(Mail&& more) {
    move_to(durable, more.durable);
    move_to(requests, more.requests);
    move_to(deliveries, more.deliveries);
    move_to(gaps, more.gaps);
    move_to(asks, more.asks);
    move_to(drained, more.drained);
    move_to(calls, more.calls);
  }

 private:
  template <class T>
  static void move_to(std::vector<T>& to, std::vector<T>& from) {
    if (to.empty()) {
      to.swap(from);
    } else {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    }
    from.clear();
  }
};

}  // namespace muster::broker
