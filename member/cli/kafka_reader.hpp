/// Reads all of a Kafka topic, from its beginning. Only kafka_reader.cpp knows librdkafka.
#pragma once

#include <kafka_target.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace muster::cli {

class KafkaReader {
 public:
  /// Fails by Failure: no answer within `timeout`, no such topic, a property that is refused.
  KafkaReader(const wire::KafkaTarget& target, const std::vector<wire::KafkaProperty>& properties,
              std::chrono::milliseconds timeout);
  ~KafkaReader();

  /// Values in the order of each partition, until `take` gives false, or, without `follow`, all
  /// that was there has been read.
  void read(bool follow, const std::function<bool(std::string_view value)>& take);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace muster::cli
