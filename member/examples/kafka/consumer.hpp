/// A Kafka consumer that reads exactly the partitions it is told to: no group of Kafka's is joined.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace kafka_example {

class Consumer {
 public:
  /// Throws std::runtime_error.
  Consumer(const std::string& servers, std::string topic);
  ~Consumer();

  /// From now on these, each from its offset on.
  void assign(const std::map<std::int32_t, std::int64_t>& offsets);
  /// Messages that come within `patience_ms`, at most `most`.
  void poll(int patience_ms, int most,
            const std::function<void(std::int32_t partition, std::int64_t offset,
                                     std::string_view value)>& take);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kafka_example
