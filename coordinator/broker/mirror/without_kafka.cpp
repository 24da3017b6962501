#include "kafka_producer.hpp"

#include <stdexcept>

namespace muster::broker::mirror {

std::unique_ptr<Producer> make_kafka_producer(const KafkaOptions& options,
                                              std::function<void()> /*NOLINT: as the other is*/) {
  check_kafka_options(options);
  return nullptr;
}

void check_kafka_options(const KafkaOptions&) {
  throw std::runtime_error("this musterd was built without librdkafka: it cannot mirror events");
}

}  // namespace muster::broker::mirror
