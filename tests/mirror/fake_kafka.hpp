/// A Kafka that does as the test says: takes or refuses, acknowledges or not, breaks.
#pragma once

#include <broker/mirror/producer.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace muster::broker::mirror {

/// Lives on while producers come and go.
class FakeKafka {
 public:
  [[nodiscard]] MakeProducer factory();

  /// So many messages fit its queue while it acknowledges nothing.
  void set_room(std::size_t messages);
  /// While false, messages arrive in the log but nobody hears of it.
  void set_acknowledging(bool yes);
  /// While true, the oldest message that waits gets no acknowledgement, as if its partition had no
  /// leader.
  void set_stuck(bool yes);
  /// The present producer fails; what it has not acknowledged may be in the log.
  void break_producer(const std::string& why);

  /// Values in the order of their arrival, repeats included.
  [[nodiscard]] std::vector<Message> log() const;
  [[nodiscard]] int producers() const;

 private:
  class Fake;

  mutable std::mutex mutex_;
  std::vector<Message> log_;
  std::vector<std::uint64_t> unacknowledged_;
  std::size_t room_ = 1'000'000;
  bool acknowledging_ = true;
  bool stuck_ = false;
  std::string failure_;
  int producers_ = 0;
  std::function<void()> wake_;
};

}  // namespace muster::broker::mirror
