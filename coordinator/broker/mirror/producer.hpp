/// Where the mirror's messages go: Kafka, or a test's stand-in.
#pragma once

#include "message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace muster::broker::mirror {

/// Keeps the order of messages with the same key, and repeats by itself what may be repeated.
///
/// Threads  one; `wake` of its factory is called from any.
class Producer {
 public:
  virtual ~Producer() = default;

  /// False: its queue is full; try again once something was delivered.
  [[nodiscard]] virtual bool send(const Message& message, std::uint64_t cookie) = 0;
  /// Tells of messages that have arrived since the last call.
  virtual void poll(const std::function<void(std::uint64_t cookie)>& delivered) = 0;
  /// Why it can do nothing more and must be replaced; what was not delivered by then may have
  /// arrived or not. Empty while all is well.
  [[nodiscard]] virtual std::string failure() const = 0;
  /// What it last complained of and when all is well again: for people. Empty: nothing.
  [[nodiscard]] virtual std::string complaint() const = 0;
};

/// `wake` is called once there is something to poll.
using MakeProducer = std::function<std::unique_ptr<Producer>(std::function<void()> wake)>;

}  // namespace muster::broker::mirror
