/// The Producer that talks to Kafka. Only kafka_producer.cpp knows librdkafka.
#pragma once

#include "producer.hpp"

#include <kafka_target.hpp>

#include <chrono>
#include <cstdint>
#include <vector>

namespace muster::broker::mirror {

struct KafkaOptions {
  wire::KafkaTarget target;
  std::vector<wire::KafkaProperty> properties;  ///< librdkafka's; they win over what is set here.
  std::int32_t partitions = 0;    ///< Makes the topic with so many; 0: leaves that to Kafka.
  std::int32_t replication = -1;  ///< Of a topic that is made here; -1: the cluster's default.
  std::chrono::milliseconds retention{0};  ///< The same; 0: the cluster's default.
};

/// Idempotent, acks=all, without a time limit for a message: it waits for Kafka to come back.
///
/// Throws std::runtime_error: a property that librdkafka refuses, or this program was built without
/// it.
[[nodiscard]] std::unique_ptr<Producer> make_kafka_producer(const KafkaOptions& options,
                                                            std::function<void()> wake);

/// Whether the options would do, without a thread or a connection. Throws as above.
void check_kafka_options(const KafkaOptions& options);

}  // namespace muster::broker::mirror
